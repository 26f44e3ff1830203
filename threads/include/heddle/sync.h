// SPDX-License-Identifier: Apache-2.0
// Synchronization primitives in a shared memory, for hosts: the same words and algorithms as the guests'
// headers.
//
// A primitive is 64 bytes of a SharedMemory at a multiple of 64, and an object here is a handle on them:
// copies mean the same primitive, on which host threads and guest threads wait for each other. docs/SYNC.md
// tells the layouts, and what guests include. All zeros is a free Mutex, Condition, RwLock, Once, and a
// Semaphore that counts 0.
//
// A guest can write anything into these words. Nothing it writes makes the host's own state unsafe, but it
// may keep a lock for ever: where guests are not trusted, use the functions with a time limit.
//
// Threads: every function may be called from any thread. On a fiber, waiting parks the fiber only. Waiting is
// not stopped by interrupts of a store.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include <heddle/export.h>
#include <heddle/memory.h>
#include <heddle/result.h>
#include <heddle/thread_annotations.h>

namespace heddle::sync {

using std::chrono::nanoseconds;

namespace detail {

/// A checked place in a shared memory, and waiting for the words in it.
class HEDDLE_API Place {
 public:
  /// Errors: usage, if the address is not a multiple of 64 or the bytes are not in the memory.
  static Result<Place> check(const SharedMemory& memory, uint64_t address, uint64_t bytes, const char* what);

  template <class Layout>
  [[nodiscard]] Layout& as() const noexcept {
    return *reinterpret_cast<Layout*>(bytes_);
  }
  [[nodiscard]] const SharedMemory& memory() const noexcept { return memory_; }
  [[nodiscard]] uint64_t address() const noexcept { return address_; }

  /// Sleeps while the word, one of this memory, holds `expected`, until a notify() or the deadline
  /// (INT64_MAX: never). False if the deadline ended it.
  bool wait(const uint32_t& word, uint32_t expected, int64_t deadline_ns) const noexcept;
  void notify(const uint32_t& word, uint32_t count) const noexcept;

 private:
  Place(SharedMemory memory, uint64_t address);
  SharedMemory memory_;
  uint64_t address_ = 0;
  uint8_t* bytes_ = nullptr;
};

}  // namespace detail

/// Usable with std::lock_guard, std::unique_lock, std::scoped_lock. Not recursive; sleepers are woken in the
/// order they came, but a running thread may overtake them.
class HEDDLE_API HEDDLE_CAPABILITY("mutex") Mutex {
 public:
  static constexpr uint64_t kBytes = 64;
  /// Errors: usage (address). For this and the other primitives: what stands there already is left as it is.
  [[nodiscard]] static Result<Mutex> at(const SharedMemory& memory, uint64_t address);

  void lock() noexcept HEDDLE_ACQUIRE();
  [[nodiscard]] bool try_lock() noexcept HEDDLE_TRY_ACQUIRE(true);
  [[nodiscard]] bool try_lock_for(nanoseconds timeout) noexcept HEDDLE_TRY_ACQUIRE(true);
  void unlock() noexcept HEDDLE_RELEASE();

 private:
  explicit Mutex(detail::Place place) : place_(std::move(place)) {}
  bool lock_until(int64_t deadline_ns) noexcept;
  detail::Place place_;
};

/// Waits with a Mutex or a std::unique_lock of one. Wake-ups without a reason are possible.
class HEDDLE_API Condition {
 public:
  static constexpr uint64_t kBytes = 64;
  [[nodiscard]] static Result<Condition> at(const SharedMemory& memory, uint64_t address);

  /// REQUIRES: the calling thread holds the lock; it does again when this returns.
  template <class Lock>
  void wait(Lock& lock) noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {  // gives up a lock that the caller holds
    const uint32_t seen = enter();
    lock.unlock();
    (void)sleep(seen, nanoseconds::max());
    lock.lock();
  }
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate predicate) noexcept {
    while (!predicate()) wait(lock);
  }
  /// False if the time limit ended the wait. The lock is held again in any case, however long that takes.
  template <class Lock>
  bool wait_for(Lock& lock, nanoseconds timeout) noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {  // as wait()
    const uint32_t seen = enter();
    lock.unlock();
    const bool in_time = sleep(seen, timeout);
    lock.lock();
    return in_time;
  }
  void notify_one() noexcept;
  void notify_all() noexcept;

