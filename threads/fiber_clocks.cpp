// SPDX-License-Identifier: Apache-2.0
// FiberClocks: which clock a guest looks at.
#include "threads/fiber_clocks.h"

#include "threads/scheduler.h"

namespace heddle::threads {

namespace {

/// Null where time is the host's.
[[nodiscard]] VirtualClock* virtual_clock() noexcept {
  const Fiber* const fiber = Fiber::current();
  Turns* const turns = fiber != nullptr ? fiber->scheduler().turns() : nullptr;
  return turns != nullptr ? &turns->clock() : nullptr;
}

}  // namespace

uint64_t FiberClocks::now(wasi::ClockId clock) noexcept {
  VirtualClock* const time = virtual_clock();
  if (time == nullptr) return host_->now(clock);
  time->advance_to(time->now_ns() + kLookNs);
  const auto now = static_cast<uint64_t>(time->now_ns());
  return clock == wasi::ClockId::realtime ? realtime_start_ + now : now;
}

uint64_t FiberClocks::resolution(wasi::ClockId clock) noexcept {
  return virtual_clock() != nullptr ? kLookNs : host_->resolution(clock);
}

}  // namespace heddle::threads
