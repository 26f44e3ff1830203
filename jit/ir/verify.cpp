// SPDX-License-Identifier: Apache-2.0
// verify(): the invariants of the IR that ir.h states, and the types of operands.
#include <algorithm>

#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"
#include "jit/runtime_calls/runtime_call.h"

namespace heddle::jit {

namespace {

constexpr Type type_of_letter(char letter) {
  switch (letter) {
    case 'i': return Type::i32;
    case 'l': return Type::i64;
    case 'f': return Type::f32;
    case 'd': return Type::f64;
    case 'v': return Type::v128;
    default: return Type::none;
  }
}

class Verifier {
 public:
  explicit Verifier(const Function& function) : function_(function) {}

  std::string run();

 private:
  bool fail(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
    return false;
  }
  bool fail_at(Value value, const std::string& what) {
    const Node& node = function_.nodes[value];
    return fail("v" + std::to_string(value) + " (" + std::string(text_of(node.operation)) + " in block" +
                std::to_string(node.block) + "): " + what);
  }
  static std::string in_block(BlockId block) { return "block" + std::to_string(block) + ": "; }

  bool check_layout();
  bool check_block(BlockId id);
  bool check_edges(BlockId id);
  bool check_handler(BlockId id);
  bool check_terminator(BlockId id);
  bool check_node(Value value);
  bool check_row(Value value);
  bool check_own(Value value);
  bool check_call(Value value);
  bool check_runtime_call(Value value);
  bool check_types(Value value, std::span<const Type> wanted, Type result);
  bool check_use(Value user, Value used, BlockId block, uint32_t position);
  [[nodiscard]] Type type_at(const Node& node, size_t argument) const {
    return function_.nodes[function_.arguments_of(node)[argument]].type;
  }

