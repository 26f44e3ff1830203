// SPDX-License-Identifier: Apache-2.0
// Handlers of jumps, branches, returns, moves, variables, select and references. (Spec 4.4.3, 4.4.5, 4.4.8)
#include "engine/interpreter/bodies_control.h"
#include "engine/interpreter/handlers.h"

namespace heddle::engine {

/// False after a trap.
[[gnu::noinline]] static bool answer(ExecContext* context, Instance* instance, const Word* ip, Slot* fp) {
  if (context->sampler != nullptr && context->sample_pending())
    context->countdown = context->sampler->sample(*context, *instance, ip);
  if (context->answer_requests()) return true;
  record_trap(context, instance, ip, fp, TrapKind::interrupted);
  return false;
}

HEDDLE_HANDLER void poll(HEDDLE_STATE) {
  if (!answer(context, instance, ip, fp)) return;
  HEDDLE_DISPATCH();
}

namespace {

HEDDLE_HANDLER void unreachable(HEDDLE_STATE) { HEDDLE_TRAP_NOW(TrapKind::unreachable); }

/// False after a trap.
[[gnu::noinline]] bool refuel_for(ExecContext* context, Instance* instance, const Word* ip, Slot* fp) {
  if (context->refuel(immediate32(ip))) return true;
  record_trap(context, instance, ip, fp, TrapKind::out_of_fuel);
  return false;
}

/// Runs the instruction at ip, which is `fuel`, again with a new slice, or traps.
HEDDLE_HANDLER void refuel(HEDDLE_STATE) {
  if (!refuel_for(context, instance, ip, fp)) return;
  HEDDLE_DISPATCH();
}

HEDDLE_HANDLER void fuel(HEDDLE_STATE) {
  const int64_t left = context->fuel - static_cast<int64_t>(immediate32(ip));
  if (left < 0) [[unlikely]]
    HEDDLE_TAIL return refuel(HEDDLE_PASS);
  context->fuel = left;
  HEDDLE_NEXT(2);
}

// The results stand at the frame's start, where the caller expects them.
HEDDLE_HANDLER void return_many(HEDDLE_STATE) {
  const Slot* header = fp + field<1>(ip);
  const Word* target = reinterpret_cast<const Word*>(header[0]);
  Slot* caller = reinterpret_cast<Slot*>(header[1]);
  const Slot* from = fp + field<0>(ip);
  for (uint32_t i = 0, count = immediate32(ip); i < count; ++i) fp[i] = from[i];
  ip = target;
  fp = caller;
  HEDDLE_DISPATCH();
}

/// Leaves the frame of which the direct call right before ip names the header.
#define HEDDLE_RETURN_CALLED()                           \
  do {                                                   \
    const Slot* header = fp + field<2>(ip - kCallWords); \
    ip = reinterpret_cast<const Word*>(header[0]);       \
    fp = reinterpret_cast<Slot*>(header[1]);             \
    HEDDLE_DISPATCH();                                   \
  } while (0)

HEDDLE_HANDLER void return_called_nothing(HEDDLE_STATE) { HEDDLE_RETURN_CALLED(); }

template <class T>
HEDDLE_HANDLER void return_called(HEDDLE_STATE) {
  write_slot(fp, read_accumulator<T>(a, f, d));
  HEDDLE_RETURN_CALLED();
}

/// Moves a range down; ascending, so overlapping is fine.
HEDDLE_HANDLER void copy_range(HEDDLE_STATE) {
  Slot* to = fp + field<0>(ip);
  const Slot* from = fp + field<1>(ip);
  for (uint32_t i = 0, count = immediate32(ip); i < count; ++i) to[i] = from[i];
  HEDDLE_NEXT(2);
}

// Variables.

HEDDLE_HANDLER void global_set_immediate(HEDDLE_STATE) {
  instance->globals[immediate32(ip)]->value[0] = ip[2];
  HEDDLE_NEXT(3);
}

// References.

HEDDLE_HANDLER void reference_function(HEDDLE_STATE) {
  a = reinterpret_cast<Slot>(instance->function(immediate32(ip)));
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(2);
}

template <Source kSource>
HEDDLE_HANDLER void is_null(HEDDLE_STATE) {
  const uint32_t result = read_operand<Slot, kSource, 1>(ip, fp, a, f, d) == 0;
  write_result<Target::slot>(result, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void as_non_null(HEDDLE_STATE) {
  if (fp[field<1>(ip)] == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  HEDDLE_NEXT(2);
}

template <class T, Source kSource>
void fill_branches(SingleHandlers& single) {
  constexpr unsigned source = static_cast<unsigned>(kSource);
  constexpr unsigned wide = sizeof(T) == 8;
  single.branch_zero[source][wide][0] = make_handler<Branch<T, kSource, true, false>>();
  single.branch_zero[source][wide][1] = make_handler<Branch<T, kSource, true, true>>();
  single.branch_nonzero[source][wide][0] = make_handler<Branch<T, kSource, false, false>>();
  single.branch_nonzero[source][wide][1] = make_handler<Branch<T, kSource, false, true>>();
}

template <class T>
void fill_register(SingleHandlers& single, Register which) {
  const unsigned index = static_cast<unsigned>(which);
  single.return_one[index][0] = make_handler<ReturnOne<T, Source::slot>>();
  single.return_one[index][1] = make_handler<ReturnOne<T, Source::accumulator>>();
  single.return_one[index][2] = make_handler<ReturnOne<T, Source::immediate>>();
  single.return_called[index] = return_called<T>;
  single.store_accumulator[index] = make_handler<StoreAccumulator<T>>();
  single.global_get[index] = make_handler<GlobalGet<T>>();
  single.global_set[index][0] = make_handler<GlobalSet<T, Source::slot>>();
  single.global_set[index][1] = make_handler<GlobalSet<T, Source::accumulator>>();
  single.select[index][0] = make_handler<Select<T, Source::slot>>();
  single.select[index][1] = make_handler<Select<T, Source::accumulator>>();
}

}  // namespace

void add_control_handlers(HandlerTable& table) {
  SingleHandlers& single = table.single;
  single.unreachable = unreachable;
  single.fuel = fuel;
  single.jump[0] = make_handler<Jump<false>>();
  single.jump[1] = make_handler<Jump<true>>();
  fill_branches<uint32_t, Source::slot>(single);
  fill_branches<uint32_t, Source::accumulator>(single);
  fill_branches<uint64_t, Source::slot>(single);
  fill_branches<uint64_t, Source::accumulator>(single);
  single.branch_table = make_handler<BranchTable>();
  single.return_nothing = make_handler<ReturnNothing>();
  single.return_many = return_many;
  single.return_called_nothing = return_called_nothing;
  single.copy = make_handler<Copy>();
  single.copy_f32 = make_handler<CopyF32>();
  single.copy_range = copy_range;
  single.constant = make_handler<Constant>();
  single.constant64 = make_handler<Constant64>();
  single.global_set_immediate = global_set_immediate;
  single.reference_function = reference_function;
  single.is_null[0] = is_null<Source::slot>;
  single.is_null[1] = is_null<Source::accumulator>;
  single.as_non_null = as_non_null;
  fill_register<uint64_t>(single, Register::integer);
  fill_register<float>(single, Register::f32);
  fill_register<double>(single, Register::f64);
}

}  // namespace heddle::engine
