// SPDX-License-Identifier: Apache-2.0
// Fair reader-writer lock for guests: everybody enters in the order of arrival, readers that follow each
// other together.
//
// Everybody takes a ticket. `read` counts the tickets that have entered, or passed as writers: a reader
// enters when it comes to its ticket, and lets the next ticket read, too. `write` counts the tickets that
// have left: a writer enters when all before it have. So neither readers nor writers starve. Who has to sleep
// does so on one of eight slots, by its ticket, so calling a ticket wakes few others in vain. A thread that
// dies holding the lock, or waiting for it, leaves it held for ever.
#pragma once

#include <heddle/layout.h>
#include <heddle/word.h>

static inline uint32_t* heddle_rwlock_slot(heddle_rwlock* lock, uint32_t ticket) {
  return &lock->slots[ticket % HEDDLE_RWLOCK_SLOTS];
}

static inline void heddle_rwlock_await(heddle_rwlock* lock, const uint32_t* turn, uint32_t ticket) {
  if (heddle_load(turn) == ticket) return;
  heddle_add(&lock->sleepers, 1);
  uint32_t* const slot = heddle_rwlock_slot(lock, ticket);
  for (;;) {
    const uint32_t seen = heddle_load(slot);
    if (heddle_load(turn) == ticket) break;
    heddle_wait(slot, seen, HEDDLE_FOREVER);
  }
  heddle_subtract(&lock->sleepers, 1);
}

/// Wakes the owner of the ticket. REQUIRES: its turn has been stored; a sleeper counts itself before it looks
/// at that.
static inline void heddle_rwlock_call(heddle_rwlock* lock, uint32_t ticket) {
  if (heddle_load(&lock->sleepers) == 0) return;
  uint32_t* const slot = heddle_rwlock_slot(lock, ticket);
  heddle_add(slot, 1);
  heddle_notify(slot, HEDDLE_EVERYBODY);
}

static inline void heddle_rwlock_read_lock(heddle_rwlock* lock) {
  const uint32_t ticket = heddle_add(&lock->tickets, 1);
  heddle_rwlock_await(lock, &lock->read, ticket);
  heddle_store(&lock->read, ticket + 1);  // only the owner of the turn moves it on
  heddle_rwlock_call(lock, ticket + 1);
}

/// False if a writer has the lock or waits for it.
static inline bool heddle_rwlock_try_read_lock(heddle_rwlock* lock) {
  const uint32_t ticket = heddle_load(&lock->tickets);
  if (heddle_load(&lock->read) != ticket) return false;
  if (!heddle_compare_exchange(&lock->tickets, ticket, ticket + 1)) return false;
  heddle_store(&lock->read, ticket + 1);
  heddle_rwlock_call(lock, ticket + 1);
  return true;
}

/// REQUIRES: the calling thread holds it for reading.
static inline void heddle_rwlock_read_unlock(heddle_rwlock* lock) {
  const uint32_t left = heddle_add(&lock->write, 1) + 1;
  heddle_rwlock_call(lock, left);
}

static inline void heddle_rwlock_write_lock(heddle_rwlock* lock) {
  const uint32_t ticket = heddle_add(&lock->tickets, 1);
  heddle_rwlock_await(lock, &lock->write, ticket);
}

/// False if anybody has the lock or waits for it.
static inline bool heddle_rwlock_try_write_lock(heddle_rwlock* lock) {
  const uint32_t ticket = heddle_load(&lock->tickets);
  if (heddle_load(&lock->write) != ticket) return false;
  return heddle_compare_exchange(&lock->tickets, ticket, ticket + 1);
}

/// REQUIRES: the calling thread holds it for writing.
static inline void heddle_rwlock_write_unlock(heddle_rwlock* lock) {
  // First `read`, which a writer that comes next would move on; then `write`, which a reader adds to as well.
  heddle_add(&lock->read, 1);
  const uint32_t left = heddle_add(&lock->write, 1) + 1;
  heddle_rwlock_call(lock, left);
}
