// SPDX-License-Identifier: Apache-2.0
// Two threads wake each other in turn; writes when each hundred rounds began, and when the last one ended.
// With SPINS, the one that counts does not sleep while it waits, so that the other must run elsewhere.
#include "bench/threads/guests/measure.h"

static _Alignas(64) uint32_t there;
static _Alignas(64) uint32_t here;
static struct wasi_thread thread;

static void await(uint32_t* word, uint32_t value) {
  for (uint32_t seen = heddle_load(word); seen != value; seen = heddle_load(word)) {
    heddle_wait(word, seen, HEDDLE_FOREVER);
  }
}

static void post(uint32_t* word, uint32_t value) {
  heddle_store(word, value);
  heddle_notify(word, 1);
}

static void answer(void* unused) {
  (void)unused;
  for (uint32_t i = 1; i <= ROUNDS; ++i) {
    await(&there, i);
    post(&here, i);
  }
}

static void await_answer(uint32_t value) {
#ifdef SPINS
  while (heddle_load(&here) != value) {
  }
#else
  await(&here, value);
#endif
}

int heddle_program(void) {
  static uint64_t times[ROUNDS / 100 + 1];
  wasi_thread_begin(&thread, answer, 0);
  for (uint32_t i = 0; i < ROUNDS; ++i) {
    if (i % 100 == 0) times[i / 100] = (uint64_t)heddle_now();
    post(&there, i + 1);
    await_answer(i + 1);
  }
  times[ROUNDS / 100] = (uint64_t)heddle_now();
  wasi_thread_join(&thread);
  write_times(times, sizeof times);
  return 0;
}
