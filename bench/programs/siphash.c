// SPDX-License-Identifier: Apache-2.0
// Stresses 64-bit rotates, adds and xors: SipHash-2-4 of n short messages.
// n = 1000000, quick = 50000, long = 10000000
#include <stdint.h>

static uint64_t v0, v1, v2, v3;

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static void round_once(void) {
  v0 += v1;
  v2 += v3;
  v1 = rotate(v1, 13) ^ v0;
  v3 = rotate(v3, 16) ^ v2;
  v0 = rotate(v0, 32);
  v2 += v1;
  v0 += v3;
  v1 = rotate(v1, 17) ^ v2;
  v3 = rotate(v3, 21) ^ v0;
  v2 = rotate(v2, 32);
}

static void absorb(uint64_t word) {
  v3 ^= word;
  round_once();
  round_once();
  v0 ^= word;
}

static uint64_t siphash(uint64_t key0, uint64_t key1, const uint64_t* words, uint32_t count) {
  v0 = key0 ^ 0x736f6d6570736575u;
  v1 = key1 ^ 0x646f72616e646f6du;
  v2 = key0 ^ 0x6c7967656e657261u;
  v3 = key1 ^ 0x7465646279746573u;
  for (uint32_t i = 0; i < count; i++) absorb(words[i]);
  absorb((uint64_t)(count * 8 & 255) << 56);
  v2 ^= 255;
  for (int i = 0; i < 4; i++) round_once();
  return v0 ^ v1 ^ v2 ^ v3;
}

int32_t run(int32_t n) {
  uint64_t words[8], hash = 1;
  for (uint32_t i = 0; i < 8; i++) words[i] = i * 0x9e3779b97f4a7c15u;
  for (int32_t i = 0; i < n; i++) {
    words[i & 7] += hash;
    hash = siphash(hash, ~hash, words, 2 + ((uint32_t)i & 3));
  }
  return (int32_t)(hash ^ hash >> 32);
}
