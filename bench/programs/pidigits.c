// SPDX-License-Identifier: Apache-2.0
// Stresses multi-word arithmetic with 64-bit products and divisions: n digits of pi (Machin).
// n = 7000, quick = 1500, long = 22000
#include <stdint.h>

enum { kWords = 4096 };

// Fixed-point numbers: word 0 is the integer part, each further word is a base 2^32 digit of the fraction.
static uint32_t pi[kWords], term[kWords], part[kWords];

static void divide(uint32_t* to, const uint32_t* from, uint32_t by, int32_t words) {
  uint64_t rest = 0;
  for (int32_t i = 0; i < words; i++) {
    rest = rest << 32 | from[i];
    to[i] = (uint32_t)(rest / by);
    rest %= by;
  }
}

static void add(uint32_t* to, const uint32_t* from, int32_t words) {
  uint64_t carry = 0;
  for (int32_t i = words - 1; i >= 0; i--) {
    carry += (uint64_t)to[i] + from[i];
    to[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

static void subtract(uint32_t* to, const uint32_t* from, int32_t words) {
  int64_t borrow = 0;
  for (int32_t i = words - 1; i >= 0; i--) {
    borrow += (int64_t)to[i] - from[i];
    to[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
}

static uint32_t times_ten(uint32_t* x, int32_t words) {
  uint64_t carry = 0;
  x[0] = 0;
  for (int32_t i = words - 1; i >= 0; i--) {
    carry += (uint64_t)x[i] * 10;
    x[i] = (uint32_t)carry;
    carry >>= 32;
  }
  return x[0];
}

static int is_zero(const uint32_t* x, int32_t words) {
  for (int32_t i = 0; i < words; i++) {
    if (x[i]) return 0;
  }
  return 1;
}

// Adds or subtracts factor * arctan(1 / base), term by term.
static void add_arctan(uint32_t factor, uint32_t base, int negative, int32_t words) {
  for (int32_t i = 0; i < words; i++) term[i] = 0;
  term[0] = factor;
  divide(term, term, base, words);
  for (uint32_t odd = 1; !is_zero(term, words); odd += 2, negative = !negative) {
    divide(part, term, odd, words);
    if (negative) {
      subtract(pi, part, words);
    } else {
      add(pi, part, words);
    }
    divide(term, term, base * base, words);
  }
}

int32_t run(int32_t n) {
  int32_t words = 3 + n * 27 / 256;
  if (n <= 0 || words > kWords) return 0;
  for (int32_t i = 0; i < words; i++) pi[i] = 0;
  add_arctan(16, 5, 0, words);
  add_arctan(4, 239, 1, words);
  uint32_t sum = pi[0];
  for (int32_t i = 1; i < n; i++) sum = sum * 13 + times_ten(pi, words);
  return (int32_t)sum;
}
