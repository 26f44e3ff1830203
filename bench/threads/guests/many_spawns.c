// SPDX-License-Identifier: Apache-2.0
// Spawns ROUNDS threads, sixteen at a time, and waits for all; writes when it began and ended.
#include "bench/threads/guests/measure.h"

#define AT_A_TIME 16

static struct wasi_thread threads[AT_A_TIME];
static uint32_t count;

static void run(void* unused) {
  (void)unused;
  heddle_add(&count, 1);
}

int heddle_program(void) {
  uint64_t times[2];
  times[0] = (uint64_t)heddle_now();
  for (int i = 0; i < ROUNDS / AT_A_TIME; ++i) {
    for (int k = 0; k < AT_A_TIME; ++k) wasi_thread_begin(&threads[k], run, 0);
    for (int k = 0; k < AT_A_TIME; ++k) wasi_thread_join(&threads[k]);
  }
  times[1] = (uint64_t)heddle_now();
  if (count != ROUNDS / AT_A_TIME * AT_A_TIME) return 1;
  write_times(times, sizeof times);
  return 0;
}
