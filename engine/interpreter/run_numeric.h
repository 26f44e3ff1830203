// SPDX-License-Identifier: Apache-2.0
// Handler templates of the numeric rows: one per shape of operands, instantiated for each semantics type.
//
// Included by run_integer.cpp and run_float.cpp only.
#pragma once

#include <type_traits>

#include "engine/interpreter/handlers.h"
#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::engine {

template <class Op, Pair kPair>
inline constexpr unsigned kBinaryWords =
    left_of(kPair) == Source::immediate || right_of(kPair) == Source::immediate
        ? kImmediateWords<typename Op::Left>
        : 2;

// Field 1 holds the left slot, field 2 the right; beside an immediate the one slot is always in field 1.
template <class T, Pair kPair>
[[nodiscard]] inline T read_right(const Word* ip, const Slot* fp, uint64_t a, float f, double d) {
  if constexpr (left_of(kPair) == Source::immediate) {
    return read_operand<T, right_of(kPair), 1>(ip, fp, a, f, d);
  } else {
    return read_operand<T, right_of(kPair), 2>(ip, fp, a, f, d);
  }
}

template <class Op, Source kSource, Target kTarget>
HEDDLE_HANDLER static void unary(HEDDLE_STATE) {
  const auto argument = read_operand<typename Op::Argument, kSource, 1>(ip, fp, a, f, d);
  typename Op::Result result;
  if constexpr (Op::kTraps) {
    const TrapKind trap = Op::apply(argument, result);
    if (trap != TrapKind::none) [[unlikely]]
      HEDDLE_TRAP_NOW(trap);
  } else {
    result = Op::apply(argument);
  }
  write_result<kTarget>(result, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <class Op, Pair kPair, Target kTarget>
HEDDLE_HANDLER static void binary(HEDDLE_STATE) {
  const auto left = read_operand<typename Op::Left, left_of(kPair), 1>(ip, fp, a, f, d);
  const auto right = read_right<typename Op::Right, kPair>(ip, fp, a, f, d);
  typename Op::Result result;
  if constexpr (Op::kTraps) {
    const TrapKind trap = Op::apply(left, right, result);
    if (trap != TrapKind::none) [[unlikely]]
      HEDDLE_TRAP_NOW(trap);
  } else {
    result = Op::apply(left, right);
  }
  write_result<kTarget>(result, ip, fp, a, f, d);
  constexpr unsigned words = kBinaryWords<Op, kPair>;
  HEDDLE_NEXT(words);
}

// In a branch word 1's upper half is the distance, so an immediate is in word 2, and fields 0 and 1 are the
// operands.
template <class T, Source kSource, unsigned kField>
[[nodiscard]] inline T read_branch_operand(const Word* ip, const Slot* fp, uint64_t a, float f, double d) {
  if constexpr (kSource == Source::immediate) {
    if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<float>(static_cast<uint32_t>(ip[2]));
    } else {
      return std::bit_cast<std::conditional_t<sizeof(T) == 8, T, uint64_t>>(ip[2]);
    }
  } else {
    return read_operand<T, kSource, kField>(ip, fp, a, f, d);
  }
}

template <class Op, Pair kPair, bool kWanted, bool kBackward>
HEDDLE_HANDLER static void compare_and_branch(HEDDLE_STATE) {
  using T = typename Op::Left;
  const T left = read_branch_operand<T, left_of(kPair), 0>(ip, fp, a, f, d);
  const T right = static_cast<T>(read_branch_operand<T, right_of(kPair), 1>(ip, fp, a, f, d));
  if ((Op::apply(left, right) != 0) == kWanted) {
    if constexpr (kBackward) {
      if (context->interrupt_pending()) [[unlikely]]
        HEDDLE_TRAP_NOW(TrapKind::interrupted);
    }
    ip += distance(ip);
    HEDDLE_DISPATCH();
  }
  constexpr unsigned words = right_of(kPair) == Source::immediate ? 3 : 2;
  HEDDLE_NEXT(words);
}

template <class Op>
void fill_unary(UnaryHandlers& row) {
  row.form[0][0] = unary<Op, Source::slot, Target::slot>;
  row.form[0][1] = unary<Op, Source::slot, Target::accumulator>;
  row.form[1][0] = unary<Op, Source::accumulator, Target::slot>;
  row.form[1][1] = unary<Op, Source::accumulator, Target::accumulator>;
}

template <class Op, Pair kPair>
void fill_pair(BinaryHandlers& row) {
  row.form[static_cast<unsigned>(kPair)][0] = binary<Op, kPair, Target::slot>;
  row.form[static_cast<unsigned>(kPair)][1] = binary<Op, kPair, Target::accumulator>;
}

template <class Op>
void fill_binary(BinaryHandlers& row, bool swaps) {
  fill_pair<Op, Pair::slot_slot>(row);
  fill_pair<Op, Pair::slot_immediate>(row);
  fill_pair<Op, Pair::accumulator_slot>(row);
  fill_pair<Op, Pair::accumulator_immediate>(row);
  if (swaps) return;  // the others are reached by exchanging the operands
  fill_pair<Op, Pair::slot_accumulator>(row);
  fill_pair<Op, Pair::immediate_slot>(row);
  fill_pair<Op, Pair::immediate_accumulator>(row);
}

template <class Op, Pair kPair>
void fill_branch_pair(BranchHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kPair)];
  form[0][0] = compare_and_branch<Op, kPair, false, false>;
  form[0][1] = compare_and_branch<Op, kPair, false, true>;
  form[1][0] = compare_and_branch<Op, kPair, true, false>;
  form[1][1] = compare_and_branch<Op, kPair, true, true>;
}

