// SPDX-License-Identifier: Apache-2.0
// Crossings: values between slots and registers, limits, and the C++ that stubs call.
#include "jit/tiering/crossings.h"

#include <utility>

#include "jit/tiering/jit_tier.h"
#include "jit/tiering/native_frames.h"
#include "jit/x64/executable_memory.h"

namespace heddle::jit {

/// The stub of that name, once it is made: written before any code that goes there is published. With C
/// linkage, since assembly names it.
extern "C" {
[[gnu::used, gnu::visibility("hidden")]] uintptr_t heddle_call_other_tier = 0;
}

namespace {

using engine::ExecContext;
using engine::FunctionCode;
using engine::Instance;
using engine::NativeOutcome;
using engine::Slot;
using x64::CallEnd;
using x64::RegisterArea;

using Enter = bool (*)(ExecContext*, Instance*, const void* code, RegisterArea*);

/// Slots that a frame of tier 0 has behind those for arguments and results.
constexpr uint32_t kHeaderSlots = 3;

/// UndefinedBehaviorSanitizer would look for a function's type in front of the stub, where nothing is.
[[nodiscard, gnu::noinline]] __attribute__((no_sanitize("undefined"))) bool run(ExecContext& context,
                                                                                Instance* instance,
                                                                                const void* native,
                                                                                RegisterArea& area) {
  return reinterpret_cast<Enter>(stubs()->enter)(&context, instance, native, &area);
}

/// Who called tier 0 from compiled code (ExecContext::native_caller), and what takes its place.
struct NativeCaller {
  RegisterArea* area;
  CallEnd end;
};

[[nodiscard]] NativeCaller& native_caller(const ExecContext& context) {
  return *static_cast<NativeCaller*>(context.native_caller);
}

/// Endless tail calls take no native stack, in whatever tiers: where tier 0 would run `native` and then
/// return to compiled code, that compiled code goes on there instead. False: it would return to something
/// else. True: arguments are to be put into the caller's area.
[[nodiscard]] bool hand_over(ExecContext& context, const FunctionCode& code, Instance* instance,
                             const Slot* slots, const void* native) {
  const auto return_address = reinterpret_cast<const uint64_t*>(slots[code.header_slot()]);
  if (return_address != JitTier::of(context).return_to_native()) return false;
  native_caller(context).end = {reinterpret_cast<uintptr_t>(native), instance};
  return true;
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

[[nodiscard]] CallEnd call_interpreter(ExecContext& context, FunctionCode& code, Instance* instance,
                                       Slot* slots, RegisterArea& area) {
  engine::InterpreterTier& interpreter = JitTier::of(context).interpreter();
  engine::Function function{&code, instance, nullptr, code.type};
  NativeCaller caller{&area, {CallEnd::kReturned, nullptr}};
  void* const old_caller = std::exchange(context.native_caller, &caller);
  const bool returned = interpreter.invoke_for_native(context, function, slots);
  context.native_caller = old_caller;
  if (returned) return caller.end;
  interpreter.leave_frames(context);
  return {};
}

CallEnd call_other_tier(ExecContext* context, FunctionCode* code, Instance* instance,
                        RegisterArea* area) noexcept {
  Slot* const slots = context->stack_top;
  if (!has_native_stack(*context) || slots + code->header_slot() + kHeaderSlots > context->stack_end) {
    context->fail(TrapKind::call_stack_exhausted);
    return {};
  }
  if (code->host == nullptr) {
    if (const void* const native = JitTier::of(*context).code_for_call(*code))
      return {reinterpret_cast<uintptr_t>(native), instance};
  }
  const NativeSignature& signature = *FunctionState::of(*code).signature;
  signature.arguments_to_slots(*area, slots, *context);
  CallEnd end;
  if (code->host == nullptr) {
    end = call_interpreter(*context, *code, instance, slots, *area);
  } else if (call_host(*context, *code, instance, slots)) {
    end.code = CallEnd::kReturned;
  }
  if (end.code == CallEnd::kReturned) signature.results_to_registers(slots, *area, *context);
  return end;
}

void raise(ExecContext* context, TrapKind kind, const void* pc, void* frame, x64::Landing* landing) noexcept {
  leave_native_frames(*context, *JitTier::of(*context).cache(), kind, pc, frame, *landing);
}

TrapKind poll(ExecContext* context, const void* stack) noexcept {
  if (context->sample_pending()) JitTier::of(*context).found_in_compiled_code(*context);
  // Also without a request: one that has been answered may leave its poison.
  if (!context->answer_requests()) return TrapKind::interrupted;
  const bool is_exhausted = reinterpret_cast<uintptr_t>(stack) < context->native_stack_end;
  return is_exhausted ? TrapKind::call_stack_exhausted : TrapKind::none;
}

TrapKind refuel(ExecContext* context, int64_t cost) noexcept {
  context->fuel += cost;
  if (!context->refuel(cost)) return TrapKind::out_of_fuel;
  context->fuel -= cost;
  return TrapKind::none;
}

constexpr size_t kStubBytes = 4096;

[[gnu::naked]] void go_to_other_tier() { asm("jmp *heddle_call_other_tier(%rip)"); }

/// All null if it can't be.
[[nodiscard]] x64::Stubs make_shared_stubs() noexcept {
  // Never deleted: guests may run while the process exits.
  static auto* const memory = new x64::ExecutableMemory(kStubBytes);
  const auto made = x64::make_stubs({call_other_tier, raise, poll, refuel}, *memory);
  if (!made.ok()) return {};
  heddle_call_other_tier = made->call_other_tier;
  return *made;
}

}  // namespace

const x64::Stubs* stubs() noexcept {
  static const x64::Stubs made = make_shared_stubs();
  return made.enter != 0 ? &made : nullptr;
}

const void* entry_to_other_tier() noexcept { return reinterpret_cast<const void*>(go_to_other_tier); }

NativeOutcome call_compiled(ExecContext& context, FunctionCode& code, Instance* instance,
                            Slot* slots) noexcept {
  const void* const native = code.native_entry.load(std::memory_order_acquire);
  if (!hand_over(context, code, instance, slots, native))
    return run_with_slots(context, code, instance, slots, native);
  FunctionState::of(code).signature->arguments_to_registers(slots, *native_caller(context).area, context);
  return NativeOutcome::handed_over;
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
  if (hand_over(context, code, instance, slots, native)) {
    native_caller(context).area->general[0] = reinterpret_cast<uint64_t>(slots);
    return NativeOutcome::handed_over;
  }
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
