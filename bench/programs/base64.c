// SPDX-License-Identifier: Apache-2.0
// Stresses byte shuffling with small tables: base64 encoding and checked decoding of 48 KiB, n times.
// n = 280, quick = 15, long = 2800
#include <stdint.h>

enum { kBytes = 49152, kText = kBytes / 3 * 4 };

static const char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint8_t input[kBytes], output[kBytes];
static char text[kText];
static uint8_t value_of[256];

static void encode(void) {
  char* out = text;
  for (const uint8_t* in = input; in < input + kBytes; in += 3) {
    uint32_t three = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    *out++ = kAlphabet[three >> 18];
    *out++ = kAlphabet[three >> 12 & 63];
    *out++ = kAlphabet[three >> 6 & 63];
    *out++ = kAlphabet[three & 63];
  }
}

static int decode(void) {
  uint8_t* out = output;
  for (const char* in = text; in < text + kText; in += 4) {
    uint32_t four = 0;
    for (int i = 0; i < 4; i++) {
      uint32_t value = value_of[(uint8_t)in[i]];
      if (value > 63) return 0;
      four = four << 6 | value;
    }
    *out++ = (uint8_t)(four >> 16);
    *out++ = (uint8_t)(four >> 8);
    *out++ = (uint8_t)four;
  }
  return 1;
}

int32_t run(int32_t n) {
  for (int i = 0; i < 256; i++) value_of[i] = 255;
  for (int i = 0; i < 64; i++) value_of[(uint8_t)kAlphabet[i]] = (uint8_t)i;
  for (int i = 0; n > 0 && i < kBytes; i++) input[i] = (uint8_t)(i * 167 + (i >> 7));
  uint32_t sum = 0;
  for (int32_t round = 0; round < n; round++) {
    input[round] ^= (uint8_t)(round + 1);
    encode();
    if (!decode()) return -1;
    for (int i = 0; i < kBytes; i += 61) sum = sum * 31 + output[i] + (uint8_t)text[i];
  }
  return (int32_t)sum;
}
