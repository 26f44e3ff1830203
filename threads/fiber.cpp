// SPDX-License-Identifier: Apache-2.0
// Fibers: parking, and the switches between a fiber and the worker that runs it.
#include "threads/fiber.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "threads/recorder.h"
#include "threads/scheduler.h"
#include "threads/worker.h"

namespace heddle::threads {

Fiber* Fiber::current() noexcept {
  const Worker* const worker = Worker::current();
  return worker != nullptr ? worker->running() : nullptr;
}

Fiber::Fiber(Scheduler& scheduler, FiberStack stack, uint8_t* high) : scheduler_(scheduler), stack_(stack) {
  timer_.fiber = this;
  self_ = make_continuation(stack, high, identity_, &Fiber::entry);
}

Fiber::~Fiber() { forget_stack(identity_); }

/// A fiber runs one job after another; between them it is free.
void Fiber::entry(Arrival arrival) {
  Fiber& self = *static_cast<Fiber*>(arrival.data);
  finish_first_switch();
  self.worker_ = arrival.fctx;
  for (;;) {
    self.job_->run();
    self.stop(Stop::end);
  }
}

void Fiber::stop(Stop reason) noexcept {
  stop_ = reason;
  const Arrival arrival = switch_to(worker_, this, identity_, *worker_stack_);
  worker_ = arrival.fctx;
}

void Fiber::abort_of_overflow() noexcept {
  std::fputs("heddle: a fiber has run over the end of its native stack; give it a larger one\n", stderr);
  std::abort();
}

/// Flat: after a switch of stacks, the processor guesses each return wrong.
[[gnu::flatten]] void Fiber::park(int64_t deadline_ns) noexcept {
  Permit given = Permit::given;
  // Looked at first: an exchange that fails costs as much as one that succeeds.
  if (permit_.load(std::memory_order_relaxed) == given &&
      permit_.compare_exchange_strong(given, Permit::none, std::memory_order_acquire)) {
    record_.flow.store(0, std::memory_order_relaxed);  // who gave it has not made it run
    return;
  }
  timer_.deadline_ns = deadline_ns;
  stop(Stop::park);
  if (deadline_ns != INT64_MAX) scheduler_.timers().remove(timer_);
}

void Fiber::unpark() noexcept {
  if (Recorder* const recorder = scheduler_.recorder()) recorder->wakes(*this);
  Permit seen = Permit::parked;
  if (permit_.compare_exchange_strong(seen, Permit::none, std::memory_order_acq_rel)) {
    return scheduler_.make_runnable(*this, Scheduler::Arrived::woken);
  }
  // A permit that is there already is given again: what this thread has written belongs to it.
  for (;;) {
    const Permit next = seen == Permit::parked ? Permit::none : Permit::given;
    if (!permit_.compare_exchange_weak(seen, next, std::memory_order_acq_rel)) continue;
    if (next == Permit::none) scheduler_.make_runnable(*this, Scheduler::Arrived::woken);
    return;
  }
}

Preemptible* Fiber::set_preemptible(Preemptible* preemptible) noexcept {
  engine::MutexLock lock(preemptible_mutex_);
  return std::exchange(preemptible_, preemptible);
}

void Fiber::ask_to_yield() noexcept {
  engine::MutexLock lock(preemptible_mutex_);
  if (preemptible_ != nullptr) preemptible_->ask_to_yield();
}

[[gnu::noinline]] void Fiber::release_unused_stack() noexcept {
  FiberStacks::release_below(stack_, __builtin_frame_address(0));
}

int64_t Fiber::now_ns() const noexcept { return scheduler_.clock().now_ns(); }

void Fiber::let_others_run(SwitchReason reason) noexcept {
  Turns* const turns = scheduler_.turns();
  if (turns == nullptr) return stop(Stop::yield);
  if (!turns->keeps_turn(*this, reason)) stop(Stop::turn);
}

void Fiber::yield() noexcept { let_others_run(SwitchReason::gave_way); }

void Fiber::preempt() noexcept { let_others_run(SwitchReason::preempted); }

}  // namespace heddle::threads
