// SPDX-License-Identifier: Apache-2.0
// ClaimKeeper: extends the claim on a task while the task runs, so that claims can be short and tasks long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <string_view>
#include <thread>

#include "engine/support/thread_annotations.h"
#include "threads/store/work_queue.h"

namespace heddle::tools {

/// Threads: its functions are for one thread.
class ClaimKeeper {
 public:
  /// `on_lost` runs once, on the keeper's thread, if the task is somebody else's: there is no point in going
  /// on.
  ClaimKeeper(threads::WorkQueue& queue, const threads::Claim& claim, std::chrono::milliseconds visibility,
              std::function<void()> on_lost);
  /// Leaves the claim to itself, unless it was given back.
  ~ClaimKeeper();
  ClaimKeeper(const ClaimKeeper&) = delete;
  ClaimKeeper& operator=(const ClaimKeeper&) = delete;

  /// The claim as it is now; it is not extended any more.
  [[nodiscard]] threads::Claim stop() HEDDLE_EXCLUDES(mutex_);

 private:
  void keep() HEDDLE_EXCLUDES(mutex_);

  threads::WorkQueue& queue_;
  const std::chrono::milliseconds visibility_;
  const std::function<void()> on_lost_;
  engine::Mutex mutex_;
  std::condition_variable_any stopped_;
  bool stopping_ HEDDLE_GUARDED_BY(mutex_) = false;
  threads::Claim claim_ HEDDLE_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace heddle::tools
