// SPDX-License-Identifier: Apache-2.0
// WaitQueues: buckets, enqueueing, notifying, timing out and cancelling.
#include "engine/runtime/wait_queue.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "engine/runtime/memory.h"
#include "engine/runtime/parker_futex.h"
#include "engine/support/platform.h"

namespace heddle::engine {

namespace {

constexpr size_t kCacheLine = 64;
/// About a microsecond of pauses: half of what handing over through the kernel costs.
constexpr uint32_t kMostSpins = 40;
constexpr uint32_t kLeastSpins = 2;

/// now + timeout by the sleeper's clock, INT64_MAX (never) if there is no such time.
int64_t deadline_after(int64_t timeout_ns, const Parker& sleeper) {
  int64_t deadline = 0;
  if (timeout_ns < 0 || __builtin_add_overflow(sleeper.now_ns(), timeout_ns, &deadline)) return INT64_MAX;
  return deadline;
}

template <class T>
T load_atomically(const Memory& memory, uint64_t address) {
  return __atomic_load_n(reinterpret_cast<const T*>(memory.base() + address), __ATOMIC_SEQ_CST);
}

/// A lock and the number of waiters that it guards, in one word: one look says that nobody waits or is about
/// to. It is held for some ten nanoseconds at a time, as often as threads wait and notify: one atomic
/// operation where nobody else wants it, half of what a mutex that one can sleep on takes.
class HEDDLE_CAPABILITY("mutex") BucketMutex {
 public:
  /// A full fence.
  void lock() noexcept HEDDLE_ACQUIRE() {
    if ((word_.fetch_or(kHeld, std::memory_order_seq_cst) & kHeld) != 0) lock_slowly();
    sequential_fence_after_exchange();
  }
  void unlock() noexcept HEDDLE_RELEASE() {
    word_.store(word_.load(std::memory_order_relaxed) & ~kHeld, std::memory_order_release);
  }

  /// Plain stores, here as in unlock(): while it is held, others only set what is set.
  void count(int32_t by) noexcept HEDDLE_REQUIRES(this) {
    const uint64_t more = kWaiter * static_cast<uint64_t>(int64_t{by});
    word_.store(word_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t waiting() const noexcept HEDDLE_REQUIRES(this) {
    return word_.load(std::memory_order_relaxed) / kWaiter;
  }
  /// Nobody waits, and nobody who holds the lock is about to.
  [[nodiscard]] bool is_at_rest() const noexcept { return word_.load(std::memory_order_relaxed) == 0; }

 private:
  static constexpr uint64_t kHeld = 1, kWaiter = 2;
  static constexpr uint32_t kMostYields = 64;

  /// Whoever holds it has lost its processor, or wakes very many.
  [[gnu::noinline]] void lock_slowly() noexcept {
    for (uint32_t rounds = 0;; ++rounds) {
      for (uint32_t i = 0; i < kMostSpins && is_held(); ++i) spin_pause();
      if ((word_.fetch_or(kHeld, std::memory_order_seq_cst) & kHeld) == 0) return;
      if (rounds < kMostYields) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));  // to threads of lower priority, too
      }
    }
  }
  [[nodiscard]] bool is_held() const noexcept { return (word_.load(std::memory_order_relaxed) & kHeld) != 0; }

  std::atomic<uint64_t> word_{0};
};

class HEDDLE_SCOPED_CAPABILITY BucketLock {
 public:
  explicit BucketLock(BucketMutex& mutex) noexcept HEDDLE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~BucketLock() HEDDLE_RELEASE() { mutex_.unlock(); }
  BucketLock(const BucketLock&) = delete;
  BucketLock& operator=(const BucketLock&) = delete;

 private:
  BucketMutex& mutex_;
};

}  // namespace

struct alignas(kCacheLine) WaitQueues::Bucket {
  BucketMutex mutex;
  Waiter* head HEDDLE_GUARDED_BY(mutex) = nullptr;  ///< oldest
  Waiter* tail HEDDLE_GUARDED_BY(mutex) = nullptr;

