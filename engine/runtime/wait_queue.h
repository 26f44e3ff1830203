// SPDX-License-Identifier: Apache-2.0
// WaitQueues: memory.atomic.wait and notify for all shared memories of one engine.
//
// 256 cache-line buckets keyed by (memory, address), each a lock and an intrusive FIFO of waiters. A Waiter
// lives in its thread's ExecContext, so waiting allocates nothing and leaves nothing behind.
//
// Invariants
//  1. A Waiter is in exactly one bucket's list iff its state is `waiting`; both change under that bucket's
//  lock.
//  2. Whoever moves the state away from `waiting` (notifier, canceller, or the waiter at its deadline) has
//     unlinked it; the waiter's answer follows from that state alone: no spurious wake-up, never "not equal"
//     after having slept, and a waiter counted by notify() never reports a time-out.
//     Waiters that a notifier has unlinked but not released yet are `waking`; its last access to one is the
//     store of the final state, and the waiter does not return before. Only then comes unpark(), to the
//     parker alone.
//  3. notify() takes waiters of its address oldest first, exactly min(count, waiting).
//  4. A waiter holds its bucket's lock from before it loads the value until it is counted, and both are in
//  one
//     word; a notifier that reads 0 there after its own store may therefore return without the lock.
// (Threads proposal: "wait and notify operators"; threads-anchors sections 1 and 4.)
//
// Threads: every member function may be called from any thread, except wait(), which is the Waiter owner's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/runtime/blocking.h"
#include "engine/support/thread_annotations.h"

namespace heddle::engine {

class FutexParker;
class Memory;
class WaitQueues;

enum class WaitResult : uint8_t {
  woken = 0,
  not_equal = 1,
  timed_out = 2,
  cancelled,         ///< interrupted from outside: the guest traps
  too_many_waiters,  ///< 2^32 - 1 threads wait at this address already: the guest traps
};

/// Hears of the waits of threads that it was given to.
class WaitObserver {
 public:
  virtual ~WaitObserver() = default;
  /// A thread is in the queue and is about to sleep. On that thread, as is the next.
  virtual void waits(const Memory& memory, uint64_t address) noexcept = 0;
  /// It goes on.
  virtual void waited(const Memory& memory, uint64_t address, WaitResult result) noexcept = 0;
  /// A notify() wakes `woken` threads, at least one; on the thread that notifies.
  virtual void notifies(const Memory& memory, uint64_t address, uint32_t woken) noexcept = 0;
};

/// One thread's place in a queue. Reused for every wait; one wait at a time. The WaitQueues it waits in must
/// outlive every cancel().
class Waiter {
 public:
  Waiter();  ///< sleeps by futex (OS thread)
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Replaces how this thread sleeps; null: by futex again. REQUIRES: not waiting. How long the parker must
  /// stay valid says engine/runtime/blocking.h.
  void set_parker(Parker* parker) noexcept;
  /// Has somebody hear of its waits, and of the notifies that end them; null: nobody. REQUIRES: not waiting.
  void set_observer(WaitObserver* observer) noexcept { observer_ = observer; }

  /// Cancels the present wait, or, if there is none, the next one. Any thread. Idempotent.
  void cancel() noexcept;
  /// The number of the present wait, counted from 1, if it is in a queue and has no deadline, so that only
  /// notify() and cancel() can end it; else 0. Any thread.
  [[nodiscard]] uint64_t endless_wait() const noexcept {
    const uint64_t wait = endless_wait_.load(std::memory_order_relaxed);
    return state_.load(std::memory_order_acquire) == State::waiting ? wait : 0;
  }
  /// Where it waits. REQUIRES: it does, and will go on until the caller is done.
  [[nodiscard]] uint64_t address() const noexcept { return address_; }

  /// Owner only: forgets a cancel() that found no wait.
  void clear_cancel() noexcept;

 private:
  friend class WaitQueues;
  enum class State : uint32_t { idle, waiting, waking, notified, timed_out, cancelled };
  static constexpr uint32_t kNoBucket = UINT32_MAX;

  State await_change(int64_t deadline_ns) noexcept;
  State await_end_of_waking() const noexcept;
  [[nodiscard]] bool spin() noexcept;

  // Guarded by the lock of the bucket the waiter is in, or owned by whoever has just taken it out.
  Waiter* next_ = nullptr;
  Waiter* previous_ = nullptr;
  const Memory* memory_ = nullptr;
  uint64_t address_ = 0;

  std::atomic<State> state_{State::idle};
  std::atomic<bool> cancel_requested_{false};
  std::atomic<uint64_t> endless_wait_{
      0};  ///< the present wait's number, or 0; set before the state is `waiting`
  uint64_t waits_ = 0;
  /// Index of the bucket that it enters or is in; once it waits, changes under that bucket's lock.
  std::atomic<uint32_t> bucket_{kNoBucket};
  uint32_t spins_ = 0;                        ///< how long to hope for a wake-up before sleeping; adapts
  std::atomic<WaitQueues*> queues_{nullptr};  ///< where it waits, or did last
  Parker* parker_ = nullptr;
  WaitObserver* observer_ = nullptr;
  FutexParker* own_parker_;
};

class WaitQueues {
 public:
  WaitQueues();
  ~WaitQueues();
  WaitQueues(const WaitQueues&) = delete;
  WaitQueues& operator=(const WaitQueues&) = delete;

  /// Waits at `address` (checked: in bounds and aligned) of a shared memory while it holds `expected`.
  /// timeout_ns < 0 waits for ever, 0 returns at once.
  WaitResult wait32(Waiter& waiter, const Memory& memory, uint64_t address, uint32_t expected,
                    int64_t timeout_ns);
  WaitResult wait64(Waiter& waiter, const Memory& memory, uint64_t address, uint64_t expected,
                    int64_t timeout_ns);

  /// Wakes up to `count` waiters at `address`, oldest first; how many.
  uint32_t notify(const Memory& memory, uint64_t address, uint32_t count);

  /// Waiters at `address` right now; for tests and reports.
  [[nodiscard]] uint32_t waiting_at(const Memory& memory, uint64_t address);

 private:
  friend class Waiter;
  struct Bucket;
  template <class T>
  WaitResult wait(Waiter& waiter, const Memory& memory, uint64_t address, T expected, int64_t timeout_ns);
  template <class T>
  std::optional<WaitResult> enqueue(Waiter& waiter, const Memory& memory, uint64_t address, T expected);
  WaitResult sleep_observed(Waiter& waiter, const Memory& memory, uint64_t address, int64_t timeout_ns);
  WaitResult sleep(Waiter& waiter, int64_t timeout_ns);
  void give_up(Waiter& waiter);
  [[nodiscard]] bool take_out(Waiter& waiter) noexcept;
  static Waiter* release_some(Waiter* first);
  [[nodiscard]] Bucket* bucket_of(const Waiter& waiter) const noexcept;
  static uint32_t bucket_index(const Memory& memory, uint64_t address) noexcept;
  Bucket& bucket_of(const Memory& memory, uint64_t address) const noexcept;
  void cancel(Waiter& waiter) noexcept;

  static constexpr size_t kBuckets = 256;
  std::unique_ptr<Bucket[]> buckets_;
};

}  // namespace heddle::engine
