// SPDX-License-Identifier: Apache-2.0
// Stresses byte-wise matching and copying: LZ77 compression and decompression of 64 KiB of text, n times.
// n = 110, quick = 6, long = 1100
#include <stdint.h>

enum { kText = 65536, kHashBits = 12, kMinMatch = 4, kMaxMatch = 130, kWindow = 65535 };

static uint8_t text[kText], packed[kText * 2], unpacked[kText];
static int32_t last_seen[1 << kHashBits];

static void write_text(uint32_t seed) {
  static const char kWords[] = "warp weft loom shuttle thread heddle yarn reed beam cloth pattern twill ";
  uint32_t at = 0;
  while (at < kText) {
    seed = seed * 1664525u + 1013904223u;
    uint32_t from = (seed >> 16) % (sizeof kWords - 16);
    for (uint32_t i = 0; i < 5 + (seed >> 29) && at < kText; i++) text[at++] = (uint8_t)kWords[from + i];
  }
}

static uint32_t hash_at(const uint8_t* p) {
  uint32_t four = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  return four * 2654435761u >> (32 - kHashBits);
}

static uint32_t match_length(const uint8_t* x, const uint8_t* y, const uint8_t* end) {
  uint32_t count = 0;
  while (count < kMaxMatch && y + count < end && x[count] == y[count]) count++;
  return count;
}

// A token is a byte below 128 and that many + 1 literals, or a byte 128 + (length - 4) and a 16-bit distance.
static uint32_t compress(void) {
  for (int i = 0; i < 1 << kHashBits; i++) last_seen[i] = -1;
  uint32_t at = 0, out = 0, literal_token = 0, literals = 0;
  while (at < kText) {
    uint32_t length = 0;
    int32_t candidate = -1;
    if (at + kMinMatch <= kText) {
      uint32_t hash = hash_at(text + at);
      candidate = last_seen[hash];
      last_seen[hash] = (int32_t)at;
      if (candidate >= 0 && at - (uint32_t)candidate <= kWindow) {
        length = match_length(text + candidate, text + at, text + kText);
      }
    }
    if (length >= kMinMatch) {
      uint32_t distance = at - (uint32_t)candidate;
      packed[out++] = (uint8_t)(128 + length - kMinMatch);
      packed[out++] = (uint8_t)distance;
      packed[out++] = (uint8_t)(distance >> 8);
      at += length;
      literals = 0;
      continue;
    }
    if (literals == 0 || literals == 128) {
      literal_token = out++;
      literals = 0;
    }
    packed[literal_token] = (uint8_t)literals++;
    packed[out++] = text[at++];
  }
  return out;
}

static uint32_t decompress(uint32_t count) {
  uint32_t in = 0, out = 0;
  while (in < count) {
    uint32_t token = packed[in++];
    if (token < 128) {
      for (uint32_t i = 0; i <= token; i++) unpacked[out++] = packed[in++];
      continue;
    }
    uint32_t length = token - 128 + kMinMatch, distance = packed[in] | (uint32_t)packed[in + 1] << 8;
    in += 2;
    for (uint32_t i = 0; i < length; i++, out++) unpacked[out] = unpacked[out - distance];
  }
  return out;
}

int32_t run(int32_t n) {
  uint32_t sum = 0;
  for (int32_t round = 0; round < n; round++) {
    write_text((uint32_t)round);
    uint32_t count = compress();
    if (decompress(count) != kText) return -1;
    for (uint32_t i = 0; i < kText; i++) {
      if (unpacked[i] != text[i]) return -2;
    }
    sum = sum * 31 + count;
  }
  return (int32_t)sum;
}