  void push(Waiter& waiter) HEDDLE_REQUIRES(mutex) {
    waiter.previous_ = tail;
    waiter.next_ = nullptr;
    (tail != nullptr ? tail->next_ : head) = &waiter;
    tail = &waiter;
    mutex.count(1);
  }

  /// Takes the waiter out, into `state`.
  void remove(Waiter& waiter, Waiter::State state) HEDDLE_REQUIRES(mutex) {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : head) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : tail) = waiter.previous_;
    waiter.state_.store(state, std::memory_order_release);
    waiter.bucket_.store(Waiter::kNoBucket, std::memory_order_release);  // who reads this, reads that state
    mutex.count(-1);
  }
};

Waiter::Waiter() : own_parker_(FutexParker::take()) { parker_ = own_parker_; }

Waiter::~Waiter() { FutexParker::give_back(own_parker_); }

void Waiter::set_parker(Parker* parker) noexcept { parker_ = parker != nullptr ? parker : own_parker_; }

void Waiter::cancel() noexcept {
  // First the request, then, behind a fence, the look for a wait; enqueue() says first which bucket it enters
  // and then, behind a fence, looks for a request: one sees the other.
  cancel_requested_.store(true, std::memory_order_seq_cst);
  if (WaitQueues* const queues = queues_.load(std::memory_order_seq_cst); queues != nullptr)
    queues->cancel(*this);
}

void Waiter::clear_cancel() noexcept { cancel_requested_.store(false, std::memory_order_relaxed); }

[[gnu::noinline]] bool Waiter::spin() noexcept {
  static const bool alone = processor_count() == 1;
  if (alone) return false;  // whoever shall wake us needs this processor
  const uint32_t budget = std::clamp(spins_, kLeastSpins, kMostSpins);
  for (uint32_t i = 0; i < budget; ++i) {
    if (state_.load(std::memory_order_acquire) != State::waiting) {
      spins_ = std::min(budget * 2, kMostSpins);
      return true;
    }
    spin_pause();
  }
  spins_ = budget / 2;
  return false;
}

// From here to wait32() all is one function: after a switch of stacks, the processor guesses each return
// wrong.

[[gnu::always_inline]] inline Waiter::State Waiter::await_change(int64_t deadline_ns) noexcept {
  // Another parker's thread has others to run.
  if (parker_ != own_parker_ || !spin()) {
    while (state_.load(std::memory_order_acquire) == State::waiting) {
      if (deadline_ns != INT64_MAX && parker_->now_ns() >= deadline_ns) return State::waiting;
      parker_->park(deadline_ns);
    }
  }
  const State state = state_.load(std::memory_order_acquire);
  return state != State::waking ? state : await_end_of_waking();
}

[[gnu::noinline]] Waiter::State Waiter::await_end_of_waking() const noexcept {
  // The waker is between its unpark() and its last store: a few instructions, unless the OS has taken its
  // processor.
  for (uint32_t i = 0;; ++i) {
    const State state = state_.load(std::memory_order_acquire);
    if (state != State::waking) return state;
    if (i < kMostSpins) {
      spin_pause();
    } else {
      std::this_thread::yield();
    }
  }
}

WaitQueues::WaitQueues() : buckets_(std::make_unique<Bucket[]>(kBuckets)) {
  static_assert(sizeof(Bucket) == kCacheLine);
}

WaitQueues::~WaitQueues() = default;

uint32_t WaitQueues::bucket_index(const Memory& memory, uint64_t address) noexcept {
  // Fibonacci hashing: strides of any power of two spread over all buckets.
  const uint64_t key = (reinterpret_cast<uintptr_t>(&memory) >> 4) ^ address;
  return static_cast<uint32_t>((key * 0x9e3779b97f4a7c15u) >> 56);
}

