// SPDX-License-Identifier: Apache-2.0
// Watchdog: one thread per engine, started by the first timeout, that interrupts stores whose time is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/support/thread_annotations.h"

namespace heddle::detail {

class InterruptCell;

/// In a child process made by fork() the thread is missing; it is started anew when needed, and what the
/// parent's thread used is left behind.
///
/// Threads: every function may be called from any thread.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  /// Names one armed deadline; the number keeps equal times apart.
  using Ticket = std::pair<Clock::time_point, uint64_t>;

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Starts the thread if there is none yet; false if the host refuses one.
  [[nodiscard]] bool start() HEDDLE_EXCLUDES(mutex_);
  /// Interrupts `cell` at `deadline` unless disarmed before; at once if there can be no thread.
  [[nodiscard]] Ticket arm(std::shared_ptr<InterruptCell> cell, Clock::time_point deadline)
      HEDDLE_EXCLUDES(mutex_);
  /// True if the deadline passed first. After that call the watchdog does not touch the cell any more.
  bool disarm(const Ticket& ticket) HEDDLE_EXCLUDES(mutex_);

 private:
  class Sleeper;
  /// This process's sleeper, or null.
  Sleeper* sleeper() HEDDLE_REQUIRES(mutex_);

  engine::Mutex mutex_;
  std::unique_ptr<Sleeper> sleeper_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::detail
