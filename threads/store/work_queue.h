// SPDX-License-Identifier: Apache-2.0
// WorkQueue: tasks that many producers put into a store and many workers take out of it, oldest first.
//
// A worker claims a task for a time. If it neither completes nor extends by then, because it died or hangs,
// the task is claimed by somebody else; only one of the two can complete it. A task that was claimed as often
// as it may be goes to the dead letters. There is no process of the queue's own: whoever claims looks after
// the claims of those who are gone.
//
// In the store, below queue/NAME/: task/ID has what was put in; open/ready/ID or open/taken/DUE/ID says where
// the task is; done/ID has its result, dead/ID why it was given up. IDs are stamps, so their order is the
// order of arrival.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "threads/store/store.h"

namespace heddle::threads {

using TaskId = uint64_t;

struct TaskOptions {
  uint32_t most_attempts = 3;  ///< claims, until the task is given up; at least 1
  bool wants_result = true;    ///< else complete() stores none, and nobody can wait for it
};

/// A task, and the right to complete it for a time.
struct Claim {
  TaskId id = 0;
  int64_t due_ms = 0;         ///< until when, by the store's clock
  Version version = kAbsent;  ///< tells this claim from all others
  uint32_t attempt = 0;       ///< this is the so-manyth
  uint32_t most_attempts = 0;
  bool wants_result = true;
};

struct TaskResult {
  enum class Status : uint8_t { done, failed, given_up };
  Status status = Status::done;
  std::string bytes;  ///< of the worker; why, if it was given up
  friend bool operator==(const TaskResult&, const TaskResult&) = default;
};

struct DeadLetter {
  TaskId id = 0;
  std::string reason;
};

/// Threads: every function may be called from any thread or fiber at any time. Errors of all: those of the
/// store.
class WorkQueue {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// Queue names are 1 to 64 letters, digits, dots, dashes and underscores. Errors: invalid. `prefix` stands
  /// before all the queue's keys.
  [[nodiscard]] static StoreResult<WorkQueue> open(std::shared_ptr<KeyValueStore> store,
                                                   std::string_view name, std::string_view prefix = {});

  StoreResult<TaskId> enqueue(std::string_view payload, const TaskOptions& options = {});

  /// The oldest task that nobody has; waits until there is one. Errors: timed_out, cancelled.
  StoreResult<Claim> claim(Milliseconds visibility, const Wait& wait = {});
  /// What was put in. Errors: lost, if somebody has completed the task.
  [[nodiscard]] StoreResult<std::string> payload(TaskId id);
  /// Ends a task. Errors: lost; then this result is not stored.
  StoreResult<void> complete(const Claim& claim, const TaskResult& result);
  /// Gives a task back, to be claimed again after `delay`; it keeps its place. The last attempt goes to the
  /// dead letters. Errors: lost.
  StoreResult<void> retry(const Claim& claim, std::string_view reason, Milliseconds delay = Milliseconds(0));
  /// The same claim for `visibility` from now. Errors: lost.
  StoreResult<Claim> extend(const Claim& claim, Milliseconds visibility);

  /// Waits for a result; it stays in the store until forget(). Errors: timed_out, cancelled, invalid (no such
  /// task, or one whose result nobody wanted or somebody has taken).
  StoreResult<TaskResult> wait_result(TaskId id, const Wait& wait = {});
  /// Deletes a result. Was there one?
  StoreResult<bool> forget(TaskId id);

  /// At most `most` tasks that were given up, oldest first.
  [[nodiscard]] StoreResult<std::vector<DeadLetter>> dead_letters(size_t most = 1000);
  /// Gives a task that was given up its attempts back. Errors: invalid, if there is none.
  StoreResult<void> revive(TaskId id);

 private:
  struct Record;
  WorkQueue(std::shared_ptr<KeyValueStore> store, std::string prefix);

  [[nodiscard]] std::string task_key(TaskId id) const { return prefix_ + "task/" + stamp(id); }
  [[nodiscard]] std::string ready_key(TaskId id) const { return prefix_ + "open/ready/" + stamp(id); }
  [[nodiscard]] std::string taken_key(TaskId id, int64_t due_ms) const;
  [[nodiscard]] std::string done_key(TaskId id) const { return prefix_ + "done/" + stamp(id); }
  [[nodiscard]] std::string dead_key(TaskId id) const { return prefix_ + "dead/" + stamp(id); }
  [[nodiscard]] StoreError lost(TaskId id) const;

  struct Look;
  /// Gives back what is overdue, then tries what is ready.
  StoreResult<Look> look(Milliseconds visibility);
  StoreResult<std::optional<int64_t>> return_overdue(int64_t now_ms);
  StoreResult<void> return_task(const Entry& taken, TaskId id);
  StoreResult<std::optional<Claim>> try_claim(const Entry& ready, int64_t due_ms);
  void give_up(std::vector<Change>& changes, TaskId id, const Record& record, std::string_view reason) const;
  /// A batch that begins by removing the claim.
  StoreResult<Applied> apply_to(const Claim& claim, std::vector<Change> changes);

  std::shared_ptr<KeyValueStore> store_;
  std::string prefix_;
};

}  // namespace heddle::threads
