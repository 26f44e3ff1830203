// SPDX-License-Identifier: Apache-2.0
// Spawns one thread after the other; writes when each was asked for, when it ran, and when that was known.
#include "bench/threads/guests/measure.h"

static struct wasi_thread thread;
static uint64_t times[ROUNDS][3];

static void begin(void* argument) { *(uint64_t*)argument = (uint64_t)heddle_now(); }

int heddle_program(void) {
  for (int i = 0; i < ROUNDS; ++i) {
    times[i][0] = (uint64_t)heddle_now();
    wasi_thread_begin(&thread, begin, &times[i][1]);
    wasi_thread_join(&thread);
    times[i][2] = (uint64_t)heddle_now();
  }
  write_times(&times[0][0], sizeof times);
  return 0;
}
