// SPDX-License-Identifier: Apache-2.0
// ROUNDS threads that all wait at the end; writes when the first was asked for and when all had come.
#define HEDDLE_THREAD_STACK 128
#include "bench/threads/guests/measure.h"

static struct wasi_thread threads[ROUNDS + 1];
static _Alignas(64) uint32_t running;
static _Alignas(64) uint32_t never;

static void block(void* unused) {
  (void)unused;
  heddle_add(&running, 1);
  heddle_notify(&running, 1);
  heddle_wait(&never, 0, HEDDLE_FOREVER);
}

int heddle_program(void) {
  uint64_t times[2];
  times[0] = (uint64_t)heddle_now();
  for (int i = 0; i < ROUNDS; ++i) wasi_thread_begin(&threads[i], block, 0);
  for (uint32_t seen = heddle_load(&running); seen != ROUNDS; seen = heddle_load(&running)) {
    heddle_wait(&running, seen, HEDDLE_FOREVER);
  }
  times[1] = (uint64_t)heddle_now();
  write_times(times, sizeof times);
  return 0;
}
