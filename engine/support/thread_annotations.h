// SPDX-License-Identifier: Apache-2.0
// The engine's own mutex, which carries the annotations of heddle/thread_annotations.h.
#pragma once

#include <mutex>

#include <heddle/thread_annotations.h>

namespace heddle::engine {

/// A std::mutex that the analysis knows. Usable with std::condition_variable_any.
class HEDDLE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() HEDDLE_ACQUIRE() { mutex_.lock(); }
  void unlock() HEDDLE_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool try_lock() HEDDLE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex for the rest of the scope.
class HEDDLE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) HEDDLE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() HEDDLE_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace heddle::engine
