// SPDX-License-Identifier: Apache-2.0
// Function: how the IR is put together, and the names of types.
#include <algorithm>
#include <cassert>

#include "jit/ir/ir.h"

namespace heddle::jit {

Type type_of(ValueType type) noexcept {
  switch (type.kind()) {
    case ValueType::Kind::i32: return Type::i32;
    case ValueType::Kind::f32: return Type::f32;
    case ValueType::Kind::f64: return Type::f64;
    case ValueType::Kind::v128: return Type::v128;
    default: return Type::i64;
  }
}

const char* to_string(Type type) noexcept {
  switch (type) {
    case Type::none: return "none";
    case Type::i32: return "i32";
    case Type::i64: return "i64";
    case Type::f32: return "f32";
    case Type::f64: return "f64";
    case Type::v128: return "v128";
  }
  return "";
}

void Block::reset() {
  parameters.clear();
  nodes.clear();
  successors.clear();
  predecessors.clear();
  static_cast<BlockPlace&>(*this) = {};
  has_own_calls = false;
}

void Function::reset() {
  module = nullptr;
  index = 0;
  osr_offset = 0;
  results.clear();
  nodes.clear();
  arguments.clear();
  blocks.clear();
  inlined.clear();
  order.clear();
  reverse_postorder.clear();
  has_calls = false;
  reloads_instance = false;
}

BlockId Function::add_block() {
  blocks.emplace_back();
  return static_cast<BlockId>(blocks.size() - 1);
}

Value Function::add_node(BlockId block, const Node& node, std::span<const Value> node_arguments) {
  assert(node_arguments.size() <= UINT16_MAX);
  const auto value = static_cast<Value>(nodes.size());
  Node& added = nodes.emplace_back(node);
  added.block = block;
  added.first_argument = static_cast<uint32_t>(arguments.size());
  added.argument_count = static_cast<uint16_t>(node_arguments.size());
  for (const Value argument : node_arguments) arguments.push_back(argument);
  if (added.operation != Operation::parameter) blocks[block].nodes.push_back(value);
  return value;
}

Value Function::add_parameter(BlockId block, Type type) {
  Node node;
  node.operation = Operation::parameter;
  node.type = type;
  node.immediate = blocks[block].parameters.size();
  const Value value = add_node(block, node);
  blocks[block].parameters.push_back(value);
  return value;
}

void Function::add_edge(BlockId from, BlockId to, std::span<const Value> edge_arguments) {
  Edge edge;
  edge.target = to;
  edge.first_argument = static_cast<uint32_t>(arguments.size());
  edge.argument_count = static_cast<uint32_t>(edge_arguments.size());
  arguments.insert(arguments.end(), edge_arguments.begin(), edge_arguments.end());
  blocks[from].successors.push_back(edge);
}

}  // namespace heddle::jit
