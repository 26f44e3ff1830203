// SPDX-License-Identifier: Apache-2.0
// Runtime calls that throw: they say what is thrown, and their caller's stub finds who catches it.
#include <utility>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/gc_ops.h"
#include "engine/runtime/store.h"
#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit::calls {

using engine::ExecContext;
using engine::Instance;
using engine::Slot;

TrapKind throw_tag(Instance* instance, Slot* slots, uint64_t tag, uint64_t) noexcept {
  ExecContext& context = *instance->context;
  context.exception = instance->store->new_exception(*instance->tags[tag], slots);
  return context.exception != nullptr ? TrapKind::exception : engine::no_object_trap(context);
}

TrapKind throw_reference(Instance* instance, Slot* slots, uint64_t, uint64_t) noexcept {
  instance->context->exception =
      reinterpret_cast<engine::gc::Exception*>(slots[0]);  // NOLINT: what the slot holds
  return slots[0] != 0 ? TrapKind::exception : TrapKind::null_reference;
}

/// Nothing ran since it was caught, so its backtrace goes on from there.
TrapKind throw_again(Instance* instance, Slot*, uint64_t, uint64_t) noexcept {
  ExecContext& context = *instance->context;
  context.trap = std::exchange(context.caught, {});
  return TrapKind::exception;
}

}  // namespace heddle::jit::calls