 private:
  explicit Condition(detail::Place place) : place_(std::move(place)) {}
  uint32_t enter() noexcept;
  bool sleep(uint32_t seen, nanoseconds timeout) noexcept;
  void wake(uint32_t count) noexcept;
  detail::Place place_;
};

/// A fixed number of threads wait for each other, round after round.
class HEDDLE_API Barrier {
 public:
  static constexpr uint64_t kBytes = 64;
  [[nodiscard]] static Result<Barrier> at(const SharedMemory& memory, uint64_t address);
  /// Makes one for so many threads (0 is taken as 1). REQUIRES: nobody uses it yet.
  [[nodiscard]] static Result<Barrier> create(const SharedMemory& memory, uint64_t address, uint32_t parties);

  /// Waits until all have arrived; true for exactly one of them, the leader.
  bool arrive_and_wait() noexcept;
  /// As arrive_and_wait(), but the leader gets true while the others still sleep, and must call release().
  [[nodiscard]] bool enter() noexcept;
  void release() noexcept;

 private:
  explicit Barrier(detail::Place place) : place_(std::move(place)) {}
  detail::Place place_;
};

/// Everybody enters in the order of arrival; readers that follow each other hold it together. Usable with
/// std::lock_guard, std::unique_lock and std::shared_lock.
class HEDDLE_API HEDDLE_CAPABILITY("rwlock") RwLock {
 public:
  static constexpr uint64_t kBytes = 64;
  [[nodiscard]] static Result<RwLock> at(const SharedMemory& memory, uint64_t address);

  void lock() noexcept HEDDLE_ACQUIRE();
  [[nodiscard]] bool try_lock() noexcept HEDDLE_TRY_ACQUIRE(true);
  void unlock() noexcept HEDDLE_RELEASE();
  void lock_shared() noexcept HEDDLE_ACQUIRE_SHARED();
  [[nodiscard]] bool try_lock_shared() noexcept HEDDLE_TRY_ACQUIRE_SHARED(true);
  void unlock_shared() noexcept HEDDLE_RELEASE_SHARED();

 private:
  explicit RwLock(detail::Place place) : place_(std::move(place)) {}
  void await(const uint32_t& turn, uint32_t ticket) noexcept;
  void call(uint32_t ticket) noexcept;
  detail::Place place_;
};

/// Something is done by whoever comes first, and the others wait until it is.
class HEDDLE_API Once {
 public:
  static constexpr uint64_t kBytes = 64;
  [[nodiscard]] static Result<Once> at(const SharedMemory& memory, uint64_t address);

  template <class Function>
  void call(Function&& function) noexcept {
    if (!begin()) return;
    std::forward<Function>(function)();
    end();
  }
  /// True: the caller does it, and then calls end(), or give_up() to let another one try. False: it is done.
  [[nodiscard]] bool begin() noexcept;
  void end() noexcept;
  void give_up() noexcept;

 private:
  explicit Once(detail::Place place) : place_(std::move(place)) {}
  void finish(uint32_t state) noexcept;
  detail::Place place_;
};

class HEDDLE_API Semaphore {
 public:
  static constexpr uint64_t kBytes = 64;
  [[nodiscard]] static Result<Semaphore> at(const SharedMemory& memory, uint64_t address);
  /// REQUIRES: nobody uses it yet.
  [[nodiscard]] static Result<Semaphore> create(const SharedMemory& memory, uint64_t address,
                                                uint32_t permits);

  void acquire() noexcept;
  [[nodiscard]] bool try_acquire() noexcept;
  [[nodiscard]] bool try_acquire_for(nanoseconds timeout) noexcept;
  /// False, and nothing happens, if there would be more than 2^32 - 1.
  bool release(uint32_t permits = 1) noexcept;

 private:
  explicit Semaphore(detail::Place place) : place_(std::move(place)) {}
  bool acquire_until(int64_t deadline_ns) noexcept;
  detail::Place place_;
};

}  // namespace heddle::sync
