// SPDX-License-Identifier: Apache-2.0
// The handler table's making, and how rows relate to each other under exchange of operands and negation.
#include "engine/interpreter/handlers.h"

#include <algorithm>
#include <memory>

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

[[nodiscard]] std::optional<Opcode> find_swapped(Opcode opcode) {
  const OpcodeInfo& row = info(opcode);
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

[[nodiscard]] std::unique_ptr<HandlerTable> make_table() {
  auto table = std::make_unique<HandlerTable>();
  add_integer_handlers(*table);
  add_float_handlers(*table);
  add_memory_handlers(*table);
  add_atomic_handlers(*table);
  add_control_handlers(*table);
  add_call_handlers(*table);
  add_table_handlers(*table);
  add_exception_handlers(*table);
  add_wide_handlers(*table);
  add_structure_handlers(*table);
  add_array_handlers(*table);
  add_reference_handlers(*table);
  add_fused_memory_handlers(table->fused);
  add_chain32_handlers(table->fused);
  add_chain64_handlers(table->fused);
  add_chain_float_handlers(table->fused);
  add_comparison_handlers(table->fused);
  return table;
}

template <class Set, class Rows>
[[nodiscard]] const ChainHandlers* find_in(const Set& set, const Rows& rows, Opcode first, Opcode second) {
  const auto i = std::ranges::find(set, first);
  const auto j = std::ranges::find(set, second);
  if (i == std::end(set) || j == std::end(set)) return nullptr;
  return &rows[static_cast<size_t>(i - std::begin(set))][static_cast<size_t>(j - std::begin(set))];
}

}  // namespace

const ChainHandlers* find_chain(const FusedTable& table, Opcode first, Opcode second) {
  switch (info(second).signature[0]) {
    case 'i': return find_in(kChained32, table.chain32, first, second);
    case 'l': return find_in(kChained64, table.chain64, first, second);
    case 'f': return find_in(kChainedF32, table.chain_f32, first, second);
    default: return find_in(kChainedF64, table.chain_f64, first, second);
  }
}

const FedHandlers* find_fed(const FusedTable& table, Opcode load, Opcode operation) {
  const auto from = std::ranges::find(kFeedingLoads, load);
  if (from == std::end(kFeedingLoads)) return nullptr;
  const auto& rows = table.fed[static_cast<size_t>(from - std::begin(kFeedingLoads))];
  const auto find_row = [&](const auto& set) -> const FedHandlers* {
    const auto to = std::ranges::find(set, operation);
    return to == std::end(set) ? nullptr : &rows[static_cast<size_t>(to - std::begin(set))];
  };
  switch (info(load).signature.back()) {
    case 'i': return find_row(kFed32);
    case 'l': return find_row(kFed64);
    case 'f': return find_row(kChainedF32);
    default: return find_row(kChainedF64);
  }
}

const HandlerTable& handlers() {
  static const std::unique_ptr<const HandlerTable> table = make_table();
  return *table;
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
