// SPDX-License-Identifier: Apache-2.0
// Runtime calls of memories.
#include <span>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/memory_bulk.h"
#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit::calls {

using engine::Instance;
using engine::Memory;
using engine::Slot;

namespace {

/// The bulk operations record their own trap.
[[nodiscard]] TrapKind outcome(const Instance& instance, bool done) {
  return done ? TrapKind::none : instance.context->trap.kind;
}

}  // namespace

TrapKind memory_grow(Instance* instance, Slot* slots, uint64_t memory, uint64_t) noexcept {
  slots[0] = static_cast<uint64_t>(instance->memories[memory]->grow(slots[0]));
  return TrapKind::none;
}

TrapKind memory_fill(Instance* instance, Slot* slots, uint64_t memory, uint64_t) noexcept {
  return outcome(*instance, engine::memory_fill(*instance->context, *instance->memories[memory], slots[0],
                                                static_cast<uint8_t>(slots[1]), slots[2]));
}

TrapKind memory_copy(Instance* instance, Slot* slots, uint64_t to, uint64_t from) noexcept {
  return outcome(*instance, engine::memory_copy(*instance->context, *instance->memories[to], slots[0],
                                                *instance->memories[from], slots[1], slots[2]));
}

TrapKind memory_init(Instance* instance, Slot* slots, uint64_t memory, uint64_t segment) noexcept {
  std::span<const uint8_t> bytes;
  if (!instance->dropped_data[segment]) bytes = instance->module->view(instance->module->data[segment].bytes);
  return outcome(*instance,
                 engine::memory_init(*instance->context, *instance->memories[memory], slots[0], bytes,
                                     static_cast<uint32_t>(slots[1]), static_cast<uint32_t>(slots[2])));
}

TrapKind data_drop(Instance* instance, Slot*, uint64_t segment, uint64_t) noexcept {
  instance->dropped_data[segment] = true;
  return TrapKind::none;
}

}  // namespace heddle::jit::calls
