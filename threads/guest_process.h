// SPDX-License-Identifier: Apache-2.0
// GuestProcess: the threads of one program, its ending, and what they have in common.
//
// The ending is decided once, by the first that reports one; then every thread that runs or comes is
// interrupted. A thread is in live_ from spawn() to ended(); it can be interrupted from enter() to leave(),
// and both ends are under the lock under which the ending is decided: a thread either sees the ending in
// enter(), or is among those that are interrupted.
#pragma once

#include <heddle/threads.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/guest_thread.h"
#include "threads/instance_pool.h"
#include "threads/scheduler.h"
#include "threads/thread_functions.h"
#include "threads/thread_table.h"

namespace heddle::threads {

/// Threads: any, except as said.
class GuestProcess final : public std::enable_shared_from_this<GuestProcess> {
 public:
  /// `scheduler` outlives all fibers of the process.
  GuestProcess(const Engine& engine, Scheduler& scheduler, Module module, const ProcessOptions& options);
  ~GuestProcess();

  /// Defines its imports. Once, before all else.
  [[nodiscard]] Result<void> link(const Process::Define& define);

  Outcome<uint32_t> run(std::optional<std::chrono::nanoseconds> timeout) HEDDLE_EXCLUDES(mutex_);
  /// Starts a thread with this argument: its id, or why not (negative).
  [[nodiscard]] int32_t spawn(int32_t argument) HEDDLE_EXCLUDES(mutex_);
  /// Starts the thread of this record, which gets its id: that, or a ThreadError.
  [[nodiscard]] int32_t spawn(const std::shared_ptr<ThreadRecord>& record) HEDDLE_EXCLUDES(mutex_);
  /// Can a thread of this kind be made by `spawner` at all?
  [[nodiscard]] bool can_spawn(const GuestThread& spawner, bool isolated) const noexcept;
  /// Decides the ending, unless it is decided: a trap of kind exit or any other, or an error.
  void finish(std::unique_ptr<Failure> ending) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ProcessStatistics statistics() const HEDDLE_EXCLUDES(mutex_);
  /// Ends the process if all its threads wait for each other.
  void end_deadlock() HEDDLE_EXCLUDES(mutex_);

  [[nodiscard]] ThreadTable& table() noexcept { return table_; }
  [[nodiscard]] const ThreadEntries& entries() const noexcept { return entries_; }
  /// That its table keeps.
  [[nodiscard]] uint64_t most_bytes() const noexcept { return options_.kept_bytes; }

  // For its threads.

  [[nodiscard]] InstancePool& pool(bool isolated) noexcept {
    return isolated && isolated_pool_ ? *isolated_pool_ : *pool_;
  }
  [[nodiscard]] bool is_finishing() const noexcept { return finishing_.load(std::memory_order_acquire); }
  /// From now on the thread can be interrupted; false if it shall not begin.
  /// REQUIRES: the instance is attached to its fiber.
  [[nodiscard]] bool enter(GuestThread& thread, PooledInstance& instance) HEDDLE_EXCLUDES(mutex_);
  void leave(GuestThread& thread) HEDDLE_EXCLUDES(mutex_);
  /// What a thread trapped with; of those that deadlock, the report tells where they waited.
  void witness(uint32_t id, const Trap& trap) HEDDLE_EXCLUDES(mutex_);
  /// The thread's last word; its fiber ends. `ending` is for its record, if it has one.
  void ended(GuestThread& thread, ThreadEnding ending) HEDDLE_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Result<void> provide_memories();
  [[nodiscard]] Result<void> define_own_memories(Linker& linker) const;
  [[nodiscard]] bool has_room() const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] std::optional<uint32_t> new_id() HEDDLE_REQUIRES(mutex_);
  bool start(uint32_t id, int32_t argument, std::shared_ptr<ThreadRecord> record) HEDDLE_REQUIRES(mutex_);
  void interrupt_all() HEDDLE_REQUIRES(mutex_);
  void wait_for_end(std::optional<std::chrono::nanoseconds> timeout) HEDDLE_REQUIRES(mutex_);
  /// The number of the wait that it is in, if only another thread of the process can end that; else 0.
  [[nodiscard]] uint64_t endless_wait(const GuestThread& thread) const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] std::string describe_wait(const GuestThread& thread) const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] bool is_deadlocked() const HEDDLE_REQUIRES(mutex_);
  void end_deadlocked_threads() HEDDLE_REQUIRES(mutex_);
  void report_deadlock() HEDDLE_REQUIRES(mutex_);

  const Engine engine_;
  Scheduler& scheduler_;  ///< not owned: the last fiber may destroy the process
  const Module module_;
  const ProcessOptions options_;
  const bool can_spawn_;  ///< it exports what threads run
  const ThreadEntries entries_;
  Linker linker_;
  std::optional<Linker> isolated_linker_;    ///< without the memories that threads share
  std::vector<ImportType> shared_memories_;  ///< which the process has made
  bool has_shared_memory_ = false;           ///< it imports one, whoever has made it
  bool has_foreign_memory_ = false;          ///< it imports one that the host has defined
  std::optional<InstancePool> pool_;
  std::optional<InstancePool> isolated_pool_;  ///< of a module whose memory is imported
  ThreadTable table_;                          // after the pools: it holds instances of theirs
  std::atomic<bool> finishing_{false};

  mutable engine::Mutex mutex_;
  std::condition_variable_any all_ended_;
  std::unordered_map<uint32_t, GuestThread*> live_ HEDDLE_GUARDED_BY(mutex_);
  std::unique_ptr<Failure> ending_ HEDDLE_GUARDED_BY(mutex_);
  uint32_t last_id_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool has_run_ HEDDLE_GUARDED_BY(mutex_) = false;
  std::map<uint32_t, std::string> deadlocked_
      HEDDLE_GUARDED_BY(mutex_);  ///< what the report says of each thread
  size_t deadlock_size_ HEDDLE_GUARDED_BY(mutex_) = 0;
  ProcessStatistics statistics_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::threads
