// SPDX-License-Identifier: Apache-2.0
// Handlers of calls, tail calls, function entry, first calls and calls of the host. (Spec 4.4.10)
//
// The caller writes the callee's header (see code.h) and continues at the callee's code with its FunctionCode
// in `a`. A call instruction is followed by a `reload`: the return address points behind it, or, if the
// callee runs in another instance, at it. A tail call into another instance does the same on its caller's
// behalf. In a module without tail calls an own function comes back in the same instance: calls of those need
// no reload, unless it says where exceptions are caught.
#include "engine/interpreter/bodies_call.h"
#include "engine/interpreter/handlers.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/unwind.h"
#include "engine/module/types.h"
#include "engine/runtime/tier.h"

namespace heddle::engine {

namespace {

/// A callee of another instance came back: take up this frame's own instance again.
HEDDLE_HANDLER void reload(HEDDLE_STATE) {
  instance = reinterpret_cast<Instance*>(fp[field<0>(ip) + 2]);
  memory = instance->memory0_base;
  HEDDLE_NEXT(kReloadWords);
}

/// Calls `function` from the call instruction at ip, which has `words` words. Ends the handler.
#define HEDDLE_CALL_FUNCTION(function, words)                                  \
  do {                                                                         \
    Slot* header = fp + field<1>(ip);                                          \
    header[1] = reinterpret_cast<Slot>(fp);                                    \
    fp += field<0>(ip);                                                        \
    a = reinterpret_cast<uint64_t>((function)->code);                          \
    if ((function)->instance == instance || (function)->instance == nullptr) { \
      header[0] = reinterpret_cast<Slot>(ip + (words) + kReloadWords);         \
    } else {                                                                   \
      header[0] = reinterpret_cast<Slot>(ip + (words));                        \
      instance = (function)->instance;                                         \
      memory = instance->memory0_base;                                         \
    }                                                                          \
    ip = entry_of((function)->code);                                           \
    HEDDLE_DISPATCH();                                                         \
  } while (0)

HEDDLE_HANDLER void call_import(HEDDLE_STATE) {
  const Function* function = instance->functions[immediate32(ip)];
  HEDDLE_CALL_FUNCTION(function, 2);
}

/// The function of a call_indirect, or why there is none. Returned by value: a handler whose locals'
/// addresses escape could not end in a tail call.
struct IndirectTarget {
  const Function* function;
  TrapKind trap;
};

template <class Index>
[[nodiscard]] inline IndirectTarget find_indirect(const Instance* instance, Word type_and_table,
                                                  const Slot* index_slot) {
  Table& table = *instance->tables[type_and_table >> 32];
  const Index index = read_slot<Index>(index_slot);
  if (index >= table.size()) [[unlikely]]
    return {nullptr, TrapKind::undefined_element};
  const Function* function = reinterpret_cast<const Function*>(table.elements()[index]);
  if (function == nullptr) [[unlikely]]
    return {nullptr, TrapKind::uninitialized_element};
  const TypeId wanted = static_cast<TypeId>(type_and_table);
  if (function->type != wanted && !instance->module->registry->is_subtype(function->type, wanted))
      [[unlikely]] {
    return {nullptr, TrapKind::indirect_call_type_mismatch};
  }
  return {function, TrapKind::none};
}

template <class Index>
HEDDLE_HANDLER void call_indirect(HEDDLE_STATE) {
  const IndirectTarget target = find_indirect<Index>(instance, ip[2], fp + field<2>(ip));
  if (target.function == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(target.trap);
  HEDDLE_CALL_FUNCTION(target.function, 3);
}

HEDDLE_HANDLER void call_reference(HEDDLE_STATE) {
  const Function* function = reinterpret_cast<const Function*>(fp[field<2>(ip)]);
  if (function == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_function_reference);
  HEDDLE_CALL_FUNCTION(function, 2);
}

// Tail calls: the arguments move to the frame's start, the header to where the new callee has it.

/// Moves arguments and header; field 0: first argument, 1: own header, 2: argument slots, 3: the callee's
/// header.
[[gnu::always_inline]] inline void replace_frame(const Word* ip, Slot* fp) {
  const Slot* header = fp + field<1>(ip);
  const Slot return_address = header[0];
  const Slot caller = header[1];
  const Slot* from = fp + field<0>(ip);
  for (uint32_t i = 0, count = field<2>(ip); i < count; ++i) fp[i] = from[i];
  Slot* new_header = fp + field<3>(ip);
  new_header[0] = return_address;
  new_header[1] = caller;
}

HEDDLE_HANDLER void leave(HEDDLE_STATE);

/// The return address of a frame that is about to run in another instance: the caller's reload. It stands
/// right before the usual return address, and the address may be that of the reload already; the host needs
/// none.
[[nodiscard]] inline Slot reloading(Slot return_address) {
  const Word* target = reinterpret_cast<const Word*>(return_address);
  if (*target == word_of(reload) || *target == word_of(leave)) return return_address;
  return reinterpret_cast<Slot>(target - kReloadWords);
}

/// Tail calls `function` from the instruction at ip. Ends the handler.
#define HEDDLE_TAIL_CALL_FUNCTION(function)                            \
  do {                                                                 \
    const Function* target = (function);                               \
    if (context->must_answer()) [[unlikely]]                           \
      HEDDLE_POLL();                                                   \
    replace_frame(ip, fp);                                             \
    a = reinterpret_cast<uint64_t>(target->code);                      \
    if (target->instance != instance && target->instance != nullptr) { \
      Slot* header = fp + field<3>(ip);                                \
      header[0] = reloading(header[0]);                                \
      instance = target->instance;                                     \
      memory = instance->memory0_base;                                 \
    }                                                                  \
    ip = entry_of(target->code);                                       \
    HEDDLE_DISPATCH();                                                 \
  } while (0)

HEDDLE_HANDLER void return_call(HEDDLE_STATE) {
  if (context->must_answer()) [[unlikely]]
    HEDDLE_POLL();
  replace_frame(ip, fp);
  a = ip[2];
  ip = entry_of(reinterpret_cast<const FunctionCode*>(ip[2]));
  HEDDLE_DISPATCH();
}

HEDDLE_HANDLER void return_call_import(HEDDLE_STATE) {
  HEDDLE_TAIL_CALL_FUNCTION(instance->functions[ip[2]]);
}

template <class Index>
HEDDLE_HANDLER void return_call_indirect(HEDDLE_STATE) {
  const IndirectTarget found = find_indirect<Index>(instance, ip[2], fp + ip[3]);
  if (found.function == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(found.trap);
  HEDDLE_TAIL_CALL_FUNCTION(found.function);
}

HEDDLE_HANDLER void return_call_reference(HEDDLE_STATE) {
  const Function* function = reinterpret_cast<const Function*>(fp[ip[2]]);
  if (function == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_function_reference);
  HEDDLE_TAIL_CALL_FUNCTION(function);
}

// Entry points that are not in translated code.

/// Makes the caller's call instruction, in the caller's instance, the present one, so that a trap's backtrace
/// begins there.
[[gnu::always_inline]] inline void step_back(const FunctionCode* code, const Word*& ip, Slot*& fp,
                                             Instance*& instance) {
  const Slot* header = fp + code->header_slot();
  const Word* return_address = reinterpret_cast<const Word*>(header[0]);
  ip = return_address - 1;
  fp = reinterpret_cast<Slot*>(header[1]);
  if (*return_address == word_of(reload)) {
    instance = reinterpret_cast<Instance*>(fp[field<0>(return_address) + 2]);
  }
}

/// First call of a function: `a` holds its code, whose entry still says so. Translates, then starts again.
HEDDLE_HANDLER void translate(HEDDLE_STATE) {
  FunctionCode* code = reinterpret_cast<FunctionCode*>(a);
  if (!translate_function(*code)) [[unlikely]] {  // its frame fits no stack
    step_back(code, ip, fp, instance);
    HEDDLE_TRAP_NOW(TrapKind::call_stack_exhausted);
  }
  ip = entry_of(code);
  HEDDLE_DISPATCH();
}

/// Goes on behind a call whose function somebody else has run: its results are in the frame at fp.
#define HEDDLE_FINISH_CALL(header)                           \
  do {                                                       \
    a = fp[0];                                               \
    f = read_slot<float>(fp);                                \
    d = read_slot<double>(fp);                               \
    v = read_vector(fp); /* the header, if it is narrower */ \
    ip = reinterpret_cast<const Word*>((header)[0]);         \
    fp = reinterpret_cast<Slot*>((header)[1]);               \
    HEDDLE_DISPATCH();                                       \
  } while (0)

/// Goes on after that function has failed: at the clause that catches its exception, or with a trap at its
/// call.
#define HEDDLE_FAIL_CALL(code)                                        \
  do {                                                                \
    if (context->trap.kind == TrapKind::exception &&                  \
        unwind_host(*context, fp, (code)->header_slot(), instance)) { \
      ip = context->landing.ip;                                       \
      fp = context->landing.fp;                                       \
      instance = context->landing.instance;                           \
      memory = instance->memory0_base;                                \
      HEDDLE_DISPATCH();                                              \
    }                                                                 \
    step_back((code), ip, fp, instance);                              \
    HEDDLE_TRAP_NOW(TrapKind::host_error);                            \
  } while (0)

/// Runs a host function: `a` holds its code. Its frame starts at fp like any other.
HEDDLE_HANDLER void call_host(HEDDLE_STATE) {
  const FunctionCode* code = reinterpret_cast<const FunctionCode*>(a);
  Slot* header = fp + code->header_slot();
  Slot* top = header + kHeaderSlots;
  // A request to yield can wait; an interrupt cannot, the host function may take long.
  if (top > context->stack_end || context->interrupt_pending()) [[unlikely]] {
    step_back(code, ip, fp, instance);
    HEDDLE_TRAP_NOW(context->interrupt_pending() ? TrapKind::interrupted : TrapKind::call_stack_exhausted);
  }
  Slot* const old_top = context->stack_top;
  Instance* const old_caller = context->caller;
  context->stack_top = top;
  context->caller = instance;
  const bool returned = code->host->call(*context, fp);
  context->stack_top = old_top;
  context->caller = old_caller;
  if (!returned) [[unlikely]]
    HEDDLE_FAIL_CALL(code);
  HEDDLE_FINISH_CALL(header);
}

/// Runs a function that is compiled, or is about to be: `a` holds its code, whose entry this word is.
HEDDLE_HANDLER void call_native(HEDDLE_STATE) {
  FunctionCode* const code = reinterpret_cast<FunctionCode*>(a);
  const Slot* const header = fp + code->header_slot();
  Slot* const top = fp + code->header_slot() + kHeaderSlots;
  if (top > context->stack_end) [[unlikely]] {
    step_back(code, ip, fp, instance);
    HEDDLE_TRAP_NOW(TrapKind::call_stack_exhausted);
  }
  Slot* const old_top = context->stack_top;
  context->stack_top = top;
  const NativeOutcome outcome = reinterpret_cast<NativeCall>(ip[1])(*context, *code, instance, fp);
  context->stack_top = old_top;
  if (outcome == NativeOutcome::interpreted) [[unlikely]] {
    ip = entry_of(code);
    HEDDLE_DISPATCH();
  }
  if (outcome == NativeOutcome::handed_over) return;
  if (outcome == NativeOutcome::failed) [[unlikely]]
    HEDDLE_FAIL_CALL(code);
  HEDDLE_FINISH_CALL(header);
}

/// The header of a loop that is compiled: the rest of the function runs there. Its frame is here, without its
/// slots.
HEDDLE_HANDLER void enter_loop(HEDDLE_STATE) {
  const ModuleCode::Loop* const loop = ModuleCode::of(*instance->module).loop_at(ip);
  FunctionCode* const code = loop->function;
  const Slot* const header = fp + code->header_slot();
  Slot* const old_top = context->stack_top;
  context->stack_top = fp + code->header_slot() + kHeaderSlots;
  const NativeOutcome outcome = loop->target.run(*context, *code, instance, fp, loop->target.native);
  context->stack_top = old_top;
  if (outcome == NativeOutcome::interpreted) [[unlikely]]
    HEDDLE_TAIL return reinterpret_cast<Handler>(loop->handler)(HEDDLE_PASS);
  if (outcome == NativeOutcome::handed_over) return;
  if (outcome == NativeOutcome::failed) [[unlikely]]
    HEDDLE_FAIL_CALL(code);
  HEDDLE_FINISH_CALL(header);
}

/// The outermost frame returned: back to C++.
HEDDLE_HANDLER void leave(HEDDLE_STATE) {}

}  // namespace

void add_call_handlers(HandlerTable& table) {
  SingleHandlers& single = table.single;
  single.enter = make_handler<Enter>();
  single.reload = reload;
  single.call = make_handler<Call>();
  single.call_reloading = make_handler<CallReloading>();
  single.call_import = call_import;
  single.call_indirect[0] = call_indirect<uint32_t>;
  single.call_indirect[1] = call_indirect<uint64_t>;
  single.call_reference = call_reference;
  single.return_call = return_call;
  single.return_call_import = return_call_import;
  single.return_call_indirect[0] = return_call_indirect<uint32_t>;
  single.return_call_indirect[1] = return_call_indirect<uint64_t>;
  single.return_call_reference = return_call_reference;
  single.translate = translate;
  single.call_host = call_host;
  single.call_native = call_native;
  single.enter_loop = enter_loop;
  single.leave = leave;
}

}  // namespace heddle::engine
