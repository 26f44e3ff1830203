// SPDX-License-Identifier: Apache-2.0
// Recorder: where the commands of a script report what became of them, from any thread of the script.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "spec-tests/report.h"
#include "spec-tests/script.h"

namespace heddle::spec {

/// What a run has come to so far. In a child process it lies in memory shared with the parent, so that it
/// outlives a crash. Only lock-free atomics; all zero at first.
struct Progress {
  std::atomic<uint64_t> passed;
  std::atomic<uint64_t> message_mismatches;
  std::atomic<uint32_t> line;  ///< of the directive begun last
  std::atomic<uint32_t> column;
  std::atomic<uint32_t> iteration;  ///< counts up with --repeat; the time limit is per iteration
};

/// Called with the recorder's lock held.
class FailureSink {
 public:
  virtual ~FailureSink() = default;
  virtual void failed(Failure failure) = 0;
};

/// Collects failures in memory.
class FailureList final : public FailureSink {
 public:
  void failed(Failure failure) override { failures.push_back(std::move(failure)); }
  std::vector<Failure> failures;
};

/// Threads: every function may be called from any thread.
class Recorder {
 public:
  Recorder(Progress& progress, FailureSink& sink) : progress_(progress), sink_(sink) {}

  void begin(const Command& command) noexcept {
    progress_.line.store(command.line, std::memory_order_relaxed);
    progress_.column.store(command.column, std::memory_order_relaxed);
  }
  void passed() noexcept { progress_.passed.fetch_add(1, std::memory_order_relaxed); }
  void message_differs() noexcept { progress_.message_mismatches.fetch_add(1, std::memory_order_relaxed); }
  void failed(Failure failure) {
    const std::scoped_lock lock(mutex_);
    sink_.failed(std::move(failure));
  }

 private:
  Progress& progress_;
  std::mutex mutex_;
  FailureSink& sink_;
};

}  // namespace heddle::spec
