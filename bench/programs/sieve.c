// SPDX-License-Identifier: Apache-2.0
// Stresses byte stores with a stride and short counting loops: the sieve of Eratosthenes, n times over.
// n = 15, quick = 1, long = 150
#include <stdint.h>

enum { kLimit = 1 << 20 };

static uint8_t composite[kLimit];

static uint32_t sieve(uint32_t limit) {
  for (uint32_t i = 0; i < limit; i++) composite[i] = 0;
  for (uint32_t i = 2; i * i < limit; i++) {
    if (composite[i]) continue;
    for (uint32_t j = i * i; j < limit; j += i) composite[j] = 1;
  }
  uint32_t count = 0, sum = 0;
  for (uint32_t i = 2; i < limit; i++) {
    if (composite[i]) continue;
    count++;
    sum = sum * 31 + i;
  }
  return sum ^ count;
}

int32_t run(int32_t n) {
  uint32_t sum = 0;
  for (int32_t round = 0; round < n; round++) sum = sum * 17 + sieve(kLimit - (uint32_t)round * 1000);
  return (int32_t)sum;
}
