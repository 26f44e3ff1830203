// SPDX-License-Identifier: Apache-2.0
// print(): the IR as text.
#include <bit>
#include <cstdio>

#include "jit/ir/ir.h"
#include "jit/runtime_calls/runtime_call.h"

namespace heddle::jit {

namespace {

constexpr const char* kAliasNames[] = {"constant", "global", "table", "size", "memory", "object", "context"};
static_assert(std::size(kAliasNames) == kAliases);

std::string name_of(Value value) { return value == kNoValue ? "none" : "v" + std::to_string(value); }
std::string name_of_block(BlockId block) {
  return block == kNoBlock ? "nowhere" : "block" + std::to_string(block);
}

std::string hexadecimal(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string real(double value, uint64_t bits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g (%s)", value, hexadecimal(bits).c_str());
  return text;
}

class Printer {
 public:
  Printer(const Function& function, bool with_offsets) : function_(function), with_offsets_(with_offsets) {}

  std::string run() {
    text_ = "function " + std::to_string(function_.index);
    if (function_.osr_offset != 0) text_ += " from loop at " + hexadecimal(function_.osr_offset);
    text_ += " ->";
    for (const Type type : function_.results) text_ += std::string(" ") + to_string(type);
    if (function_.has_calls) text_ += ", has calls";
    if (function_.reloads_instance) text_ += ", reloads instance";
    text_ += "\n";
    if (function_.order.empty()) {
      for (BlockId block = 0; block < function_.blocks.size(); ++block) print_block(block);
    } else {
      for (const BlockId block : function_.order) print_block(block);
    }
    return std::move(text_);
  }

 private:
  void print_block(BlockId id);
  void print_node(Value value);
  void print_row_immediates(const Node& node);
  void print_own_immediates(const Node& node);
  void print_edges(const Block& block);
  void print_offset(const Node& node, size_t line_start);

  const Function& function_;
  const bool with_offsets_;
  std::string text_;
};

void Printer::print_block(BlockId id) {
  const Block& block = function_.blocks[id];
  text_ += name_of_block(id);
  const char* separator = "(";
  for (const Value parameter : block.parameters) {
    text_ += separator + name_of(parameter) + ": " + to_string(function_.nodes[parameter].type);
    separator = ", ";
  }
  if (!block.parameters.empty()) text_ += ")";
  text_ += ":";
  if (block.is_loop_header) text_ += " loop";
  if (block.loop_depth != 0) text_ += " depth " + std::to_string(block.loop_depth);
  if (block.is_handler) text_ += " handler";
  if (block.is_cold) text_ += " cold";
  text_ += "\n";
  for (const Value value : block.nodes) print_node(value);
}

void Printer::print_node(Value value) {
  const Node& node = function_.nodes[value];
  const size_t line_start = text_.size();
  text_ += "  ";
  if (node.type != Type::none || is_row(node.operation) || effect_of(node.operation) == Effect::anything)
    text_ +=
        name_of(value) + (node.type == Type::none ? "" : std::string(": ") + to_string(node.type)) + " = ";
  text_ += text_of(node.operation);
  const char* separator = " ";
  for (const Value argument : function_.arguments_of(node)) {
    text_ += separator + name_of(argument);
    separator = ", ";
  }
  is_row(node.operation) ? print_row_immediates(node) : print_own_immediates(node);
  if (effect_of(node.operation) == Effect::terminator) print_edges(function_.blocks[node.block]);
  if (with_offsets_) print_offset(node, line_start);
  text_ += "\n";
}

/// An inlined instruction's is in the body that it came from.
void Printer::print_offset(const Node& node, size_t line_start) {
  constexpr size_t kColumn = 48;
  const bool is_inlined = (node.offset & kInlinedOffset) != 0;
  const uint32_t offset = is_inlined ? function_.inlined[node.offset & ~kInlinedOffset].offset : node.offset;
  if (offset == 0) return;
  const size_t width = text_.size() - line_start;
  text_ += std::string(width < kColumn ? kColumn - width : 1, ' ') + "; " + hexadecimal(offset);
}

void Printer::print_row_immediates(const Node& node) {
  const engine::OpcodeInfo& row = info(row_of(node.operation));
  const uint64_t bits = node.immediate;
  switch (node.operation) {
    case Operation::i32_const: text_ += " " + std::to_string(static_cast<int32_t>(bits)); return;
    case Operation::i64_const: text_ += " " + std::to_string(static_cast<int64_t>(bits)); return;
    case Operation::f32_const:
      text_ += " " + real(std::bit_cast<float>(static_cast<uint32_t>(bits)), bits);
      return;
    case Operation::f64_const: text_ += " " + real(std::bit_cast<double>(bits), bits); return;
    case Operation::v128_const:
    case Operation::i8x16_shuffle: text_ += " " + hexadecimal(bits) + " " + hexadecimal(node.extra); return;
    default: break;
  }
  if (accesses_memory(row)) {
    text_ += " offset=" + std::to_string(bits);
    if (row.immediate == engine::Immediate::memory_argument_lane)
      text_ += " lane=" + std::to_string(node.extra);
  } else if (row.immediate == engine::Immediate::lane || row.feature == engine::Feature::relaxed_simd) {
    text_ += " " + std::to_string(bits);
  }
}

void Printer::print_own_immediates(const Node& node) {
  switch (node.operation) {
    case Operation::host_load:
    case Operation::host_store:
      text_ += " + " + std::to_string(node.immediate) + " as " + std::string(text_of(node.access)) + ", " +
               kAliasNames[static_cast<size_t>(node.alias)];
      return;
    case Operation::address_of: text_ += " + " + std::to_string(node.immediate); return;
    case Operation::check_bounds:
      text_ += " + " + std::to_string(node.immediate) + " as " + std::string(text_of(node.access));
      break;
    case Operation::result: text_ += " #" + std::to_string(node.immediate); return;
    case Operation::call_own:
    case Operation::tail_call_own: text_ += " function " + std::to_string(node.immediate); return;
    case Operation::call_runtime:
      text_ += " " + std::string(info(static_cast<RuntimeCall>(node.immediate)).name) + " " +
               std::to_string(node.extra) + " " + std::to_string(node.extra2);
      return;
    default: break;
  }
  if (node.trap != TrapKind::none) text_ += std::string(" \"") + to_string(node.trap) + "\"";
}

void Printer::print_edges(const Block& block) {
  const char* separator = " ";
  for (const Edge& edge : block.successors) {
    text_ += separator + name_of_block(edge.target);
    separator = ", ";
    const char* inner = "(";
    for (const Value argument : function_.arguments_of(edge)) {
      text_ += inner + name_of(argument);
      inner = ", ";
    }
    if (edge.argument_count != 0) text_ += ")";
  }
}

}  // namespace

std::string print(const Function& function, bool with_offsets) {
  return Printer(function, with_offsets).run();
}

}  // namespace heddle::jit
