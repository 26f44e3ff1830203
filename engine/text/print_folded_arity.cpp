// SPDX-License-Identifier: Apache-2.0
// FoldedPrinter: how many values instructions take and leave, as far as layout needs to know.
#include <array>

#include "engine/text/print_folded.h"

namespace heddle::engine {

namespace {

/// Rows whose type depends on more than the row, but whose number of values does not.
struct FixedArity {
  Opcode opcode;
  uint8_t takes;
  uint8_t leaves;
};
constexpr FixedArity kFixedArities[] = {
    {Opcode::drop, 1, 0},
    {Opcode::select, 3, 1},
    {Opcode::select_t, 3, 1},
    {Opcode::local_get, 0, 1},
    {Opcode::local_set, 1, 0},
    {Opcode::local_tee, 1, 1},
    {Opcode::global_get, 0, 1},
    {Opcode::global_set, 1, 0},
    {Opcode::table_get, 1, 1},
    {Opcode::table_set, 2, 0},
    {Opcode::table_init, 3, 0},
    {Opcode::table_copy, 3, 0},
    {Opcode::table_grow, 2, 1},
    {Opcode::table_size, 0, 1},
    {Opcode::table_fill, 3, 0},
    {Opcode::memory_copy, 3, 0},
    {Opcode::ref_null, 0, 1},
    {Opcode::ref_is_null, 1, 1},
    {Opcode::ref_func, 0, 1},
    {Opcode::ref_eq, 2, 1},
    {Opcode::ref_as_non_null, 1, 1},
    {Opcode::br_if, 1, 0},
    {Opcode::br_table, 1, 0},
    {Opcode::br_on_null, 1, 1},
    {Opcode::br_on_non_null, 1, 0},
    {Opcode::br_on_cast, 1, 1},
    {Opcode::br_on_cast_fail, 1, 1},
    {Opcode::throw_ref, 1, 0},
    {Opcode::struct_new_default, 0, 1},
    {Opcode::struct_get, 1, 1},
    {Opcode::struct_get_s, 1, 1},
    {Opcode::struct_get_u, 1, 1},
    {Opcode::struct_set, 2, 0},
    {Opcode::array_new, 2, 1},
    {Opcode::array_new_default, 1, 1},
    {Opcode::array_new_data, 2, 1},
    {Opcode::array_new_elem, 2, 1},
    {Opcode::array_get, 2, 1},
    {Opcode::array_get_s, 2, 1},
    {Opcode::array_get_u, 2, 1},
    {Opcode::array_set, 3, 0},
    {Opcode::array_len, 1, 1},
    {Opcode::array_fill, 4, 0},
    {Opcode::array_copy, 5, 0},
    {Opcode::array_init_data, 4, 0},
    {Opcode::array_init_elem, 4, 0},
    {Opcode::ref_test, 1, 1},
    {Opcode::ref_test_null, 1, 1},
    {Opcode::ref_cast, 1, 1},
    {Opcode::ref_cast_null, 1, 1},
    {Opcode::any_convert_extern, 1, 1},
    {Opcode::extern_convert_any, 1, 1},
    {Opcode::ref_i31, 1, 1},
    {Opcode::i31_get_s, 1, 1},
    {Opcode::i31_get_u, 1, 1},
    {Opcode::struct_new_default_desc, 1, 1},
    {Opcode::ref_get_desc, 1, 1},
    {Opcode::ref_cast_desc_eq, 2, 1},
    {Opcode::ref_cast_desc_eq_null, 2, 1},
    {Opcode::br_on_cast_desc_eq, 2, 1},
    {Opcode::br_on_cast_desc_eq_fail, 2, 1},
};

struct RowArity {
  uint8_t takes = 0;
  uint8_t leaves = 0;
};

/// By row: what its signature says, or what stands above.
constexpr std::array<RowArity, kOpcodeCount> make_row_arities() {
  std::array<RowArity, kOpcodeCount> arities{};
  for (size_t row = 0; row < kOpcodeCount; ++row) {
    bool behind_colon = false;
    for (const char c : kOpcodes[row].signature) {
      if (c == ':') {
        behind_colon = true;
      } else if (behind_colon) {
        ++arities[row].leaves;
      } else {
        ++arities[row].takes;
      }
    }
  }
  for (const FixedArity& fixed : kFixedArities) {
    arities[static_cast<size_t>(fixed.opcode)] = {fixed.takes, fixed.leaves};
  }
  return arities;
}
constexpr std::array<RowArity, kOpcodeCount> kRowArities = make_row_arities();

}  // namespace

FoldedPrinter::Arity FoldedPrinter::signature_arity(uint32_t type) {
  const Signature* signature = instructions_.types().signature(type);
  if (signature == nullptr) return {};
  return {signature->parameters.size(), signature->results.size()};
}

FoldedPrinter::Arity FoldedPrinter::block_arity(const BlockType& type) {
  if (type.kind == BlockType::Kind::index) return signature_arity(type.index);
  return {0, type.kind == BlockType::Kind::value ? 1u : 0u};
}

uint64_t FoldedPrinter::branch_arity(uint32_t depth) const {
  if (depth >= open_.size()) return result_count_;
  return open_[open_.size() - 1 - depth].label_arity;
}

FoldedPrinter::Arity FoldedPrinter::arity(const Instruction& next) {
  const auto of_index = [this, &next](const std::vector<uint32_t>& types) {
    return next.index < types.size() ? signature_arity(types[next.index]) : Arity();
  };
  switch (next.opcode) {
    case Opcode::br: return {branch_arity(next.index), 0};
    case Opcode::return_: return {result_count_, 0};
    case Opcode::call: return of_index(indices_.functions);
    case Opcode::return_call: return {of_index(indices_.functions).takes, 0};
    case Opcode::throw_: return {of_index(indices_.tags).takes, 0};
    case Opcode::call_ref:
    case Opcode::call_indirect: {
      const Arity values = signature_arity(next.index);
      return {values.takes + 1, values.leaves};
    }
    case Opcode::return_call_ref:
    case Opcode::return_call_indirect: return {signature_arity(next.index).takes + 1, 0};
    case Opcode::struct_new: return {instructions_.types().field_count(next.index), 1};
    case Opcode::struct_new_desc: return {uint64_t{instructions_.types().field_count(next.index)} + 1, 1};
    case Opcode::array_new_fixed: return {next.second_index, 1};
    default: break;
  }
  const RowArity& row = kRowArities[static_cast<size_t>(next.opcode)];
  return {row.takes, row.leaves};
}

}  // namespace heddle::engine
