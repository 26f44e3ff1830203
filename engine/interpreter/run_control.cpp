// SPDX-License-Identifier: Apache-2.0
// Handlers of jumps, branches, returns, moves, variables, select and references. (Spec 4.4.3, 4.4.5, 4.4.8)
#include <cstring>

#include "engine/interpreter/handlers.h"

namespace heddle::engine {

namespace {

HEDDLE_HANDLER void unreachable(HEDDLE_STATE) { HEDDLE_TRAP_NOW(TrapKind::unreachable); }

HEDDLE_HANDLER void fuel(HEDDLE_STATE) {
  const int64_t left = context->fuel - static_cast<int64_t>(immediate32(ip));
  if (left < 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::out_of_fuel);
  context->fuel = left;
  HEDDLE_NEXT(2);
}

template <bool kBackward>
HEDDLE_HANDLER void jump(HEDDLE_STATE) {
  if constexpr (kBackward) {
    if (context->interrupt_pending()) [[unlikely]]
      HEDDLE_TRAP_NOW(TrapKind::interrupted);
  }
  ip += distance(ip);
  HEDDLE_DISPATCH();
}

template <class T, Source kSource, bool kOnZero, bool kBackward>
HEDDLE_HANDLER void branch(HEDDLE_STATE) {
  const T value = read_operand<T, kSource, 0>(ip, fp, a, f, d);
  if ((value == 0) == kOnZero) {
    if constexpr (kBackward) {
      if (context->interrupt_pending()) [[unlikely]]
        HEDDLE_TRAP_NOW(TrapKind::interrupted);
    }
    ip += distance(ip);
    HEDDLE_DISPATCH();
  }
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void branch_table(HEDDLE_STATE) {
  if (context->interrupt_pending()) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::interrupted);
  const uint32_t index = read_slot<uint32_t>(fp + field<0>(ip));
  const uint32_t last = immediate32(ip);
  int32_t target;
  std::memcpy(&target, reinterpret_cast<const char*>(ip + 2) + 4 * uint64_t{index < last ? index : last},
              sizeof target);
  ip += target;
  HEDDLE_DISPATCH();
}

// Returns. The results already stand, or are put here, at the frame's start, where the caller expects them.

HEDDLE_HANDLER void return_nothing(HEDDLE_STATE) {
  const Slot* header = fp + field<1>(ip);
  ip = reinterpret_cast<const Word*>(header[0]);
  fp = reinterpret_cast<Slot*>(header[1]);
  HEDDLE_DISPATCH();
}

/// T is the result's type as far as registers go: uint64_t, float or double.
template <class T, Source kSource>
HEDDLE_HANDLER void return_one(HEDDLE_STATE) {
  T value;
  if constexpr (kSource == Source::immediate) {
    std::memcpy(&value, ip + 2, sizeof value);
  } else {
    value = read_operand<T, kSource, 0>(ip, fp, a, f, d);
  }
  const Slot* header = fp + field<1>(ip);
  write_slot(fp, value);
  if constexpr (std::is_same_v<T, float>) {
    f = value;
  } else if constexpr (std::is_same_v<T, double>) {
    d = value;
  } else {
    a = value;
  }
  ip = reinterpret_cast<const Word*>(header[0]);
  fp = reinterpret_cast<Slot*>(header[1]);
  HEDDLE_DISPATCH();
}

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

// Moves. They leave the accumulators alone.

HEDDLE_HANDLER void copy(HEDDLE_STATE) {
  fp[field<0>(ip)] = fp[field<1>(ip)];
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void copy_two(HEDDLE_STATE) {
  fp[field<0>(ip)] = fp[field<1>(ip)];
  fp[field<2>(ip)] = fp[field<3>(ip)];
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void copy_f32(HEDDLE_STATE) {
  std::memcpy(fp + field<0>(ip), fp + field<1>(ip), sizeof(float));
  HEDDLE_NEXT(2);
}

/// Moves a range down; ascending, so overlapping is fine.
HEDDLE_HANDLER void copy_range(HEDDLE_STATE) {
  Slot* to = fp + field<0>(ip);
  const Slot* from = fp + field<1>(ip);
  for (uint32_t i = 0, count = immediate32(ip); i < count; ++i) to[i] = from[i];
  HEDDLE_NEXT(2);
}

template <class T>
HEDDLE_HANDLER void store_accumulator(HEDDLE_STATE) {
  const T value = read_accumulator<T>(a, f, d);
  std::memcpy(fp + field<0>(ip), &value, sizeof value);
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void constant(HEDDLE_STATE) {
  fp[field<0>(ip)] = immediate32(ip);
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void constant64(HEDDLE_STATE) {
  fp[field<0>(ip)] = ip[2];
  HEDDLE_NEXT(3);
}

// Variables.

template <class T>
HEDDLE_HANDLER void global_get(HEDDLE_STATE) {
  const T value = read_slot<T>(instance->globals[immediate32(ip)]->value);
  write_result<Target::slot>(value, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <class T, Source kSource>
HEDDLE_HANDLER void global_set(HEDDLE_STATE) {
  write_slot(instance->globals[immediate32(ip)]->value, read_operand<T, kSource, 1>(ip, fp, a, f, d));
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void global_set_immediate(HEDDLE_STATE) {
  instance->globals[immediate32(ip)]->value[0] = ip[2];
  HEDDLE_NEXT(3);
}

template <class T, Source kCondition>
HEDDLE_HANDLER void select(HEDDLE_STATE) {
  const uint32_t condition = read_operand<uint32_t, kCondition, 1>(ip, fp, a, f, d);
  const uint32_t chosen = condition != 0 ? field<2>(ip) : field<3>(ip);
  write_result<Target::slot>(read_slot<T>(fp + chosen), ip, fp, a, f, d);
  HEDDLE_NEXT(2);
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
  single.branch_zero[source][wide][0] = branch<T, kSource, true, false>;
  single.branch_zero[source][wide][1] = branch<T, kSource, true, true>;
  single.branch_nonzero[source][wide][0] = branch<T, kSource, false, false>;
  single.branch_nonzero[source][wide][1] = branch<T, kSource, false, true>;
}

template <class T>
void fill_register(SingleHandlers& single, Register which) {
  const unsigned index = static_cast<unsigned>(which);
  single.return_one[index][0] = return_one<T, Source::slot>;
  single.return_one[index][1] = return_one<T, Source::accumulator>;
  single.return_one[index][2] = return_one<T, Source::immediate>;
  single.store_accumulator[index] = store_accumulator<T>;
  single.global_get[index] = global_get<T>;
  single.global_set[index][0] = global_set<T, Source::slot>;
  single.global_set[index][1] = global_set<T, Source::accumulator>;
  single.select[index][0] = select<T, Source::slot>;
  single.select[index][1] = select<T, Source::accumulator>;
}

}  // namespace

void add_control_handlers(HandlerTable& table) {
  SingleHandlers& single = table.single;
  single.unreachable = unreachable;
  single.fuel = fuel;
  single.jump[0] = jump<false>;
  single.jump[1] = jump<true>;
  fill_branches<uint32_t, Source::slot>(single);
  fill_branches<uint32_t, Source::accumulator>(single);
  fill_branches<uint64_t, Source::slot>(single);
  fill_branches<uint64_t, Source::accumulator>(single);
  single.branch_table = branch_table;
  single.return_nothing = return_nothing;
  single.return_many = return_many;
  single.copy = copy;
  single.copy_two = copy_two;
  single.copy_f32 = copy_f32;
  single.copy_range = copy_range;
  single.constant = constant;
  single.constant64 = constant64;
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
