// SPDX-License-Identifier: Apache-2.0
// Atomic words of a shared memory as hosts see them, and a mutex made of one.
//
// Everything is sequentially consistent, as what guests do is: the algorithms rely on "I store, then look;
// you store, then look; one of us sees the other".
#pragma once

#include <heddle/sync.h>

#include <climits>
#include <cstdint>

#include "threads/guest/heddle/layout.h"

namespace heddle::sync {

inline constexpr int64_t kNever = INT64_MAX;
inline constexpr uint32_t kEverybody = UINT32_MAX;

template <class T>
T load(const T& word) noexcept {
  return __atomic_load_n(&word, __ATOMIC_SEQ_CST);
}
template <class T>
void store(T& word, T value) noexcept {
  __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}
template <class T>
T exchange(T& word, T value) noexcept {
  return __atomic_exchange_n(&word, value, __ATOMIC_SEQ_CST);
}
/// Writes `desired` if `expected` is there; otherwise `expected` becomes what is there.
template <class T>
bool compare_exchange(T& word, T& expected, T desired) noexcept {
  return __atomic_compare_exchange_n(&word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
template <class T>
bool replace(T& word, T expected, T desired) noexcept {
  return compare_exchange(word, expected, desired);
}
/// Returns what was there.
template <class T>
T add(T& word, T by) noexcept {
  return __atomic_fetch_add(&word, by, __ATOMIC_SEQ_CST);
}
template <class T>
T subtract(T& word, T by) noexcept {
  return __atomic_fetch_sub(&word, by, __ATOMIC_SEQ_CST);
}

/// The time that deadlines are told in: the monotonic clock's, or on a fiber its scheduler's.
int64_t now_ns() noexcept;
/// When the time limit ends; kNever if that can't be told.
int64_t deadline_after(nanoseconds timeout) noexcept;

enum MutexState : uint32_t { mutex_free, mutex_held, mutex_contended };

inline bool try_lock(heddle_mutex& mutex) noexcept {
  return replace<uint32_t>(mutex.state, mutex_free, mutex_held);
}
/// As heddle_mutex_lock() of the guests, and a deadline; false if that came first.
bool lock_until(const detail::Place& place, heddle_mutex& mutex, int64_t deadline_ns) noexcept;
void unlock(const detail::Place& place, heddle_mutex& mutex) noexcept;

}  // namespace heddle::sync
