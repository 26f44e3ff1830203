// SPDX-License-Identifier: Apache-2.0
// Pi by chance: of the points in a square, pi quarters lie in the circle. Eight threads, each with random
// numbers of its own.
#include <heddle/program.h>

#define THREADS 8
#define POINTS 500000

struct share {
  uint64_t random;
  uint32_t inside;
};

/// xorshift64*: the upper bits are good.
static double next_random(uint64_t* state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (double)(*state * 0x2545f4914f6cdd1dULL >> 11) / 9007199254740992.0;
}

static void count_inside(void* argument) {
  struct share* share = argument;
  uint32_t inside = 0;
  for (int i = 0; i < POINTS; ++i) {
    const double x = next_random(&share->random);
    const double y = next_random(&share->random);
    inside += x * x + y * y < 1;
  }
  share->inside = inside;
}

static struct wasi_thread threads[THREADS];
static struct share shares[THREADS];

int heddle_program(void) {
  for (int i = 0; i < THREADS; ++i) {
    shares[i].random = 0x9e3779b97f4a7c15ULL * (uint64_t)(i + 1);
    wasi_thread_begin(&threads[i], count_inside, &shares[i]);
  }
  uint64_t inside = 0;
  for (int i = 0; i < THREADS; ++i) {
    wasi_thread_join(&threads[i]);
    inside += shares[i].inside;
  }
  const uint64_t points = (uint64_t)THREADS * POINTS;
  const uint64_t decimals = inside * 4 % points * 10000 / points;
  heddle_print_number(inside);
  heddle_print(" of ");
  heddle_print_number(points);
  heddle_print(" points are inside: pi is about ");
  heddle_print_number(inside * 4 / points);
  heddle_print(decimals < 1000 ? decimals < 100 ? ".00" : ".0" : ".");
  heddle_print_number(decimals);
  heddle_print("\n");
  return 0;
}
