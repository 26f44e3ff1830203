// SPDX-License-Identifier: Apache-2.0
// Stresses widening loads, 16-bit lanes, shifts and narrowing: a 3 x 3 binomial blur of a grey image, n times.
// n = 3000, quick = 200, long = 30000
// Needs SIMD.
#include <stdint.h>

typedef uint8_t Bytes __attribute__((vector_size(8)));
typedef uint16_t Lanes __attribute__((vector_size(16)));

enum { kWidth = 256, kHeight = 192, kLanes = 8 };

static uint8_t image[2][kHeight][kWidth];

static Lanes widen(const uint8_t* pixels) {
  Bytes bytes;
  __builtin_memcpy(&bytes, pixels, sizeof bytes);
  return __builtin_convertvector(bytes, Lanes);
}

/// 1 2 1 across.
static Lanes across(const uint8_t* pixels) { return widen(pixels - 1) + (widen(pixels) << 1) + widen(pixels + 1); }

static void blur(uint8_t (*to)[kWidth], uint8_t (*from)[kWidth]) {
  for (int y = 1; y < kHeight - 1; y++) {
    for (int x = kLanes; x < kWidth - kLanes; x += kLanes) {
      const Lanes sum = across(&from[y - 1][x]) + (across(&from[y][x]) << 1) + across(&from[y + 1][x]);
      const Bytes bytes = __builtin_convertvector((sum + 8) >> 4, Bytes);
      __builtin_memcpy(&to[y][x], &bytes, sizeof bytes);
    }
  }
}

int32_t run(int32_t n) {
  uint32_t state = 12345;
  for (int y = 0; y < kHeight; y++) {
    for (int x = 0; x < kWidth; x++) {
      state = state * 1664525U + 1013904223U;
      image[0][y][x] = image[1][y][x] = (uint8_t)(state >> 24);
    }
  }
  for (int32_t round = 0; round < n; round++) {
    blur(image[(round + 1) & 1], image[round & 1]);
    image[(round + 1) & 1][kHeight / 2][round % kWidth] = 255;
  }
  uint32_t sum = 0;
  for (int y = 0; n > 0 && y < kHeight; y++) {
    for (int x = 0; x < kWidth; x++) sum = sum * 31 + image[n & 1][y][x];
  }
  return (int32_t)sum;
}
