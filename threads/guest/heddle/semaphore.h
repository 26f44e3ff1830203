// SPDX-License-Identifier: Apache-2.0
// Counting semaphore for guests: take a permit, or sleep until there is one.
#pragma once

#include <heddle/clock.h>
#include <heddle/layout.h>
#include <heddle/word.h>

/// REQUIRES: nobody uses it yet.
static inline void heddle_semaphore_init(heddle_semaphore* semaphore, uint32_t permits) {
  heddle_store(&semaphore->waiters, 0);
  heddle_store(&semaphore->count, permits);
}

static inline bool heddle_semaphore_try_acquire(heddle_semaphore* semaphore) {
  uint32_t count = heddle_load(&semaphore->count);
  while (count != 0) {
    if (heddle_compare_exchange(&semaphore->count, count, count - 1)) return true;
    count = heddle_load(&semaphore->count);
  }
  return false;
}

static inline void heddle_semaphore_acquire(heddle_semaphore* semaphore) {
  while (!heddle_semaphore_try_acquire(semaphore)) {
    heddle_add(&semaphore->waiters, 1);
    heddle_wait(&semaphore->count, 0, HEDDLE_FOREVER);
    heddle_subtract(&semaphore->waiters, 1);
  }
}

/// Takes a permit within the time limit (negative: none), or returns false.
static inline bool heddle_semaphore_acquire_for(heddle_semaphore* semaphore, int64_t timeout_ns) {
  if (heddle_semaphore_try_acquire(semaphore)) return true;
  const int64_t deadline = heddle_deadline(timeout_ns);
  for (;;) {
    const int64_t left = heddle_time_left(deadline);
    if (left == 0) return false;
    heddle_add(&semaphore->waiters, 1);
    heddle_wait(&semaphore->count, 0, left);
    heddle_subtract(&semaphore->waiters, 1);
    if (heddle_semaphore_try_acquire(semaphore)) return true;
  }
}

/// Adds permits. False, and nothing happens, if there would be more than 2^32 - 1.
static inline bool heddle_semaphore_release(heddle_semaphore* semaphore, uint32_t permits) {
  uint32_t count = heddle_load(&semaphore->count);
  for (;;) {
    if (count > UINT32_MAX - permits) return false;
    if (heddle_compare_exchange(&semaphore->count, count, count + permits)) break;
    count = heddle_load(&semaphore->count);
  }
  // A waiter counts itself before it looks at the count: either it has seen the permits, or it is seen here.
  if (heddle_load(&semaphore->waiters) != 0) heddle_notify(&semaphore->count, permits);
  return true;
}