WaitQueues::Bucket& WaitQueues::bucket_of(const Memory& memory, uint64_t address) const noexcept {
  static_assert(kBuckets == 256, "bucket_index() makes 8 bits");
  return buckets_[bucket_index(memory, address)];
}

template <class T>
std::optional<WaitResult> WaitQueues::enqueue(Waiter& waiter, const Memory& memory, uint64_t address,
                                              T expected) {
  const uint32_t index = bucket_index(memory, address);
  Bucket& bucket = buckets_[index];
  waiter.bucket_.store(index, std::memory_order_relaxed);
  BucketLock lock(bucket.mutex);
  // Now that both are to be seen, that the lock is held and where: the value (invariant 4) and requests.
  std::optional<WaitResult> at_once;
  if (load_atomically<T>(memory, address) != expected) {
    at_once = WaitResult::not_equal;
  } else if (waiter.cancel_requested_.load(std::memory_order_seq_cst)) {
    at_once = WaitResult::cancelled;
  } else if (bucket.mutex.waiting() == UINT32_MAX - 1) {
    at_once = WaitResult::too_many_waiters;
  }
  if (at_once) {
    waiter.bucket_.store(Waiter::kNoBucket, std::memory_order_relaxed);
    return at_once;
  }
  waiter.memory_ = &memory;
  waiter.address_ = address;
  bucket.push(waiter);
  waiter.state_.store(Waiter::State::waiting, std::memory_order_release);
  return std::nullopt;
}

[[gnu::always_inline]] inline WaitResult WaitQueues::sleep(Waiter& waiter, int64_t timeout_ns) {
  Waiter::State state = waiter.await_change(deadline_after(timeout_ns, *waiter.parker_));
  if (state == Waiter::State::waiting) {
    give_up(waiter);
    state = waiter.await_end_of_waking();
  }
  if (state == Waiter::State::notified) return WaitResult::woken;
  return state == Waiter::State::timed_out ? WaitResult::timed_out : WaitResult::cancelled;
}

[[gnu::noinline]] WaitResult WaitQueues::sleep_observed(Waiter& waiter, const Memory& memory,
                                                        uint64_t address, int64_t timeout_ns) {
  waiter.observer_->waits(memory, address);
  const WaitResult result = sleep(waiter, timeout_ns);
  waiter.observer_->waited(memory, address, result);
  return result;
}

void WaitQueues::give_up(Waiter& waiter) {
  Bucket* const bucket = bucket_of(waiter);
  if (bucket == nullptr) return;  // someone was faster than the deadline
  BucketLock lock(bucket->mutex);
  if (bucket_of(waiter) != nullptr) bucket->remove(waiter, Waiter::State::timed_out);
}

template <class T>
[[gnu::always_inline]] inline WaitResult WaitQueues::wait(Waiter& waiter, const Memory& memory,
                                                          uint64_t address, T expected, int64_t timeout_ns) {
  // Neither answer needs the queue: such a wait takes its place in the order at this load.
  if (load_atomically<T>(memory, address) != expected) return WaitResult::not_equal;
  if (timeout_ns == 0) return WaitResult::timed_out;
  ++waiter.waits_;
  waiter.endless_wait_.store(timeout_ns < 0 ? waiter.waits_ : 0, std::memory_order_relaxed);
  if (waiter.queues_.load(std::memory_order_relaxed) != this) {
    waiter.queues_.store(this, std::memory_order_seq_cst);
  }
  const std::optional<WaitResult> at_once = enqueue<T>(waiter, memory, address, expected);
  const WaitResult result = at_once ? *at_once
                            : waiter.observer_ == nullptr
                                ? sleep(waiter, timeout_ns)
                                : sleep_observed(waiter, memory, address, timeout_ns);
  if (result == WaitResult::cancelled) waiter.clear_cancel();
  waiter.state_.store(Waiter::State::idle, std::memory_order_relaxed);
  return result;
}

