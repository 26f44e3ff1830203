// SPDX-License-Identifier: Apache-2.0
// Attachment on an ExecContext.
#include "threads/attachment.h"

#include "engine/runtime/exec_context.h"
#include "threads/recorder.h"
#include "threads/scheduler.h"

namespace heddle::threads {

namespace {

/// Native stack left for the host function that a guest calls last.
constexpr uintptr_t kNativeReserve = uintptr_t{64} << 10;

}  // namespace

Attachment::Attachment(PooledInstance& instance, Fiber& fiber) noexcept
    : context_(instance.context()), fiber_(fiber) {
  context_.native_stack_limit = fiber.stack_low() + kNativeReserve;
  context_.waiter.set_parker(&fiber);
  context_.waiter.set_observer(fiber.scheduler().recorder());
  context_.yielder = this;
  if (engine::Refueler* const refueler = fiber.scheduler().refueler()) {
    (void)instance.store().set_fuel(UINT64_MAX);
    context_.set_refueler(refueler);
  }
  (void)fiber.set_preemptible(this);
}

Attachment::~Attachment() {
  (void)fiber_.set_preemptible(nullptr);
  context_.yielder = nullptr;
  context_.set_refueler(nullptr);
  context_.waiter.set_observer(nullptr);
  context_.waiter.set_parker(nullptr);
  context_.native_stack_limit = 0;
}

void Attachment::ask_to_yield() noexcept { context_.request_yield(); }
void Attachment::yield() noexcept { fiber_.yield(); }

}  // namespace heddle::threads
