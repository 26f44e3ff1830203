// SPDX-License-Identifier: Apache-2.0
// Crossings: values between slots and registers, limits, and the C++ that stubs call.
#include "jit/tiering/crossings.h"

#include <utility>

#include "jit/tiering/jit_tier.h"
#include "jit/tiering/native_frames.h"

namespace heddle::jit {

namespace {

using engine::ExecContext;
using engine::FunctionCode;
using engine::Instance;
using engine::NativeOutcome;
using engine::Slot;
using x64::RegisterArea;

using Enter = bool (*)(ExecContext*, Instance*, const void* code, RegisterArea*);

/// Slots that a frame of tier 0 has behind those for arguments and results.
constexpr uint32_t kHeaderSlots = 3;

/// UndefinedBehaviorSanitizer would look for a function's type in front of the stub, where nothing is.
[[nodiscard, gnu::noinline]] __attribute__((no_sanitize("undefined"))) bool run(ExecContext& context,
                                                                                Instance* instance,
                                                                                const void* native,
                                                                                RegisterArea& area) {
  return reinterpret_cast<Enter>(JitTier::of(context).stubs().enter)(&context, instance, native, &area);
}

[[nodiscard]] NativeOutcome run_with_slots(ExecContext& context, const FunctionCode& code, Instance* instance,
                                           Slot* slots, const void* native) {
  if (!has_native_stack(context)) {
    context.fail(TrapKind::call_stack_exhausted);
    return NativeOutcome::failed;
  }
  const NativeSignature& signature = *FunctionState::of(code).signature;
  RegisterArea area;
  signature.arguments_to_registers(slots, area, context);
  if (!run(context, instance, native, area)) return NativeOutcome::failed;
  signature.results_to_slots(area, slots, context);
  return NativeOutcome::returned;
}

/// Runs a function of the host, whose arguments are in place.
[[nodiscard]] bool call_host(ExecContext& context, const FunctionCode& code, Instance* caller, Slot* slots) {
  if (context.interrupt_pending()) return context.fail(TrapKind::interrupted);
  Instance* const old_caller = std::exchange(context.caller, caller);
  Slot* const old_top = std::exchange(context.stack_top, slots + code.header_slot() + kHeaderSlots);
  const bool returned = code.host->call(context, slots);
  context.stack_top = old_top;
  context.caller = old_caller;
  return returned || context.fail(TrapKind::host_error);
}

[[nodiscard]] bool call_interpreter(ExecContext& context, FunctionCode& code, Instance* instance,
                                    Slot* slots) {
  engine::InterpreterTier& interpreter = JitTier::of(context).interpreter();
  engine::Function function{&code, instance, nullptr, code.type};
  if (interpreter.invoke(context, function, slots)) return true;
  interpreter.leave_frames(context);
  return false;
}

bool call_other_tier(ExecContext* context, FunctionCode* code, Instance* instance,
                     RegisterArea* area) noexcept {
  Slot* const slots = context->stack_top;
  if (!has_native_stack(*context) || slots + code->header_slot() + kHeaderSlots > context->stack_end) {
    return context->fail(TrapKind::call_stack_exhausted);
  }
  if (code->host == nullptr) {
    if (const void* const native = JitTier::of(*context).code_for_call(*code))
      return run(*context, instance, native, *area);
  }
  const NativeSignature& signature = *FunctionState::of(*code).signature;
  signature.arguments_to_slots(*area, slots, *context);
  const bool returned = code->host != nullptr ? call_host(*context, *code, instance, slots)
                                              : call_interpreter(*context, *code, instance, slots);
  if (returned) signature.results_to_registers(slots, *area, *context);
  return returned;
}

void raise(ExecContext* context, TrapKind kind, const void* pc, void* frame, x64::Landing* landing) noexcept {
  leave_native_frames(*context, JitTier::of(*context).cache(), kind, pc, frame, *landing);
}

TrapKind poll(ExecContext* context, const void* stack) noexcept {
  // Also without a request: one that has been answered may leave its poison.
  if (!context->answer_requests()) return TrapKind::interrupted;
  const bool is_exhausted = reinterpret_cast<uintptr_t>(stack) < context->native_stack_end;
  return is_exhausted ? TrapKind::call_stack_exhausted : TrapKind::none;
}

}  // namespace

const x64::StubTargets& stub_targets() {
  static constexpr x64::StubTargets kTargets{call_other_tier, raise, poll};
  return kTargets;
}

NativeOutcome call_compiled(ExecContext& context, FunctionCode& code, Instance* instance,
                            Slot* slots) noexcept {
  return run_with_slots(context, code, instance, slots, code.native_entry.load(std::memory_order_acquire));
}

NativeOutcome first_call(ExecContext& context, FunctionCode& code, Instance* instance, Slot* slots) noexcept {
  if (!has_native_stack(context)) {
    context.fail(TrapKind::call_stack_exhausted);
    return NativeOutcome::failed;
  }
  if (!JitTier::of(context).before_first_call(code)) return NativeOutcome::interpreted;
  return call_compiled(context, code, instance, slots);
}

NativeOutcome run_loop(ExecContext& context, FunctionCode& code, Instance* instance, Slot* slots,
                       const void* native) noexcept {
  if (!has_native_stack(context)) return NativeOutcome::interpreted;
  RegisterArea area;
  area.general[0] = reinterpret_cast<uint64_t>(slots);
  if (!run(context, instance, native, area)) return NativeOutcome::failed;
  FunctionState::of(code).signature->results_to_slots(area, slots, context);
  return NativeOutcome::returned;
}

bool enter_from_host(ExecContext& context, const FunctionCode& code, Instance* instance, Slot* slots,
                     const void* native) noexcept {
  Slot* const top = slots + code.header_slot() + kHeaderSlots;
  if (top > context.stack_end) return context.fail(TrapKind::call_stack_exhausted);
  if (context.interrupt_pending()) return context.fail(TrapKind::interrupted);
  Slot* const old_top = std::exchange(context.stack_top, top);
  const NativeOutcome outcome = run_with_slots(context, code, instance, slots, native);
  context.stack_top = old_top;
  return outcome == NativeOutcome::returned;
}

}  // namespace heddle::jit
