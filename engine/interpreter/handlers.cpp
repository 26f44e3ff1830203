// SPDX-License-Identifier: Apache-2.0
// The handler table's making, and how rows relate to each other under exchange of operands and negation.
#include "engine/interpreter/handlers.h"

#include <algorithm>

namespace heddle::engine {

namespace {

/// "lt" <-> "gt", "le" <-> "ge"; the rest of the mnemonic stays: i32.lt_s <-> i32.gt_s.
[[nodiscard]] std::optional<Opcode> replace_operation(Opcode opcode, std::string_view from,
                                                      std::string_view to) {
  const std::string_view text = info(opcode).text;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || text.substr(dot + 1, from.size()) != from) return std::nullopt;
  char buffer[32];
  size_t length = 0;
  for (const std::string_view part : {text.substr(0, dot + 1), to, text.substr(dot + 1 + from.size())}) {
    length += part.copy(buffer + length, sizeof buffer - length);
  }
  const uint16_t found = find_opcode(std::string_view(buffer, length));
  if (found == kNoOpcode) return std::nullopt;
  return static_cast<Opcode>(found);
}

/// Rows of two vectors whose operands may change places, by the beginnings of their operations. Of two NaNs
/// either may be the result, so float rows are among them.
[[nodiscard]] bool commutes_lanewise(const OpcodeInfo& row) {
  if (row.signature != "vv:v") return false;
  const std::string_view operation = row.text.substr(row.text.find('.') + 1);
  for (const std::string_view exact : {"add", "mul", "and", "or", "xor", "eq", "ne", "min", "max"}) {
    if (operation == exact) return true;
  }
  for (const std::string_view start : {"add_sat", "min_", "max_", "avgr", "q15mulr", "extmul", "dot_i16x8"}) {
    if (operation.starts_with(start)) return true;
  }
  return false;
}

[[nodiscard]] std::optional<Opcode> find_swapped(Opcode opcode) {
  const OpcodeInfo& row = info(opcode);
  if (row.kind == RowKind::simd && row.signature == "vv:v") {
    for (const auto& [from, to] : {std::pair{"lt", "gt"}, {"gt", "lt"}, {"le", "ge"}, {"ge", "le"}}) {
      if (const auto found = replace_operation(opcode, from, to)) return found;
    }
    return commutes_lanewise(row) ? std::optional(opcode) : std::nullopt;
  }
  if (row.kind == RowKind::compare) {
    for (const auto& [from, to] : {std::pair{"lt", "gt"}, {"gt", "lt"}, {"le", "ge"}, {"ge", "le"}}) {
      if (const auto found = replace_operation(opcode, from, to)) return found;
    }
    return opcode;  // eq, ne
  }
  if (row.kind != RowKind::binary) return std::nullopt;
  const std::string_view operation = row.text.substr(row.text.find('.') + 1);
  for (const std::string_view commutative : {"add", "mul", "and", "or", "xor"}) {
    if (operation == commutative) return opcode;
  }
  return std::nullopt;
}

void fill(HandlerTable& table) {
  add_integer_handlers(table);
  add_float_handlers(table);
  add_memory_handlers(table);
  add_atomic_handlers(table);
  add_control_handlers(table);
  add_call_handlers(table);
  add_table_handlers(table);
  add_exception_handlers(table);
  add_wide_handlers(table);
  add_simd_integer_handlers(table);
  add_simd_float_handlers(table);
  add_simd_memory_handlers(table);
  add_simd_control_handlers(table);
  add_structure_handlers(table);
  add_array_handlers(table);
  add_reference_handlers(table);
  add_descriptor_handlers(table);
}

}  // namespace

const HandlerTable& handlers() {
  // Most of it stays zero, and what nobody writes takes no memory: every process begins with this.
  static constinit HandlerTable table;
  static const bool is_filled = (fill(table), true);
  (void)is_filled;
  return table;
}

std::optional<Opcode> swapped_operands(Opcode opcode) {
  static const auto table = [] {
    std::array<std::optional<Opcode>, kOpcodeCount> swapped;
    for (size_t i = 0; i < kOpcodeCount; ++i) swapped[i] = find_swapped(static_cast<Opcode>(i));
    return swapped;
  }();
  return table[static_cast<size_t>(opcode)];
}

}  // namespace heddle::engine
