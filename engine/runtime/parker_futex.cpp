// SPDX-License-Identifier: Apache-2.0
// FutexParker on Linux, and the clock of its deadlines.
#include "engine/runtime/parker_futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/support/thread_annotations.h"

namespace heddle::engine {

namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

/// Sleeps while *word == expected, until a wake or the deadline.
void futex_wait_until(std::atomic<uint32_t>& word, uint32_t expected, int64_t deadline_ns) noexcept {
  // WAIT_BITSET takes absolute time of the monotonic clock: neither early returns nor clock changes make it
  // drift.
  timespec deadline;
  deadline.tv_sec = static_cast<time_t>(deadline_ns / kNanosecondsPerSecond);
  deadline.tv_nsec = static_cast<long>(deadline_ns % kNanosecondsPerSecond);
  const timespec* const until = deadline_ns == INT64_MAX ? nullptr : &deadline;
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, until, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

void futex_wake_one(std::atomic<uint32_t>& word) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
}

struct FreeParkers {
  Mutex mutex;
  FutexParker* first HEDDLE_GUARDED_BY(mutex) = nullptr;
};

FreeParkers& free_parkers() {
  static FreeParkers& list = *new FreeParkers;  // never destroyed: stores may die after the statics
  return list;
}

}  // namespace

FutexParker* FutexParker::take() {
  FreeParkers& list = free_parkers();
  MutexLock lock(list.mutex);
  FutexParker* const parker = list.first;
  if (parker == nullptr) return new FutexParker;
  list.first = parker->next_free_;
  return parker;
}

void FutexParker::give_back(FutexParker* parker) noexcept {
  FreeParkers& list = free_parkers();
  MutexLock lock(list.mutex);
  parker->next_free_ = list.first;
  list.first = parker;
}

int64_t monotonic_now_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * kNanosecondsPerSecond + now.tv_nsec;
}

void FutexParker::park(int64_t deadline_ns) noexcept {
  uint32_t seen = kEmpty;
  if (!word_.compare_exchange_strong(seen, kParked, std::memory_order_acquire)) {
    // A permit was there. Taken by an exchange, since a plain store could erase a second one whose news, read
    // by the caller next, has not arrived yet.
    word_.exchange(kEmpty, std::memory_order_acquire);
    return;
  }
  // One sleep is enough: returning early is allowed, and the exchange takes along a permit that came at the
  // last moment.
  futex_wait_until(word_, kParked, deadline_ns < 0 ? 0 : deadline_ns);
  word_.exchange(kEmpty, std::memory_order_acquire);
}

void FutexParker::unpark() noexcept {
  if (word_.exchange(kPermit, std::memory_order_release) == kParked) futex_wake_one(word_);
}

}  // namespace heddle::engine
