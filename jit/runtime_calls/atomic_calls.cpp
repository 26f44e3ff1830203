// SPDX-License-Identifier: Apache-2.0
// Runtime calls that wait and notify. (Threads proposal)
//
// The order of checks is the proposal's: alignment of the effective address, shared memory (wait), bounds.
#include "engine/runtime/exec_context.h"
#include "engine/runtime/store.h"
#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit::calls {

using engine::Instance;
using engine::Memory;
using engine::Slot;
using engine::WaitQueues;
using engine::WaitResult;

namespace {

/// The effective address, aligned and in bounds, or the trap.
[[nodiscard]] TrapKind effective_address(const Memory& memory, Slot base, uint64_t offset, uint64_t size,
                                         uint64_t& address) {
  const bool fits = !__builtin_add_overflow(base, offset, &address);
  if (fits && address % size != 0) return TrapKind::unaligned_atomic;
  return fits && memory.contains(address, size) ? TrapKind::none : TrapKind::memory_out_of_bounds;
}

[[nodiscard]] WaitQueues& queues_of(const Instance& instance) {
  return instance.context->store->engine().wait_queues;
}

[[nodiscard]] TrapKind check_wait(const Instance& instance, const Slot* slots, uint64_t memory_index,
                                  uint64_t offset, uint64_t size, uint64_t& address) {
  const Memory& memory = *instance.memories[memory_index];
  const TrapKind trap = effective_address(memory, slots[0], offset, size, address);
  if (trap != TrapKind::unaligned_atomic && !memory.is_shared()) return TrapKind::expected_shared_memory;
  return trap;
}

[[nodiscard]] TrapKind finish_wait(WaitResult result, Slot* slots) {
  if (result == WaitResult::cancelled) return TrapKind::interrupted;
  if (result == WaitResult::too_many_waiters) return TrapKind::too_many_waiters;
  slots[0] = static_cast<uint32_t>(result);
  return TrapKind::none;
}

}  // namespace

TrapKind atomic_wait32(Instance* instance, Slot* slots, uint64_t memory, uint64_t offset) noexcept {
  uint64_t address = 0;
  const TrapKind trap = check_wait(*instance, slots, memory, offset, 4, address);
  if (trap != TrapKind::none) return trap;
  return finish_wait(
      queues_of(*instance).wait32(instance->context->waiter, *instance->memories[memory], address,
                                  static_cast<uint32_t>(slots[1]), static_cast<int64_t>(slots[2])),
      slots);
}

TrapKind atomic_wait64(Instance* instance, Slot* slots, uint64_t memory, uint64_t offset) noexcept {
  uint64_t address = 0;
  const TrapKind trap = check_wait(*instance, slots, memory, offset, 8, address);
  if (trap != TrapKind::none) return trap;
  return finish_wait(queues_of(*instance).wait64(instance->context->waiter, *instance->memories[memory],
                                                 address, slots[1], static_cast<int64_t>(slots[2])),
                     slots);
}

TrapKind atomic_notify(Instance* instance, Slot* slots, uint64_t memory_index, uint64_t offset) noexcept {
  const Memory& memory = *instance->memories[memory_index];
  uint64_t address = 0;
  const TrapKind trap = effective_address(memory, slots[0], offset, 4, address);
  if (trap != TrapKind::none) return trap;
  slots[0] =
      memory.is_shared() ? queues_of(*instance).notify(memory, address, static_cast<uint32_t>(slots[1])) : 0;
  return TrapKind::none;
}

}  // namespace heddle::jit::calls
