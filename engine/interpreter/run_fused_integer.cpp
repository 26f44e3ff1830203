// SPDX-License-Identifier: Apache-2.0
// Handlers of fused integer rows: chains of two operations, and loop steps (add, compare, branch),
// comparisons that select.
#include "engine/interpreter/run_fused.h"

namespace heddle::engine {

namespace {

/// Two counters or pointers move on together.
HEDDLE_HANDLER void add_two(HEDDLE_STATE) {
  write_slot(fp + field<0>(ip), read_slot<uint32_t>(fp + field<1>(ip)) + static_cast<uint32_t>(ip[2]));
  const uint32_t second = read_slot<uint32_t>(fp + field<3>(ip)) + static_cast<uint32_t>(ip[2] >> 32);
  a = second;
  fp[field<2>(ip)] = a;
  HEDDLE_NEXT(3);
}

template <class Compare, bool kAddSlot, bool kConstant, bool kWanted, bool kBackward>
HEDDLE_HANDLER void step(HEDDLE_STATE) {
  using T = typename Compare::Left;
  const uint32_t lower = static_cast<uint32_t>(ip[2]);
  const uint32_t addend = kAddSlot ? read_slot<uint32_t>(fp + lower) : lower;
  const uint32_t sum = read_slot<uint32_t>(fp + field<1>(ip)) + addend;
  const uint32_t upper = static_cast<uint32_t>(ip[2] >> 32);
  write_result<Target::slot>(sum, ip, fp, a, f, d);
  const T bound = static_cast<T>(kConstant ? upper : read_slot<uint32_t>(fp + upper));
  if ((Compare::apply(static_cast<T>(sum), bound) != 0) == kWanted) {
    if constexpr (kBackward) {
      if (context->interrupt_pending()) [[unlikely]]
        HEDDLE_TRAP_NOW(TrapKind::interrupted);
    }
    ip += distance(ip);
    HEDDLE_DISPATCH();
  }
  HEDDLE_NEXT(3);
}

template <class Compare, bool kAddSlot, bool kConstant>
void fill_step(StepHandlers& row) {
  auto& form = row.form[kAddSlot][kConstant];
  form[0][0] = step<Compare, kAddSlot, kConstant, false, false>;
  form[0][1] = step<Compare, kAddSlot, kConstant, false, true>;
  form[1][0] = step<Compare, kAddSlot, kConstant, true, false>;
  form[1][1] = step<Compare, kAddSlot, kConstant, true, true>;
}

/// Slots of a comparison that shares an instruction are in word 2.
template <class T, Source kSource, unsigned kShift>
[[nodiscard]] inline T read_select_operand(const Word* ip, const Slot* fp, uint64_t a) {
  if constexpr (kSource == Source::immediate) {
    return static_cast<T>(ip[2] >> 32);
  } else {
    return kSource == Source::accumulator ? static_cast<T>(a) : read_slot<T>(fp + (ip[2] >> kShift & 0xffff));
  }
}

template <class Compare, Pair kPair>
HEDDLE_HANDLER void compare_and_select(HEDDLE_STATE) {
  using T = typename Compare::Left;
  const T left = read_select_operand<T, left_of(kPair), 0>(ip, fp, a);
  const T right = read_select_operand<T, right_of(kPair), 16>(ip, fp, a);
  const uint32_t chosen = Compare::apply(left, right) != 0 ? field<1>(ip) : field<2>(ip);
  write_result<Target::slot>(fp[chosen], ip, fp, a, f, d);
  HEDDLE_NEXT(3);
}

template <class Compare>
void fill_comparison(FusedTable& table, Opcode opcode) {
  if constexpr (sizeof(typename Compare::Left) == 4 && std::is_integral_v<typename Compare::Left>) {
    StepHandlers& row = table.step[static_cast<size_t>(opcode)];
    fill_step<Compare, false, false>(row);
    fill_step<Compare, false, true>(row);
    fill_step<Compare, true, false>(row);
    fill_step<Compare, true, true>(row);
    SelectHandlers& selects = table.select[static_cast<size_t>(opcode)];
    selects.form[static_cast<unsigned>(Pair::slot_slot)] = compare_and_select<Compare, Pair::slot_slot>;
    selects.form[static_cast<unsigned>(Pair::slot_immediate)] =
        compare_and_select<Compare, Pair::slot_immediate>;
    selects.form[static_cast<unsigned>(Pair::accumulator_slot)] =
        compare_and_select<Compare, Pair::accumulator_slot>;
    selects.form[static_cast<unsigned>(Pair::accumulator_immediate)] =
        compare_and_select<Compare, Pair::accumulator_immediate>;
  }
}

}  // namespace

void add_chain32_handlers(FusedTable& table) {
  fill_chains<kChained32>(table.chain32, std::make_index_sequence<std::size(kChained32)>());
}

void add_chain64_handlers(FusedTable& table) {
  fill_chains<kChained64>(table.chain64, std::make_index_sequence<std::size(kChained64)>());
}

void add_comparison_handlers(FusedTable& table) {
  table.add_two = add_two;
#define WASM_COMPARE(name, ...) fill_comparison<Semantics<Opcode::name>>(table, Opcode::name);
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