/// Comparisons all have a partner with exchanged operands, so four pairs suffice.
template <class Op>
void fill_branch(BranchHandlers& row) {
  fill_branch_pair<Op, Pair::slot_slot>(row);
  fill_branch_pair<Op, Pair::slot_immediate>(row);
  fill_branch_pair<Op, Pair::accumulator_slot>(row);
  fill_branch_pair<Op, Pair::accumulator_immediate>(row);
}

/// Adds the rows of opcodes.def whose operands are of kind kFloats. Defined in each of the two files by
/// including the table after this header.
template <bool kFloats, class Op>
inline constexpr bool kBelongs = std::is_floating_point_v<typename Op::Left> == kFloats;

template <bool kFloats, class Op>
inline constexpr bool kUnaryBelongs = std::is_floating_point_v<typename Op::Argument> == kFloats;

/// A mask also branches: on whether any of its bits is set.
template <class Op>
inline constexpr bool kIsMask = std::is_same_v<Op, ops::And<uint32_t>>;

template <bool kFloats>
void add_numeric_handlers(HandlerTable& table) {
  using namespace ops;
#define WASM_UNARY(name, code, text, immediate, signature, feature, ...) \
  if constexpr (kUnaryBelongs<kFloats, __VA_ARGS__>)                     \
    fill_unary<__VA_ARGS__>(table.unary[static_cast<size_t>(Opcode::name)]);
#define WASM_TEST WASM_UNARY
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...)        \
  if constexpr (kBelongs<kFloats, __VA_ARGS__>) {                                \
    fill_binary<__VA_ARGS__>(table.binary[static_cast<size_t>(Opcode::name)],    \
                             swapped_operands(Opcode::name).has_value());        \
    if constexpr (kIsMask<__VA_ARGS__>)                                          \
      fill_branch<__VA_ARGS__>(table.branch[static_cast<size_t>(Opcode::name)]); \
  }
#define WASM_COMPARE(name, code, text, immediate, signature, feature, ...)           \
  if constexpr (kBelongs<kFloats, __VA_ARGS__>) {                                    \
    fill_binary<__VA_ARGS__>(table.binary[static_cast<size_t>(Opcode::name)], true); \
    fill_branch<__VA_ARGS__>(table.branch[static_cast<size_t>(Opcode::name)]);       \
  }
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
