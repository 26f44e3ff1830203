// SPDX-License-Identifier: Apache-2.0
// Mutex for guests: one compare-exchange to lock, one exchange to unlock, when nobody else wants it.
//
// Whoever finds it held marks it as contended and sleeps; unlocking a contended mutex wakes one thread. The
// woken one marks it as contended again, since it can't know who else sleeps: at worst the last unlock wakes
// nobody. A running thread may overtake the woken one; sleepers are woken in the order they came. A thread
// that dies holding it leaves it held for ever. It is not recursive.
#pragma once

#include <heddle/clock.h>
#include <heddle/layout.h>
#include <heddle/word.h>

enum { heddle_mutex_free = 0, heddle_mutex_held = 1, heddle_mutex_contended = 2 };

static inline bool heddle_mutex_try_lock(heddle_mutex* mutex) {
  return heddle_compare_exchange(&mutex->state, heddle_mutex_free, heddle_mutex_held);
}

static inline void heddle_mutex_lock(heddle_mutex* mutex) {
  if (heddle_mutex_try_lock(mutex)) return;
  while (heddle_exchange(&mutex->state, heddle_mutex_contended) != heddle_mutex_free) {
    heddle_wait(&mutex->state, heddle_mutex_contended, HEDDLE_FOREVER);
  }
}

/// Locks it within the time limit (negative: none), or returns false.
static inline bool heddle_mutex_lock_for(heddle_mutex* mutex, int64_t timeout_ns) {
  if (heddle_mutex_try_lock(mutex)) return true;
  const int64_t deadline = heddle_deadline(timeout_ns);
  while (heddle_exchange(&mutex->state, heddle_mutex_contended) != heddle_mutex_free) {
    const int64_t left = heddle_time_left(deadline);
    if (left == 0) return false;
    heddle_wait(&mutex->state, heddle_mutex_contended, left);
  }
  return true;
}

/// REQUIRES: the calling thread holds it.
static inline void heddle_mutex_unlock(heddle_mutex* mutex) {
  if (heddle_exchange(&mutex->state, heddle_mutex_free) == heddle_mutex_contended)
    heddle_notify(&mutex->state, 1);
}
