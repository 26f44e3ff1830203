// SPDX-License-Identifier: Apache-2.0
// Timers: the deadlines of parked fibers, a heap.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/support/thread_annotations.h"

namespace heddle::threads {

class Fiber;

/// A fiber's place among the timers; part of it.
struct Timer {
  int64_t deadline_ns = INT64_MAX;
  uint32_t place = kNone;  ///< in the heap; guarded by the Timers' mutex
  Fiber* fiber = nullptr;

  static constexpr uint32_t kNone = UINT32_MAX;
};

/// Threads: any.
class Timers {
 public:
  /// Adds a timer that is not in the heap. True if it is the earliest now.
  bool add(Timer& timer) HEDDLE_EXCLUDES(mutex_);
  /// Takes it out, if it is in. Once this is back, it will not expire.
  void remove(Timer& timer) noexcept HEDDLE_EXCLUDES(mutex_);
  /// Unparks the fibers whose deadlines have passed. How many.
  size_t expire(int64_t now_ns) HEDDLE_EXCLUDES(mutex_);

  /// The earliest deadline, INT64_MAX if there is none. A moment's truth.
  [[nodiscard]] int64_t next_deadline() const noexcept { return next_.load(std::memory_order_acquire); }

 private:
  void move_up(uint32_t place) HEDDLE_REQUIRES(mutex_);
  void move_down(uint32_t place) HEDDLE_REQUIRES(mutex_);
  void put(uint32_t place, Timer* timer) HEDDLE_REQUIRES(mutex_);
  void take_out(uint32_t place) HEDDLE_REQUIRES(mutex_);
  void publish() HEDDLE_REQUIRES(mutex_);

  engine::Mutex mutex_;
  std::vector<Timer*> heap_ HEDDLE_GUARDED_BY(mutex_);
  std::atomic<int64_t> next_{INT64_MAX};
};

}  // namespace heddle::threads
