// SPDX-License-Identifier: Apache-2.0
// ExecContext: requesting and forgetting interrupts, recording traps.
#include "engine/runtime/exec_context.h"

#include <utility>

namespace heddle::engine {

void ExecContext::request_interrupt() noexcept {
  interrupt_requested.store(1, std::memory_order_seq_cst);
  stack_limit.store(nullptr, std::memory_order_seq_cst);
  waiter.cancel();
}

void ExecContext::clear_interrupt() noexcept {
  waiter.clear_cancel();
  interrupt_requested.store(0, std::memory_order_seq_cst);
  stack_limit.store(stack_end, std::memory_order_seq_cst);
  // A request that came between the two stores has lost its poison; it shall not lose more.
  if (interrupt_requested.load(std::memory_order_seq_cst) != 0) request_interrupt();
}

bool ExecContext::fail(TrapKind kind, std::string message) noexcept {
  if (trap.kind == TrapKind::none) {
    trap.kind = kind;
    trap.message = std::move(message);
  }
  return false;
}

}  // namespace heddle::engine
