// SPDX-License-Identifier: Apache-2.0
// Stresses 32-bit lanes, multiplications, shifts and xor: a hash of 64 KiB with four accumulators, n times.
// n = 8000, quick = 500, long = 80000
// Needs SIMD.
#include <stdint.h>

typedef uint32_t Lanes __attribute__((vector_size(16)));

enum { kBytes = 1 << 16 };

static uint8_t buffer[kBytes];

static Lanes rotate(Lanes x, int by) { return (x << by) | (x >> (32 - by)); }

static Lanes load(const uint8_t* from) {
  Lanes lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

static uint32_t hash(uint32_t seed) {
  const Lanes first = {2654435761U, 2654435761U, 2654435761U, 2654435761U};
  const Lanes second = {2246822519U, 2246822519U, 2246822519U, 2246822519U};
  Lanes s0 = {seed, seed + 1, seed + 2, seed + 3}, s1 = s0 * first, s2 = s0 ^ second, s3 = s1 + second;
  for (uint32_t at = 0; at < kBytes; at += 64) {
    s0 = rotate(s0 + load(buffer + at) * second, 13) * first;
    s1 = rotate(s1 + load(buffer + at + 16) * second, 13) * first;
    s2 = rotate(s2 ^ load(buffer + at + 32), 7) * first;
    s3 = rotate(s3 ^ load(buffer + at + 48), 7) * first;
  }
  const Lanes all = rotate(s0, 1) + rotate(s1, 7) + rotate(s2, 12) + rotate(s3, 18);
  return (all[0] ^ all[1]) + (all[2] ^ all[3]);
}

int32_t run(int32_t n) {
  for (uint32_t i = 0; i < kBytes; i++) buffer[i] = (uint8_t)(i * 2654435761U >> 24);
  uint32_t result = 0;
  for (int32_t round = 0; round < n; round++) result = hash(result + (uint32_t)round);
  return (int32_t)result;
}