WaitResult WaitQueues::wait32(Waiter& waiter, const Memory& memory, uint64_t address, uint32_t expected,
                              int64_t timeout_ns) {
  return wait<uint32_t>(waiter, memory, address, expected, timeout_ns);
}

WaitResult WaitQueues::wait64(Waiter& waiter, const Memory& memory, uint64_t address, uint64_t expected,
                              int64_t timeout_ns) {
  return wait<uint64_t>(waiter, memory, address, expected, timeout_ns);
}

uint32_t WaitQueues::notify(const Memory& memory, uint64_t address, uint32_t count) {
  Bucket& bucket = bucket_of(memory, address);
  if (bucket.mutex.is_at_rest()) {
    // The guest's store before this may have been a plain one: it must be visible before this is looked at.
    // Where somebody is there, the lock says who, and who comes after it sees the store.
    sequential_fence();
    if (bucket.mutex.is_at_rest()) return 0;
  }

  Waiter* first = nullptr;
  Waiter** last = &first;
  uint32_t woken = 0;
  {
    BucketLock lock(bucket.mutex);
    for (Waiter* waiter = bucket.head; waiter != nullptr && woken < count;) {
      Waiter* const next = waiter->next_;
      if (waiter->address_ == address && waiter->memory_ == &memory) {
        bucket.remove(*waiter, Waiter::State::waking);
        waiter->next_ = nullptr;
        *last = waiter;
        last = &waiter->next_;
        ++woken;
      }
      waiter = next;
    }
  }
  // None of them goes on before it is released, so whoever observes it is there.
  if (first != nullptr && first->observer_ != nullptr) first->observer_->notifies(memory, address, woken);
  while (first != nullptr) first = release_some(first);
  return woken;
}

Waiter* WaitQueues::release_some(Waiter* first) {
  // All of a batch first, then their parkers: a thread that wakes on this very processor finds its answer
  // ready.
  constexpr size_t kBatch = 64;
  Parker* parkers[kBatch];
  size_t count = 0;
  while (first != nullptr && count < kBatch) {
    Waiter* const next = first->next_;
    parkers[count++] = first->parker_;
    first->state_.store(Waiter::State::notified, std::memory_order_release);  // it may be gone from here on
    first = next;
  }
  for (size_t i = 0; i < count; ++i) parkers[i]->unpark();
  return first;
}

WaitQueues::Bucket* WaitQueues::bucket_of(const Waiter& waiter) const noexcept {
  const uint32_t index = waiter.bucket_.load(std::memory_order_seq_cst);
  return index == Waiter::kNoBucket ? nullptr : &buckets_[index];
}

void WaitQueues::cancel(Waiter& waiter) noexcept {
  if (!take_out(waiter)) return;
  Parker* const parker = waiter.parker_;
  waiter.state_.store(Waiter::State::cancelled, std::memory_order_release);
  parker->unpark();
}

bool WaitQueues::take_out(Waiter& waiter) noexcept {
  // The waiter may leave one bucket and enter another while we look; each round takes it, finds it out, or
  // follows it.
  for (Bucket* bucket = bucket_of(waiter); bucket != nullptr; bucket = bucket_of(waiter)) {
    BucketLock lock(bucket->mutex);
    if (bucket_of(waiter) != bucket) continue;
    // It may wait for this lock to enter; then it sees the request.
    if (waiter.state_.load(std::memory_order_relaxed) != Waiter::State::waiting) return false;
    bucket->remove(waiter, Waiter::State::waking);
    return true;
  }
  return false;
}

uint32_t WaitQueues::waiting_at(const Memory& memory, uint64_t address) {
  Bucket& bucket = bucket_of(memory, address);
  BucketLock lock(bucket.mutex);
  uint32_t count = 0;
  for (const Waiter* waiter = bucket.head; waiter != nullptr; waiter = waiter->next_) {
    count += waiter->address_ == address && waiter->memory_ == &memory;
  }
  return count;
}

}  // namespace heddle::engine
