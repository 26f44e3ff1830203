// SPDX-License-Identifier: Apache-2.0
// Mutex and Condition: threads/guest/heddle/mutex.h and condition.h, for hosts.
#include <heddle/sync.h>

#include "engine/support/try.h"
#include "threads/sync/word.h"

namespace heddle::sync {

static_assert(Mutex::kBytes == sizeof(heddle_mutex) && Condition::kBytes == sizeof(heddle_condition));

bool lock_until(const detail::Place& place, heddle_mutex& mutex, int64_t deadline_ns) noexcept {
  if (try_lock(mutex)) return true;
  while (exchange<uint32_t>(mutex.state, mutex_contended) != mutex_free) {
    if (!place.wait(mutex.state, mutex_contended, deadline_ns)) return false;
  }
  return true;
}

void unlock(const detail::Place& place, heddle_mutex& mutex) noexcept {
  if (exchange<uint32_t>(mutex.state, mutex_free) == mutex_contended) place.notify(mutex.state, 1);
}

Result<Mutex> Mutex::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a mutex"));
  return Mutex(std::move(place));
}

// The analysis knows locks by their objects, not by words in a guest's memory: what these do is told by the
// header.

void Mutex::lock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  sync::lock_until(place_, place_.as<heddle_mutex>(), kNever);
}

bool Mutex::try_lock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  return sync::try_lock(place_.as<heddle_mutex>());
}

bool Mutex::try_lock_for(nanoseconds timeout) noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  return sync::lock_until(place_, place_.as<heddle_mutex>(), deadline_after(timeout));
}

void Mutex::unlock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  sync::unlock(place_, place_.as<heddle_mutex>());
}

Result<Condition> Condition::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a condition"));
  return Condition(std::move(place));
}

/// While the lock is held: a wake-up that comes between unlocking and sleeping is not lost.
uint32_t Condition::enter() noexcept {
  auto& words = place_.as<heddle_condition>();
  add(words.waiters, 1u);
  return load(words.sequence);
}

bool Condition::sleep(uint32_t seen, nanoseconds timeout) noexcept {
  auto& words = place_.as<heddle_condition>();
  const bool in_time = place_.wait(words.sequence, seen, deadline_after(timeout));
  subtract(words.waiters, 1u);
  return in_time;
}

void Condition::wake(uint32_t count) noexcept {
  auto& words = place_.as<heddle_condition>();
  // Whoever waits has counted itself before it gave up the lock, so before the caller could change anything.
  if (load(words.waiters) == 0) return;
  add(words.sequence, 1u);
  place_.notify(words.sequence, count);
}

void Condition::notify_one() noexcept { wake(1); }

void Condition::notify_all() noexcept { wake(kEverybody); }

}  // namespace heddle::sync
