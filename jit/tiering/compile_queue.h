// SPDX-License-Identifier: Apache-2.0
// CompileQueue: jobs for threads in the background; those of a module can be taken back when it is dropped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "engine/support/thread_annotations.h"

namespace heddle::jit {

/// Threads: any. They start with the first job.
class CompileQueue {
 public:
  using Owner = const void*;
  using Job = std::function<void()>;

  explicit CompileQueue(unsigned threads) : most_threads_(threads) {}
  /// Jobs that have not begun are dropped.
  ~CompileQueue();
  CompileQueue(const CompileQueue&) = delete;
  CompileQueue& operator=(const CompileQueue&) = delete;

  /// False if the host gives no thread: the caller may run it.
  [[nodiscard]] bool push(Owner owner, Job job) HEDDLE_EXCLUDES(mutex_);
  /// Drops the owner's jobs and waits for the one that is running. Not from a job.
  void forget(Owner owner) HEDDLE_EXCLUDES(mutex_);
  /// Waits until nothing is left to do. For tests.
  void drain() HEDDLE_EXCLUDES(mutex_);

 private:
  struct Entry {
    Owner owner;
    Job job;
  };

  void run() HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] bool add_thread() HEDDLE_REQUIRES(mutex_);

  const unsigned most_threads_;
  engine::Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Entry> waiting_ HEDDLE_GUARDED_BY(mutex_);
  std::vector<Owner> running_ HEDDLE_GUARDED_BY(mutex_);  ///< whose jobs run now
  bool stop_ HEDDLE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::jit
