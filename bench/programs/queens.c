// SPDX-License-Identifier: Apache-2.0
// Stresses recursion with bit masks and little memory: all solutions of the n queens problem.
// n = 13, quick = 11, long = 14
#include <stdint.h>

static uint32_t solutions, checksum;

static void place(uint32_t all, uint32_t columns, uint32_t down, uint32_t up, uint32_t trace) {
  if (columns == all) {
    solutions++;
    checksum = checksum * 31 + trace;
    return;
  }
  uint32_t open = all & ~(columns | down | up);
  while (open) {
    uint32_t bit = open & -open;
    open ^= bit;
    place(all, columns | bit, (down | bit) << 1, (up | bit) >> 1, trace * 3 + (uint32_t)__builtin_ctz(bit));
  }
}

int32_t run(int32_t n) {
  solutions = checksum = 0;
  if (n > 0) place((1u << n) - 1, 0, 0, 0, 1);
  return (int32_t)(checksum ^ solutions);
}
