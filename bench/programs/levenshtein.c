// SPDX-License-Identifier: Apache-2.0
// Stresses dynamic programming with minima and a rolling row: edit distances of n pairs of strings.
// n = 140, quick = 8, long = 1400
#include <stdint.h>

enum { kLength = 400 };

static char x[kLength], y[kLength];
static uint32_t row[kLength + 1];

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

static uint32_t distance(const char* a, uint32_t a_length, const char* b, uint32_t b_length) {
  for (uint32_t j = 0; j <= b_length; j++) row[j] = j;
  for (uint32_t i = 1; i <= a_length; i++) {
    uint32_t diagonal = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= b_length; j++) {
      uint32_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = min(substitute, min(row[j], row[j - 1]) + 1);
    }
  }
  return row[b_length];
}

int32_t run(int32_t n) {
  uint32_t seed = 17, sum = 0;
  for (int32_t round = 0; round < n; round++) {
    for (int i = 0; i < kLength; i++) {
      seed = seed * 1664525u + 1013904223u;
      x[i] = (char)('a' + (seed >> 24) % 20);
      y[i] = seed >> 13 & 3 ? x[i] : (char)('a' + (seed >> 16) % 20);
    }
    sum = sum * 31 + distance(x, kLength - (seed >> 28), y + 3, kLength - 3);
  }
  return (int32_t)sum;
}
