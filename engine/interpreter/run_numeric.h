// SPDX-License-Identifier: Apache-2.0
// The handlers of the numeric rows: one per shape of operands (bodies_numeric.h), for each row.
//
// Included by run_integer.cpp and run_float.cpp only.
#pragma once

#include <type_traits>

#include "engine/interpreter/bodies_numeric.h"
#include "engine/interpreter/handlers.h"

namespace heddle::engine {

template <Opcode kOpcode>
void fill_unary(UnaryHandlers& row) {
  row.form[0][0] = make_handler<Unary<kOpcode, Source::slot, Target::slot>>();
  row.form[0][1] = make_handler<Unary<kOpcode, Source::slot, Target::accumulator>>();
  row.form[1][0] = make_handler<Unary<kOpcode, Source::accumulator, Target::slot>>();
  row.form[1][1] = make_handler<Unary<kOpcode, Source::accumulator, Target::accumulator>>();
}

template <Opcode kOpcode, Pair kPair>
void fill_pair(BinaryHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kPair)];
  form[0] = make_handler<Binary<kOpcode, kPair, Target::slot>>();
  form[1] = make_handler<Binary<kOpcode, kPair, Target::accumulator>>();
}

template <Opcode kOpcode>
void fill_binary(BinaryHandlers& row, bool swaps) {
  fill_pair<kOpcode, Pair::slot_slot>(row);
  fill_pair<kOpcode, Pair::slot_immediate>(row);
  fill_pair<kOpcode, Pair::accumulator_slot>(row);
  fill_pair<kOpcode, Pair::accumulator_immediate>(row);
  if (swaps) return;  // the others are reached by exchanging the operands
  fill_pair<kOpcode, Pair::slot_accumulator>(row);
  fill_pair<kOpcode, Pair::immediate_slot>(row);
  fill_pair<kOpcode, Pair::immediate_accumulator>(row);
}

template <Opcode kOpcode, Pair kPair>
void fill_branch_pair(BranchHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kPair)];
  form[0][0] = make_handler<CompareBranch<kOpcode, kPair, false, false>>();
  form[0][1] = make_handler<CompareBranch<kOpcode, kPair, false, true>>();
  form[1][0] = make_handler<CompareBranch<kOpcode, kPair, true, false>>();
  form[1][1] = make_handler<CompareBranch<kOpcode, kPair, true, true>>();
}

/// Comparisons all have a partner with exchanged operands, so four pairs suffice.
template <Opcode kOpcode>
void fill_branch(BranchHandlers& row) {
  fill_branch_pair<kOpcode, Pair::slot_slot>(row);
  fill_branch_pair<kOpcode, Pair::slot_immediate>(row);
  fill_branch_pair<kOpcode, Pair::accumulator_slot>(row);
  fill_branch_pair<kOpcode, Pair::accumulator_immediate>(row);
}

/// Does the row belong to run_float.cpp rather than to run_integer.cpp?
[[nodiscard]] constexpr bool has_float_operands(Opcode opcode) {
  const char type = info(opcode).signature[0];
  return type == 'f' || type == 'd';
}

/// Adds the rows of opcodes.def whose operands are of kind kFloats.
template <bool kFloats, Opcode kOpcode>
void add_row(HandlerTable& table) {
  if constexpr (has_float_operands(kOpcode) == kFloats) {
    constexpr size_t row = static_cast<size_t>(kOpcode);
    constexpr RowKind kind = info(kOpcode).kind;
    if constexpr (kind == RowKind::unary || kind == RowKind::test) {
      fill_unary<kOpcode>(table.unary[row]);
    } else if constexpr (kind == RowKind::compare) {
      fill_binary<kOpcode>(table.binary[row], true);
      fill_branch<kOpcode>(table.branch[row]);
    } else {
      fill_binary<kOpcode>(table.binary[row], swapped_operands(kOpcode).has_value());
      // A mask also branches: on whether any of its bits is set.
      if constexpr (kOpcode == Opcode::i32_and) fill_branch<kOpcode>(table.branch[row]);
    }
  }
}

template <bool kFloats>
void add_numeric_handlers(HandlerTable& table) {
#define WASM_UNARY(name, ...) add_row<kFloats, Opcode::name>(table);
#define WASM_TEST WASM_UNARY
#define WASM_BINARY WASM_UNARY
#define WASM_COMPARE WASM_UNARY
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
