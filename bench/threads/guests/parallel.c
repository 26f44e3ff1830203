// SPDX-License-Identifier: Apache-2.0
// Eight threads take pieces of work until there are none; writes when it began and ended. WORK names one of
// those below.
#include "bench/threads/guests/measure.h"

#define THREADS 8
#define PIECES 64
#define KIND_OF_WORK __attribute__((unused)) static

static uint32_t next_piece;
static uint32_t sum;

static uint32_t fib_of(uint32_t n) { return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2); }

/// Calls.
KIND_OF_WORK uint32_t fib(uint32_t piece) { return fib_of(22 + piece % 2); }

/// Floating point.
KIND_OF_WORK uint32_t mandelbrot(uint32_t piece) {
  uint32_t steps = 0;
  for (int column = 0; column < 200; ++column) {
    double x = 0, y = 0;
    for (int i = 0; i < 200 && x * x + y * y <= 4; ++i, ++steps) {
      const double next = x * x - y * y - 2 + column * 0.0125;
      y = 2 * x * y + piece * 0.02;
      x = next;
    }
  }
  return steps;
}

/// Integers.
KIND_OF_WORK uint32_t collatz(uint32_t piece) {
  uint32_t steps = 0;
  for (uint32_t start = 1 + piece * 500; start <= (piece + 1) * 500; ++start) {
    for (uint64_t n = start; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  }
  return steps;
}

/// Memory: the stack's, so that each thread has its own.
KIND_OF_WORK uint32_t sort(uint32_t piece) {
  uint32_t items[1500], random = piece + 1;
  for (int i = 0; i < 1500; ++i) items[i] = random = random * 1664525 + 1013904223;
  for (int gap = 701; gap > 0; gap = gap * 4 / 9) {
    for (int i = gap; i < 1500; ++i) {
      const uint32_t item = items[i];
      int place = i;
      for (; place >= gap && items[place - gap] > item; place -= gap) items[place] = items[place - gap];
      items[place] = item;
    }
  }
  return items[750];
}

static void take_pieces(void* unused) {
  (void)unused;
  for (uint32_t piece = heddle_add(&next_piece, 1); piece < PIECES; piece = heddle_add(&next_piece, 1)) {
    for (int i = 0; i < ROUNDS; ++i) {
      __asm__ volatile("" : "+r"(piece));  // or the compiler would do the work once
      heddle_add(&sum, WORK(piece));
    }
  }
}

static struct wasi_thread threads[THREADS];

int heddle_program(void) {
  uint64_t times[2];
  times[0] = (uint64_t)heddle_now();
  for (int i = 0; i < THREADS; ++i) wasi_thread_begin(&threads[i], take_pieces, 0);
  for (int i = 0; i < THREADS; ++i) wasi_thread_join(&threads[i]);
  times[1] = (uint64_t)heddle_now();
  write_times(times, sizeof times);
  return sum == 0;
}
