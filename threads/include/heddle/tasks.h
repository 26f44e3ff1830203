// SPDX-License-Identifier: Apache-2.0
// Tasks: calls of a module's exports that run beside each other, each in an instance that is as good as new.
//
// docs/TASKS.md tells how.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <heddle/export.h>
#include <heddle/function.h>
#include <heddle/threads.h>

namespace heddle::threads {

class TaskPoolState;
struct TaskState;

struct TaskPoolOptions {
  uint32_t running = 1'000;   ///< tasks at a time, those that wait for something included; at least 1
  uint32_t queued = 100'000;  ///< that wait for their turn; to submit more fails
  StoreLimits limits{};       ///< of each task
  std::optional<std::chrono::nanoseconds> timeout{};  ///< of each task, from when it begins
};

struct TaskStatistics {
  uint64_t submitted = 0;
  uint64_t done = 0;
  uint64_t most_running = 0;   ///< at a time
  uint64_t new_instances = 0;  ///< made; the others were used again
};

/// One task. Copies are the same task, and may outlive its pool.
///
/// Threads: any thread may call any function. On a guest's fiber, who waits lets others run.
class HEDDLE_API Task {
 public:
  enum class State : uint8_t { queued, running, done };
  [[nodiscard]] State state() const noexcept;

  /// Waits until it is done. What it came to is there as long as any copy of the task: results, a trap, or an
  /// error (resource). A task that was cancelled or ran too long has trapped, with TrapKind::interrupted.
  const CallResult& wait() const;
  /// Is it done, after so long at most?
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds timeout) const;
  /// It is done at once if it has not begun, else soon, wherever it is. Without effect once it is done.
  void cancel() const noexcept;

 private:
  friend class TaskPool;
  Task(std::shared_ptr<TaskPoolState> pool, std::shared_ptr<TaskState> state);
  std::shared_ptr<TaskPoolState> pool_;
  std::shared_ptr<TaskState> state_;
};

/// Runs tasks of one module on a number of workers. Each task has an instance of its own, with all state as
/// instantiation gives it; the pool uses instances again where nobody can tell.
///
/// Threads: any thread may call any function.
class HEDDLE_API TaskPool {
 public:
  /// Defines the module's imports. Host functions are called on many threads at once, and what they keep is
  /// not renewed.
  using Define = std::function<Result<void>(Linker&)>;

  /// Errors: link (an import that nothing provides), usage.
  [[nodiscard]] static Result<TaskPool> create(const Engine& engine, const Workers& workers,
                                               const Module& module, const Define& define = nullptr,
                                               const TaskPoolOptions& options = {});
  ~TaskPool();  ///< as shut_down(Ending::cancel)
  TaskPool(TaskPool&&) noexcept;
  TaskPool& operator=(TaskPool&&) noexcept;

  /// A task that calls this export. Parameters and results must be numbers or vectors: references belong to
  /// one instance. Errors: usage (no such function, arguments that do not fit, the pool is shut down),
  /// resource (too many are queued, or the host has no memory for another one).
  [[nodiscard]] Result<Task> submit(std::string_view function, std::vector<Value> arguments = {});

  enum class Ending : uint8_t {
    drain,   ///< all tasks run to their end
    cancel,  ///< all tasks are cancelled
  };
  /// Takes no more tasks, and is back when all are done. Again: nothing more, but another thread may cancel
  /// what this one drains.
  void shut_down(Ending ending);

  [[nodiscard]] TaskStatistics statistics() const;

 private:
  TaskPool(Workers workers, std::shared_ptr<TaskPoolState> state);
  std::optional<Workers> workers_;  // first: they wait for what still runs
  std::shared_ptr<TaskPoolState> state_;
};

}  // namespace heddle::threads
