// SPDX-License-Identifier: Apache-2.0
// Watchdog: one thread per engine, started by the first timeout, that interrupts stores whose time is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "engine/support/thread_annotations.h"

namespace heddle::detail {

class InterruptCell;

/// Threads: every function may be called from any thread.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  /// Names one armed deadline; the number keeps equal times apart.
  using Ticket = std::pair<Clock::time_point, uint64_t>;

  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Starts the thread if there is none yet; false if the host refuses one.
  [[nodiscard]] bool start() HEDDLE_EXCLUDES(mutex_);
  /// Interrupts `cell` at `deadline` unless disarmed before. REQUIRES: start() has succeeded.
  [[nodiscard]] Ticket arm(std::shared_ptr<InterruptCell> cell, Clock::time_point deadline)
      HEDDLE_EXCLUDES(mutex_);
  /// True if the deadline passed first. After that call the watchdog does not touch the cell any more.
  bool disarm(const Ticket& ticket) HEDDLE_EXCLUDES(mutex_);

 private:
  void run() HEDDLE_EXCLUDES(mutex_);

  engine::Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Ticket, std::shared_ptr<InterruptCell>> armed_ HEDDLE_GUARDED_BY(mutex_);
  uint64_t next_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool stop_ HEDDLE_GUARDED_BY(mutex_) = false;
  std::thread thread_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::detail
