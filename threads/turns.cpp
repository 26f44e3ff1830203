// SPDX-License-Identifier: Apache-2.0
// Turns: the list of runnable fibers and what happens when it is empty.
#include "threads/turns.h"

#include <algorithm>
#include <utility>

#include "engine/runtime/parker_futex.h"
#include "threads/scheduler.h"

namespace heddle::threads {

namespace {

/// What a unit of fuel, about an instruction, takes of the fibers' time.
constexpr int64_t kNsPerUnit = 10;
constexpr int64_t kMostUnits = 1'000'000'000;  ///< of one slice that count: the clock must not overflow

}  // namespace

Turns::Turns(Scheduler& scheduler, Policy& policy, DeadlockObserver* observer)
    : scheduler_(scheduler), policy_(policy), observer_(observer), parker_(engine::FutexParker::take()) {}

Turns::~Turns() { engine::FutexParker::give_back(static_cast<engine::FutexParker*>(parker_)); }

void Turns::add(Fiber& fiber, bool is_new) noexcept {
  {
    engine::MutexLock lock(mutex_);
    if (is_new) {
      fiber.number_ = ++spawned_;
      ++alive_;
    }
    runnable_.push_back({fiber.number_, &fiber});
  }
  wake_from_elsewhere();
}

/// The worker itself is awake.
void Turns::wake_from_elsewhere() noexcept {
  const Worker* const here = Worker::current();
  if (here == nullptr || &here->scheduler() != &scheduler_) wake();
}

bool Turns::keeps_turn(Fiber& fiber, SwitchReason reason) noexcept {
  expire_timers();
  engine::MutexLock lock(mutex_);
  runnable_.push_back({fiber.number_, &fiber});
  Fiber& next = choose(reason);
  if (&next == &fiber) return true;
  chosen_ = &next;
  return false;
}

void Turns::ended(Fiber& fiber) noexcept {
  engine::MutexLock lock(mutex_);
  --alive_;
  policy_.ended(fiber.number_);
}

Fiber& Turns::choose(SwitchReason reason) {
  const std::span<const Runnable> list = runnable();
  switches_.store(switches() + 1, std::memory_order_relaxed);
  const size_t position = std::min(policy_.choose({list, last_, reason}), list.size() - 1);
  const Runnable chosen = list[position];
  last_ = chosen.number;
  deadlock_told_ = false;
  take_out(position);
  return *chosen.fiber;
}

/// Keeps the order; moves those before the fiber if they are fewer than those behind it.
void Turns::take_out(size_t position) {
  const auto begin = runnable_.begin() + static_cast<ptrdiff_t>(first_);
  const auto place = begin + static_cast<ptrdiff_t>(position);
  if (position < (runnable_.size() - first_) / 2) {
    std::move_backward(begin, place, place + 1);
    ++first_;
  } else {
    runnable_.erase(place);
  }
  if (first_ > runnable_.size() / 2) {
    runnable_.erase(runnable_.begin(), runnable_.begin() + static_cast<ptrdiff_t>(first_));
    first_ = 0;
  }
}

Fiber* Turns::next() noexcept {
  if (chosen_ != nullptr) return std::exchange(chosen_, nullptr);
  for (;;) {
    expire_timers();
    {
      engine::MutexLock lock(mutex_);
      if (!runnable().empty()) return &choose(SwitchReason::stopped);
    }
    if (advance_time()) continue;
    if (scheduler_.stopping()) return nullptr;
    if (is_deadlocked()) {
      if (observer_ != nullptr) observer_->on_deadlock();
      continue;
    }
    parker_->park(INT64_MAX);
  }
}

/// Mostly of those who parked until a time that had come; but a look at a clock may take time, too.
void Turns::expire_timers() noexcept {
  Timers& timers = scheduler_.timers();
  if (timers.next_deadline() <= clock_.now_ns()) (void)timers.expire(clock_.now_ns());
}

bool Turns::advance_time() noexcept {
  const int64_t deadline = scheduler_.timers().next_deadline();
  if (deadline == INT64_MAX) return false;
  clock_.advance_to(deadline);
  return true;
}

/// At most once between two switches.
bool Turns::is_deadlocked() noexcept {
  engine::MutexLock lock(mutex_);
  if (alive_ == 0 || outside_ != 0 || !runnable().empty() || deadlock_told_) return false;
  deadlock_told_ = true;
  return true;
}

int64_t Turns::next_slice() noexcept {
  Fiber* const fiber = Fiber::current();
  if (fiber == nullptr || &fiber->scheduler() != &scheduler_) return INT64_MAX;
  fiber->preempt();
  const int64_t slice = policy_.slice();
  // Guests that spin until a deadline must get there.
  clock_.advance_to(clock_.now_ns() + std::min(slice, kMostUnits) * kNsPerUnit);
  return slice;
}

void Turns::begin_outside_wait() noexcept {
  engine::MutexLock lock(mutex_);
  ++outside_;
}

void Turns::end_outside_wait() noexcept {
  {
    engine::MutexLock lock(mutex_);
    if (--outside_ != 0) return;
  }
  wake_from_elsewhere();
}

}  // namespace heddle::threads
