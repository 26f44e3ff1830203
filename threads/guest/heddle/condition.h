// SPDX-License-Identifier: Apache-2.0
// Condition variable for guests: sleep until another thread says that something may have changed.
//
// A waiter reads the sequence while it still holds the mutex, and sleeps only as long as that stands: a
// wake-up that comes between unlocking and sleeping is not lost. Wake-ups without a reason are possible, so
// wait in a loop. Change what the waiters look at with the mutex held; wake them then or after unlocking.
#pragma once

#include <heddle/mutex.h>

/// REQUIRES: the calling thread holds the mutex; it does again when this returns.
static inline void heddle_condition_wait(heddle_condition* condition, heddle_mutex* mutex) {
  heddle_add(&condition->waiters, 1);
  const uint32_t seen = heddle_load(&condition->sequence);
  heddle_mutex_unlock(mutex);
  heddle_wait(&condition->sequence, seen, HEDDLE_FOREVER);
  heddle_subtract(&condition->waiters, 1);
  heddle_mutex_lock(mutex);
}

/// As heddle_condition_wait(), but not longer than the time limit (negative: none); false if that ended the
/// wait. The mutex is held again in any case, however long that takes.
static inline bool heddle_condition_wait_for(heddle_condition* condition, heddle_mutex* mutex,
                                             int64_t timeout_ns) {
  heddle_add(&condition->waiters, 1);
  const uint32_t seen = heddle_load(&condition->sequence);
  heddle_mutex_unlock(mutex);
  const enum heddle_wait_result result = heddle_wait(&condition->sequence, seen, timeout_ns);
  heddle_subtract(&condition->waiters, 1);
  heddle_mutex_lock(mutex);
  return result != heddle_timed_out;
}

static inline void heddle_condition_wake(heddle_condition* condition, uint32_t count) {
  // Whoever waits has counted itself before it gave up the mutex, so before the caller could change anything.
  if (heddle_load(&condition->waiters) == 0) return;
  heddle_add(&condition->sequence, 1);
  heddle_notify(&condition->sequence, count);
}

static inline void heddle_condition_notify_one(heddle_condition* condition) {
  heddle_condition_wake(condition, 1);
}

static inline void heddle_condition_notify_all(heddle_condition* condition) {
  heddle_condition_wake(condition, HEDDLE_EVERYBODY);
}
