// SPDX-License-Identifier: Apache-2.0
// Completion: something that happens once, and those who wait for it, on fibers or on threads of their own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/runtime/blocking.h"
#include "engine/support/thread_annotations.h"

namespace heddle::threads {

/// Threads: any.
class Completion {
 public:
  [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }
  /// Wakes all who wait. What was written before is seen by whoever sees done().
  void complete() noexcept HEDDLE_EXCLUDES(mutex_);
  /// Sleeps until it is complete, `deadline_ns` by the caller's clock (INT64_MAX: never) is over, or
  /// `gives_up` (null: never) says so, which is asked whenever the caller has been woken. Is it complete? A
  /// fiber parks.
  bool wait(int64_t deadline_ns, const std::function<bool()>& gives_up = nullptr) HEDDLE_EXCLUDES(mutex_);

 private:
  bool add(engine::Parker& sleeper) HEDDLE_EXCLUDES(mutex_);
  void remove(engine::Parker& sleeper) HEDDLE_EXCLUDES(mutex_);

  engine::Mutex mutex_;
  std::atomic<bool> done_{false};
  std::vector<engine::Parker*> sleepers_ HEDDLE_GUARDED_BY(mutex_);
};

/// When that is over by the clock of the calling fiber or thread. Negative, or too long to tell: never.
[[nodiscard]] int64_t deadline_after(int64_t timeout_ns) noexcept;

}  // namespace heddle::threads
