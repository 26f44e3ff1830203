// SPDX-License-Identifier: Apache-2.0
// ChangeHub: who in this process waits for which keys of a store, and Cancellation: how a wait is ended from
// outside.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/runtime/blocking.h"
#include "engine/support/thread_annotations.h"

namespace heddle::threads {

/// Ends the waits it is given to, now and later. Outlives them.
///
/// Threads: any.
class Cancellation {
 public:
  void cancel() noexcept HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  /// For the wait: whom cancel() unparks. At most one wait uses a cancellation at a time.
  void attach(engine::Parker* parker) noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  std::atomic<bool> cancelled_{false};
  engine::Mutex mutex_;
  engine::Parker* parker_ HEDDLE_GUARDED_BY(mutex_) = nullptr;
};

/// Threads: any, but for what Waiter says.
class ChangeHub {
 public:
  /// One who waits; known to the hub as long as it exists. Made, asked and destroyed by who waits.
  class Waiter {
   public:
    Waiter(ChangeHub& hub, std::string_view selector, bool is_prefix, engine::Parker& parker);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Has anything changed since the last question?
    [[nodiscard]] bool take_change() noexcept { return changed_.exchange(false, std::memory_order_acquire); }
    [[nodiscard]] bool has_change() const noexcept { return changed_.load(std::memory_order_acquire); }

   private:
    friend class ChangeHub;
    void tell() noexcept;
    ChangeHub& hub_;
    const std::string selector_;
    const bool is_prefix_;
    engine::Parker& parker_;
    std::atomic<bool> changed_{false};
  };

  /// Wakes those who wait for the key.
  void changed(std::string_view key) noexcept HEDDLE_EXCLUDES(mutex_);
  /// Wakes everybody, who then look themselves: nobody knows what has changed.
  void all_changed() noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  void add(Waiter& waiter) HEDDLE_EXCLUDES(mutex_);
  void remove(Waiter& waiter) noexcept HEDDLE_EXCLUDES(mutex_);

  // Waiters are told under the mutex, so none is told once it is gone. Keys are found by hash, since
  // thousands of guests may wait for one each.
  engine::Mutex mutex_;
  std::unordered_multimap<std::string_view, Waiter*> by_key_ HEDDLE_GUARDED_BY(mutex_);
  std::list<Waiter*> by_prefix_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::threads