  const Function& function_;
  const Dominators* dominators_ = nullptr;
  std::vector<bool> is_ordered_;
  std::vector<uint32_t> positions_;  ///< of nodes in their block; parameters stand at 0
  std::string complaint_;
};

std::string Verifier::run() {
  if (!check_layout()) return complaint_;
  const Dominators dominators(function_);
  dominators_ = &dominators;
  positions_.assign(function_.nodes.size(), UINT32_MAX);
  for (const BlockId id : function_.order) {
    const Block& block = function_.blocks[id];
    for (const Value parameter : block.parameters) positions_[parameter] = 0;
    for (uint32_t i = 0; i < block.nodes.size(); ++i) positions_[block.nodes[i]] = i + 1;
  }
  std::vector<bool> is_passed(function_.blocks.size(), false);
  for (const BlockId id : function_.order) {
    if (id != 0 && !is_passed[dominators.immediate(id)])
      fail(in_block(id) + "stands before what dominates it");
    is_passed[id] = true;
    if (!check_block(id)) break;
  }
  return complaint_;
}

bool Verifier::check_layout() {
  if (function_.order.empty() || function_.order[0] != 0) return fail("the entry does not stand first");
  is_ordered_.assign(function_.blocks.size(), false);
  for (const BlockId block : function_.order) {
    if (block >= function_.blocks.size() || is_ordered_[block]) return fail("the order is none");
    is_ordered_[block] = true;
    if (function_.blocks[block].nodes.empty()) return fail(in_block(block) + "is empty");
  }
  for (const BlockId block : function_.order) {
    for (const Edge& edge : function_.blocks[block].successors) {
      if (edge.target >= function_.blocks.size() || !is_ordered_[edge.target])
        return fail(in_block(block) + "leads out of the order");
    }
  }
  return true;
}

bool Verifier::check_block(BlockId id) {
  const Block& block = function_.blocks[id];
  for (size_t i = 0; i < block.parameters.size(); ++i) {
    const Node& node = function_.nodes[block.parameters[i]];
    if (node.operation != Operation::parameter || node.block != id || node.immediate != i)
      return fail_at(block.parameters[i], "is no parameter number " + std::to_string(i));
  }
  for (const Value value : block.nodes) {
    const Node& node = function_.nodes[value];
    const bool is_last = value == block.nodes.back();
    if (node.block != id) return fail_at(value, "stands in block" + std::to_string(id));
    if ((effect_of(node.operation) == Effect::terminator) != is_last)
      return fail_at(value, "a terminator is the last node, and the last node is one");
    if (!check_node(value)) return false;
  }
  return check_terminator(id) && check_edges(id) && check_handler(id);
}

bool Verifier::check_edges(BlockId id) {
  const Block& block = function_.blocks[id];
  for (const Edge& edge : block.successors) {
    const Block& target = function_.blocks[edge.target];
    if (edge.argument_count != target.parameters.size())
      return fail(in_block(id) + "hands " + std::to_string(edge.argument_count) + " arguments to block" +
                  std::to_string(edge.target));
    for (size_t i = 0; i < target.parameters.size(); ++i) {
      const Value argument = function_.arguments_of(edge)[i];
      if (!check_use(block.nodes.back(), argument, id, UINT32_MAX)) return false;
      if (function_.nodes[argument].type != function_.nodes[target.parameters[i]].type)
        return fail(in_block(id) + "argument " + std::to_string(i) + " is of another type");
    }
    if (block.successors.size() > 1 && target.predecessors.size() > 1)
      return fail(in_block(id) + "has a critical edge to block" + std::to_string(edge.target));
    if (std::ranges::count(target.predecessors, id) !=
        std::ranges::count(block.successors, edge.target, &Edge::target))
      return fail(in_block(id) + "is not counted as predecessor of block" + std::to_string(edge.target));
  }
  return true;
}

bool Verifier::check_handler(BlockId id) {
  const Block& block = function_.blocks[id];
  if (!block.is_handler) return true;
  if (block.predecessors.size() != 1 || !block.parameters.empty())
    return fail(in_block(id) + "a handler has one predecessor and no parameters");
  const Block& thrower = function_.blocks[block.predecessors[0]];
  const bool is_thrown = function_.nodes[thrower.nodes.back()].operation == Operation::invoke &&
                         thrower.successors[1].target == id && thrower.successors[0].target != id;
  return is_thrown || fail(in_block(id) + "a handler is what an invoke leads to");
}

bool Verifier::check_terminator(BlockId id) {
  const Block& block = function_.blocks[id];
  const Node& last = function_.nodes[block.nodes.back()];
  size_t wanted = 0;
  switch (last.operation) {
    case Operation::jump: wanted = 1; break;
    case Operation::branch: wanted = 2; break;
    case Operation::branch_table: wanted = std::max<size_t>(block.successors.size(), 1); break;
    case Operation::invoke: {
      wanted = 2;
      const bool is_call =
          block.nodes.size() > 1 &&
          effect_of(function_.nodes[block.nodes[block.nodes.size() - 2]].operation) == Effect::anything;
      if (!is_call) return fail_at(block.nodes.back(), "no call stands before it");
      if (block.successors.size() == 2 && !function_.blocks[block.successors[1].target].is_handler)
        return fail_at(block.nodes.back(), "its second successor is no handler");
      break;
    }
    default: break;
  }
  return block.successors.size() == wanted || fail_at(block.nodes.back(), "has a wrong number of successors");
}

bool Verifier::check_use(Value user, Value used, BlockId block, uint32_t position) {
  if (used >= function_.nodes.size() || positions_[used] == UINT32_MAX)
    return fail_at(user, "uses v" + std::to_string(used) + ", which stands nowhere");
  const Node& definition = function_.nodes[used];
  const bool is_before = definition.block == block ? positions_[used] < position
                                                   : dominators_->dominates(definition.block, block);
  if (!is_before) return fail_at(user, "uses v" + std::to_string(used) + ", which does not dominate it");
  return definition.type != Type::none || definition.operation == Operation::parameter ||
         function_.nodes[user].operation == Operation::result ||
         fail_at(user, "uses v" + std::to_string(used) + ", which is no value");
}

bool Verifier::check_node(Value value) {
  const Node& node = function_.nodes[value];
  for (const Value argument : function_.arguments_of(node)) {
    if (!check_use(value, argument, node.block, positions_[value])) return false;
  }
  return is_row(node.operation) ? check_row(value) : check_own(value);
}

/// `none` among the wanted types: any.
bool Verifier::check_types(Value value, std::span<const Type> wanted, Type result) {
  const Node& node = function_.nodes[value];
  if (node.argument_count != wanted.size())
    return fail_at(value, "has " + std::to_string(node.argument_count) + " arguments");
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != Type::none && type_at(node, i) != wanted[i])
      return fail_at(value, "argument " + std::to_string(i) + " is of type " + to_string(type_at(node, i)));
  }
  return node.type == result || fail_at(value, std::string("is of type ") + to_string(node.type));
}

