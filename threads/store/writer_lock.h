// SPDX-License-Identifier: Apache-2.0
// WriterLock: whose turn it is to change a database, among all threads of all processes.
//
// LMDB has a lock for that, a robust mutex in shared memory, but a process that is killed can take a wake-up
// with it: it was woken, a third one took the mutex before it did, and so the kernel finds nothing to pass
// on. Who waits beside it then waits for ever, since the new owner knows of no waiter (seen with glibc 2.31
// on Linux 6.18, within seconds of killing one of three writers). Locks of files have no such gap. So whoever
// may have to wait for one of LMDB's mutexes waits for this lock first, and then never waits for them.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "threads/store/store_result.h"

namespace heddle::threads {

/// Threads: any.
class WriterLock {
 public:
  /// Among those that open the same path, in this process at most once at a time; the file is made if there
  /// is none. Errors: unavailable, naming the path.
  [[nodiscard]] static StoreResult<std::unique_ptr<WriterLock>> open(const std::string& path);
  /// Among the threads of this process.
  [[nodiscard]] static std::unique_ptr<WriterLock> local();
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  /// Waits for its turn. 0, or else the system's number of what went wrong; then it is not locked.
  [[nodiscard]] int lock() noexcept;
  /// On the thread that locked it.
  void unlock() noexcept;

 private:
  explicit WriterLock(int fd) noexcept : fd_(fd) {}

  const int fd_;        ///< -1: no other process
  std::mutex threads_;  ///< the lock of a file is the process's
};

}  // namespace heddle::threads
