// SPDX-License-Identifier: Apache-2.0
// GuestThread: from the first step on its fiber to the last.
#include "threads/guest_thread.h"

#include "engine/runtime/exec_context.h"
#include "threads/guest_process.h"
#include "threads/wasi_threads.h"

namespace heddle::threads {

namespace {

/// Native stack left for the host function that a guest calls last.
constexpr uintptr_t kNativeReserve = uintptr_t{64} << 10;

}  // namespace

void GuestThread::run() noexcept {
  auto instance = process_->pool().take();
  if (!instance) {
    process_->finish(std::make_unique<Failure>(std::move(instance).error()));
  } else {
    run_in(**instance);
    process_->pool().give_back(std::move(*instance));
  }
  const std::shared_ptr<GuestProcess> process = process_;  // may go with the last thread
  process->ended(*this);
  delete this;
}

void GuestThread::run_in(PooledInstance& instance) {
  Fiber& fiber = *Fiber::current();
  attach(instance, fiber);
  Outcome<void> outcome;
  if (process_->enter(*this, instance)) {
    outcome = instance.prepare();
    // Who was stopped before this has been told; who is stopped after it, is told in the call.
    if (outcome.ok() && !process_->is_finishing()) outcome = call_entry(instance.instance());
  }
  process_->leave(*this);
  detach(instance, fiber);
  if (outcome.trapped()) process_->witness(id_, outcome.trap());
  if (!outcome.ok()) {
    process_->finish(std::move(outcome).failure());
  } else if (id_ == 0) {
    process_->finish(std::make_unique<Failure>(Trap::exit(0)));
  }
}

Outcome<void> GuestThread::call_entry(const Instance& instance) const {
  if (id_ == 0) {
    const auto start = instance.typed<void()>("_start");
    if (!start) return start.error();
    return start->call();
  }
  const auto start = instance.typed<void(int32_t, int32_t)>(kThreadStart);
  if (!start) return start.error();
  return start->call(static_cast<int32_t>(id_), argument_);
}

/// From now on the guest sleeps by parking the fiber, and gives way when its time slice is over.
void GuestThread::attach(PooledInstance& instance, Fiber& fiber) noexcept {
  engine::ExecContext& context = instance.context();
  context.native_stack_limit = fiber.stack_low() + kNativeReserve;
  context.waiter.set_parker(&fiber);
  context.yielder = this;
  if (engine::Refueler* const refueler = fiber.scheduler().refueler()) {
    (void)instance.store().set_fuel(UINT64_MAX);
    context.set_refueler(refueler);
  }
}

void GuestThread::detach(PooledInstance& instance, Fiber& fiber) noexcept {
  (void)fiber.set_preemptible(nullptr);
  engine::ExecContext& context = instance.context();
  context.yielder = nullptr;
  context.set_refueler(nullptr);
  context.waiter.set_parker(nullptr);
  context.native_stack_limit = 0;
}

uint64_t GuestThread::endless_wait() const noexcept {
  return context_ == nullptr ? 0 : context_->waiter.endless_wait();
}

uint64_t GuestThread::wait_address() const noexcept { return context_->waiter.address(); }

void GuestThread::ask_to_yield() noexcept { context_->request_yield(); }
void GuestThread::yield() noexcept { Fiber::current()->yield(); }

}  // namespace heddle::threads