bool Verifier::check_row(Value value) {
  const Node& node = function_.nodes[value];
  const engine::OpcodeInfo& row = info(row_of(node.operation));
  if (row.kind == engine::RowKind::parametric) {
    const Type select[] = {node.type, node.type, Type::i32};
    return node.type != Type::none && check_types(value, select, node.type);
  }
  if (row.signature.empty()) return fail_at(value, "is a row that the builder takes apart");
  const size_t colon = row.signature.find(':');
  std::vector<Type> wanted;
  for (const char letter : row.signature.substr(0, colon)) wanted.push_back(type_of_letter(letter));
  const std::string_view results = row.signature.substr(colon + 1);
  if (accesses_memory(row) && !wanted.empty() && node.argument_count > 0 && type_at(node, 0) != Type::i32 &&
      type_at(node, 0) != Type::i64)
    return fail_at(value, "its address is none");
  return check_types(value, wanted, results.size() == 1 ? type_of_letter(results[0]) : Type::none);
}

bool Verifier::check_own(Value value) {
  const Node& node = function_.nodes[value];
  const size_t count = node.argument_count;
  constexpr Type kPointers[] = {Type::i64, Type::i64};
  constexpr Type kCondition[] = {Type::i32};
  const auto pointers = std::span(kPointers);
  switch (node.operation) {
    case Operation::parameter: return fail_at(value, "stands among the nodes");
    case Operation::instance: return check_types(value, {}, Type::i64);
    case Operation::host_load:
      return check_types(value, pointers.first(count == 2 ? 2 : 1),
                         type_of_letter(info(row_of(node.access)).signature.back()));
    case Operation::host_store: {
      const Type stored[] = {Type::i64, type_of_letter(info(row_of(node.access)).signature[1]), Type::i64};
      return check_types(value, std::span(stored).first(count == 3 ? 3 : 2), Type::none);
    }
    case Operation::address_of: return check_types(value, pointers.first(count == 2 ? 2 : 1), Type::i64);
    case Operation::check_bounds: return check_types(value, pointers, Type::i64);
    case Operation::trap_if:
    case Operation::trap_unless:
    case Operation::branch:
    case Operation::branch_table: return check_types(value, kCondition, Type::none);
    case Operation::fuel:
    case Operation::poll: return check_types(value, pointers.first(1), Type::none);
    case Operation::jump:
    case Operation::invoke:
    case Operation::trap: return check_types(value, {}, Type::none);
    case Operation::leave: return check_types(value, function_.results, Type::none);
    case Operation::call_runtime: return check_runtime_call(value);
    case Operation::result: return node.type != Type::none || fail_at(value, "has no type");
    default: return check_call(value);
  }
}

bool Verifier::check_call(Value value) {
  const Node& node = function_.nodes[value];
  const engine::TypeDefinition& type =
      function_.module->registry->get(static_cast<engine::TypeId>(node.extra));
  const bool by_pointer =
      node.operation == Operation::call_function || node.operation == Operation::tail_call_function;
  std::vector<Type> wanted;
  if (by_pointer) wanted.push_back(Type::i64);
  for (const ValueType parameter : type.parameters) wanted.push_back(type_of(parameter));
  const bool is_value = effect_of(node.operation) != Effect::terminator && type.results.size() == 1;
  if (!function_.has_calls) return fail_at(value, "the function is said to have no calls");
  return check_types(value, wanted, is_value ? type_of(type.results[0]) : Type::none);
}

bool Verifier::check_runtime_call(Value value) {
  const Node& node = function_.nodes[value];
  const RuntimeCallInfo& call = info(static_cast<RuntimeCall>(node.immediate));
  std::vector<Type> wanted;
  for (const char letter : call.parameters) {
    if (letter != '*') {
      wanted.push_back(type_of_letter(letter));
    } else {
      wanted.resize(std::max<size_t>(wanted.size(), node.argument_count), Type::none);
    }
  }
  if (!function_.has_calls) return fail_at(value, "the function is said to have no calls");
  return check_types(value, wanted, call.results.size() == 1 ? type_of_letter(call.results[0]) : Type::none);
}

}  // namespace

std::string verify(const Function& function) { return Verifier(function).run(); }

}  // namespace heddle::jit
