// SPDX-License-Identifier: Apache-2.0
// TaskRunner: runs remote tasks, each in a fresh instance with a memory of its own.
//
// A task's argument reaches the function as its parameters, if it has any (values with spaces between them);
// as standard input, if the module imports WASI; and through heddle.task_argument. The result is what
// heddle.task_result was given; else the function's results as text, one a line; else what WASI's standard
// output got.
#pragma once

#include <heddle/heddle.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/support/thread_annotations.h"
#include "threads/store/work_queue.h"
#include "tools/remote_task.h"

namespace heddle::tools {

struct TaskLimits {
  std::optional<std::chrono::nanoseconds> timeout;  ///< none: a task may run for ever
  uint64_t memory_bytes = uint64_t{1} << 30;
};

/// Threads: one, but for interrupt().
class TaskRunner {
 public:
  /// What standard output and task_result take, at most; and standard error, of which failures tell.
  static constexpr size_t kMostResultBytes = size_t{32} << 20;
  static constexpr size_t kMostErrorBytes = size_t{64} << 10;

  TaskRunner(const Engine& engine, std::shared_ptr<threads::KeyValueStore> store, const TaskLimits& limits);

  /// Errors: of the store. All that a task does wrong is a result.
  threads::StoreResult<threads::TaskResult> run(const RemoteTask& task) HEDDLE_EXCLUDES(mutex_);
  /// Ends the task that runs, with a trap. Any thread.
  void interrupt() noexcept HEDDLE_EXCLUDES(mutex_);
  /// Was the last task ended by interrupt()?
  [[nodiscard]] bool interrupted() HEDDLE_EXCLUDES(mutex_);

 private:
  class Run;
  threads::StoreResult<Result<Module>> find_module(const std::string& hash);
  void set_running(const InterruptHandle* handle) HEDDLE_EXCLUDES(mutex_);

  const Engine engine_;
  const std::shared_ptr<threads::KeyValueStore> store_;
  const TaskLimits limits_;
  std::map<std::string, Module> modules_;  ///< by hash; emptied when there are too many

  engine::Mutex mutex_;
  InterruptHandle running_ HEDDLE_GUARDED_BY(mutex_);
  bool interrupted_ HEDDLE_GUARDED_BY(mutex_) = false;
};

}  // namespace heddle::tools
