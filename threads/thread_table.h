// SPDX-License-Identifier: Apache-2.0
// ThreadTable: what a process knows of the threads that were started by thread_spawn, until they are freed:
// how they ended, their results, and who waits for whom.
//
// A record is in the table from add() until it is freed or, if nobody can ask, until its thread has ended.
// Who waits holds the record itself. The edges of waiting are kept without time limits only, and form no
// circle: wait() refuses to close one.
#pragma once

#include <heddle/host_function.h>
#include <heddle/memory.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine/support/thread_annotations.h"
#include "threads/completion.h"
#include "threads/instance_pool.h"

namespace heddle::threads {

/// What functions of the interface answer when they can't do it: the negatives of WASI's errno. Each row of
/// docs/HOST_INTERFACE.md and of threads/guest/heddle/thread.h.
enum class ThreadError : int32_t {
  none = 0,
  again = -6,
  busy = -10,
  deadlock = -16,
  fault = -21,
  invalid = -28,
  no_entry = -44,
  no_memory = -48,
  unsupported = -58,
  no_thread = -71,
  timed_out = -73,
};

/// How a thread ended.
enum class ThreadStatus : int32_t { returned = 0, exited = 1, trapped = 2 };

/// Bytes that the host keeps for guests; null: none.
using Bytes = std::shared_ptr<const std::string>;

/// A function that threads can run.
struct ThreadEntry {
  std::string name;
  bool takes_argument = false;  ///< (address, size), where the spawner has it; else it is copied
};

/// One thread as others see it.
struct ThreadRecord {
  const ThreadEntry& entry;
  const bool is_isolated;  ///< it has a memory of its own
  const bool is_detached;  ///< nobody will free it: it goes when its thread ends
  /// As the spawner gave it, for entries that take it there.
  const uint32_t argument_address;
  const uint32_t argument_size;

  // Under the table's lock.
  uint32_t id = 0;
  Bytes argument;
  Bytes result;
  Bytes data;
  ThreadStatus status = ThreadStatus::returned;
  uint64_t number = 0;  ///< what the function returned, or the exit code
  /// Of an isolated thread that has ended: its instance, which goes back to its pool with the last who reads.
  std::shared_ptr<PooledInstance> instance = nullptr;
  Memory memory = {};

  Completion ended = {};
};

/// The end of a thread, before others see it.
struct ThreadEnding {
  ThreadStatus status = ThreadStatus::returned;
  uint64_t number = 0;
  std::string message;  ///< of a trap
  std::shared_ptr<PooledInstance> instance;
};

/// Threads: any, except as said.
class ThreadTable {
 public:
  /// At most so many bytes are kept: arguments, results and data together.
  explicit ThreadTable(uint64_t most_bytes) : most_bytes_(most_bytes) {}

  /// With its id. Errors: no_memory.
  [[nodiscard]] ThreadError add(const std::shared_ptr<ThreadRecord>& record) HEDDLE_EXCLUDES(mutex_);
  /// The thread did not come to be.
  void remove(uint32_t id) HEDDLE_EXCLUDES(mutex_);
  /// Wakes who waits for it.
  void finish(const std::shared_ptr<ThreadRecord>& record, ThreadEnding ending) HEDDLE_EXCLUDES(mutex_);
  /// Nobody asks any more: returns the instances to their pool.
  void clear() HEDDLE_EXCLUDES(mutex_);

  [[nodiscard]] bool contains(uint32_t id) const HEDDLE_EXCLUDES(mutex_);
  /// Records of threads that have ended.
  [[nodiscard]] size_t ended() const HEDDLE_EXCLUDES(mutex_);
  /// For whom the thread waits without a time limit, if that one has not ended; else 0.
  [[nodiscard]] uint32_t waits_for(uint32_t waiter) const HEDDLE_EXCLUDES(mutex_);

  // What guests ask. Errors of all: no_thread.

  /// Until the thread has ended, on the fiber of thread `waiter`: its status. Negative: no time limit.
  /// Errors: deadlock, timed_out. A trap if the waiter is interrupted.
  [[nodiscard]] Outcome<int32_t> wait(Caller& caller, uint32_t waiter, uint32_t id, int64_t timeout_ns)
      HEDDLE_EXCLUDES(mutex_);
  /// Errors: busy, if the thread has not ended.
  [[nodiscard]] ThreadError number(uint32_t id, uint64_t& out) const HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ThreadError result(uint32_t id, Bytes& out) const HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ThreadError free(uint32_t id) HEDDLE_EXCLUDES(mutex_);
  /// What an isolated thread has left. The memory may be read while the instance is held. Errors: busy,
  /// unsupported.
  [[nodiscard]] ThreadError memory(uint32_t id, std::shared_ptr<PooledInstance>& instance, Memory& out) const
      HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ThreadError data(uint32_t id, Bytes& out) const HEDDLE_EXCLUDES(mutex_);
  /// Errors: no_memory.
  [[nodiscard]] ThreadError set_data(uint32_t id, Bytes data) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ThreadError set_result(ThreadRecord& record, Bytes result) HEDDLE_EXCLUDES(mutex_);

 private:
  [[nodiscard]] ThreadRecord* find(uint32_t id) const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] ThreadError find_ended(uint32_t id, ThreadRecord*& out) const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] bool closes_circle(uint32_t waiter, uint32_t id) const HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] ThreadError begin_wait(uint32_t waiter, uint32_t id, bool endless,
                                       std::shared_ptr<ThreadRecord>& out) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] ThreadError replace(Bytes& place, Bytes by) HEDDLE_REQUIRES(mutex_);
  void forget(const ThreadRecord& record) HEDDLE_REQUIRES(mutex_);

  const uint64_t most_bytes_;
  mutable engine::Mutex mutex_;
  std::unordered_map<uint32_t, std::shared_ptr<ThreadRecord>> records_ HEDDLE_GUARDED_BY(mutex_);
  /// Who waits -> for whom. An edge to a thread that has ended is none.
  std::unordered_map<uint32_t, std::shared_ptr<ThreadRecord>> waits_ HEDDLE_GUARDED_BY(mutex_);
  uint64_t bytes_ HEDDLE_GUARDED_BY(mutex_) = 0;
  size_t ended_ HEDDLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace heddle::threads
