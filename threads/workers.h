// SPDX-License-Identifier: Apache-2.0
// WorkersState: what the copies of a Workers share: the scheduler, the order it goes by, and its guests'
// time.
#pragma once

#include <heddle/threads.h>

#include <memory>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/policy.h"
#include "threads/scheduler.h"

namespace heddle::threads {

/// Threads: any.
class WorkersState final : private DeadlockObserver {
 public:
  explicit WorkersState(const WorkersOptions& options);

  [[nodiscard]] Scheduler& scheduler() noexcept { return scheduler_; }
  /// Tells the process of deadlocks, while it lives.
  void add(std::weak_ptr<GuestProcess> process) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] const std::shared_ptr<wasi::Blocking>& blocking() const noexcept { return blocking_; }
  [[nodiscard]] const std::shared_ptr<wasi::Clocks>& clocks() const noexcept { return clocks_; }

 private:
  void on_deadlock() noexcept override HEDDLE_EXCLUDES(mutex_);

  const std::unique_ptr<Policy> policy_;  ///< null: none
  const std::shared_ptr<wasi::Blocking> blocking_;
  const std::shared_ptr<wasi::Clocks> clocks_;
  const std::shared_ptr<Recording> recording_;  ///< null: none
  engine::Mutex mutex_;
  std::vector<std::weak_ptr<GuestProcess>> processes_ HEDDLE_GUARDED_BY(mutex_);
  Scheduler scheduler_;  // last: it ends first
};

}  // namespace heddle::threads
