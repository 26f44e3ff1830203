// SPDX-License-Identifier: Apache-2.0
// ExecContext: requesting and forgetting interrupts, slices of fuel, recording traps.
#include "engine/runtime/exec_context.h"

#include <algorithm>
#include <utility>

namespace heddle::engine {

/// Has the next call take its slow path.
void ExecContext::poison() noexcept {
  stack_limit.store(nullptr, std::memory_order_seq_cst);
  native_limit.store(UINTPTR_MAX, std::memory_order_seq_cst);
}

void ExecContext::restore_limits() noexcept {
  stack_limit.store(stack_end, std::memory_order_seq_cst);
  native_limit.store(native_stack_end, std::memory_order_seq_cst);
}

/// What was asked for until now.
uint32_t ExecContext::forget(uint32_t which) noexcept {
  const uint32_t asked = requests.fetch_and(~which, std::memory_order_seq_cst);
  restore_limits();
  // A request that came between the two has lost its poison; it shall not lose more.
  if (requests.load(std::memory_order_seq_cst) != 0) poison();
  return asked;
}

void ExecContext::request_interrupt() noexcept {
  requests.fetch_or(kInterrupt, std::memory_order_seq_cst);
  poison();
  waiter.cancel();
}

void ExecContext::clear_interrupt() noexcept {
  waiter.clear_cancel();
  (void)forget(kInterrupt);
  // One that came in the meantime shall cancel the next wait, too.
  if (interrupt_pending()) request_interrupt();
}

void ExecContext::request_yield() noexcept {
  requests.fetch_or(kYield, std::memory_order_seq_cst);
  poison();
}

void ExecContext::request_sample() noexcept {
  requests.fetch_or(kSample, std::memory_order_seq_cst);
  poison();
}

void ExecContext::request_sample_after(uint32_t checks) noexcept {
  countdown = checks;
  requests.fetch_or(kCountdown, std::memory_order_seq_cst);
  poison();
}

void ExecContext::cancel_sample_after() noexcept {
  countdown = 0;
  (void)forget(kCountdown);
}

bool ExecContext::answer_requests() noexcept {
  uint32_t answered = kYield | kSample;
  if (countdown == 0) {
    answered |= kCountdown;
  } else if (requests.load(std::memory_order_relaxed) == kCountdown) {
    return true;  // nothing else is asked, and it shall stay
  }
  const uint32_t asked = forget(answered);
  if ((asked & kInterrupt) != 0) return false;
  if ((asked & kYield) != 0 && yielder != nullptr) yielder->yield();
  return true;
}

void ExecContext::set_native_stack_end(uintptr_t end) noexcept {
  native_stack_end = end;
  native_limit.store(end, std::memory_order_seq_cst);
  if (requests.load(std::memory_order_seq_cst) != 0) poison();
}

void ExecContext::reserve_overflow(size_t slots) {
  if (overflow_slots.size() >= slots) return;
  overflow_slots.assign(slots, 0);
  overflow = overflow_slots.data();
}

void ExecContext::set_fuel(int64_t units) noexcept {
  fuel = refueler == nullptr ? units : std::min(fuel, units);
  fuel_beyond = units - fuel;
}

void ExecContext::set_refueler(Refueler* asked) noexcept {
  const int64_t left = fuel_left();
  refueler = asked;
  fuel = asked == nullptr ? left : 0;
  fuel_beyond = left - fuel;
}

bool ExecContext::refuel(int64_t cost) noexcept {
  if (refueler == nullptr || fuel_left() < cost) return false;
  const int64_t slice = std::max(refueler->next_slice(), cost);
  const int64_t left = fuel_left();
  fuel = std::min(slice, left);
  fuel_beyond = left - fuel;
  return true;
}

bool ExecContext::fail(TrapKind kind, std::string message) noexcept {
  if (trap.kind == TrapKind::none) {
    trap.kind = kind;
    trap.message = std::move(message);
  }
  return false;
}

}  // namespace heddle::engine
