// SPDX-License-Identifier: Apache-2.0
// TaskPoolState: the tasks of one module that are queued or running, and the fibers that run them.
//
// A task is queued, running or done. It runs on a fiber that goes on with the next queued one; there are as
// many fibers as tasks running. Between enter() and leave() it can be interrupted, and both are under the
// lock under which cancel() decides: a task either sees in enter() that it is cancelled, or is interrupted.
#pragma once

#include <heddle/tasks.h>

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/completion.h"
#include "threads/instance_pool.h"
#include "threads/scheduler.h"

namespace heddle::threads {

struct TaskState {
  using Queue = std::list<std::shared_ptr<TaskState>>;

  const std::string function;
  const std::vector<Value> arguments;
  Completion done = {};
  CallResult outcome = std::vector<Value>();  ///< written before `done` is complete, never after

  // Under the pool's lock.
  Task::State state = Task::State::queued;
  Queue::iterator place = {};  ///< while it is queued
  bool is_cancelled = false;
  InterruptHandle interrupt = {};  ///< from enter() to leave()
};

/// Threads: any, except as said.
class TaskPoolState final : public std::enable_shared_from_this<TaskPoolState> {
 public:
  /// `scheduler` outlives all fibers of the pool.
  TaskPoolState(const Engine& engine, Scheduler& scheduler, const Module& module,
                const TaskPoolOptions& options);

  /// Defines its imports. Once, before all else.
  [[nodiscard]] Result<void> link(const TaskPool::Define& define);

  [[nodiscard]] Result<std::shared_ptr<TaskState>> submit(std::string_view function,
                                                          std::vector<Value> arguments)
      HEDDLE_EXCLUDES(mutex_);
  void cancel(TaskState& task) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] Task::State state_of(const TaskState& task) const HEDDLE_EXCLUDES(mutex_);
  void shut_down(TaskPool::Ending ending) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] TaskStatistics statistics() const HEDDLE_EXCLUDES(mutex_);

  // For its fibers.

  /// On a fiber.
  void run(TaskState& task) HEDDLE_EXCLUDES(mutex_);
  /// After run(): the next one for the same fiber; null: the fiber ends.
  [[nodiscard]] std::shared_ptr<TaskState> next(const std::shared_ptr<TaskState>& ran)
      HEDDLE_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Result<void> check(const std::string& function, const std::vector<Value>& arguments) const;
  [[nodiscard]] CallResult run_in(PooledInstance& instance, TaskState& task) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] CallResult call(PooledInstance& instance, const TaskState& task) const;
  [[nodiscard]] bool enter(TaskState& task, PooledInstance& instance) HEDDLE_EXCLUDES(mutex_);
  void leave(TaskState& task) HEDDLE_EXCLUDES(mutex_);
  void cancel_locked(TaskState& task) HEDDLE_REQUIRES(mutex_);
  void finish(TaskState& task, CallResult outcome) HEDDLE_REQUIRES(mutex_);
  void begin(const std::shared_ptr<TaskState>& task) HEDDLE_REQUIRES(mutex_);

  const Engine engine_;
  Scheduler& scheduler_;
  const Module module_;
  const TaskPoolOptions options_;
  std::unordered_map<std::string, FunctionType> functions_;  ///< that it exports
  Linker linker_;
  std::optional<InstancePool> pool_;

  mutable engine::Mutex mutex_;
  TaskState::Queue queue_ HEDDLE_GUARDED_BY(mutex_);
  std::unordered_set<std::shared_ptr<TaskState>> running_ HEDDLE_GUARDED_BY(mutex_);
  bool is_closed_ HEDDLE_GUARDED_BY(mutex_) = false;
  TaskStatistics statistics_ HEDDLE_GUARDED_BY(mutex_);
  Completion all_done_;  ///< of a pool that is closed
};

}  // namespace heddle::threads
