// SPDX-License-Identifier: Apache-2.0
// Stresses direct calls: the doubly recursive Fibonacci function, nothing but call, compare, add.
// n = 35, quick = 28, long = 40
#include <stdint.h>

static uint32_t fib(uint32_t n) {
  if (n < 2) return n;
  return fib(n - 1) + fib(n - 2);
}

int32_t run(int32_t n) { return (int32_t)fib((uint32_t)n); }
