// SPDX-License-Identifier: Apache-2.0
// LoopInvariants: what is worth a register, and how far it can go.
#include "jit/passes/loop_invariants.h"

#include <algorithm>

namespace heddle::jit {

namespace {

/// From the instance to a value: an array of it, and what an element of that points to.
constexpr unsigned kMostLoads = 2;

}  // namespace

void LoopInvariants::hoist(Function& function, const Dominators& dominators) {
  const bool has_loops = std::ranges::any_of(
      function.order, [&](BlockId block) { return function.blocks[block].is_loop_header; });
  if (!has_loops) return;
  function_ = &function;
  dominators_ = &dominators;
  hoisted_.assign(function.blocks.size(), 0);
  for (const BlockId block : dominators.preorder()) {
    if (function.blocks[block].loop_header != kNoBlock) hoist_from(block);
  }
}

/// Is it known to be valid wherever its arguments are? Loads of the instance are, and of what those point
/// to.
bool LoopInvariants::is_from_instance(const Node& node) const {
  const Node* from = &node;
  for (unsigned loads = 0; loads <= kMostLoads; ++loads) {
    if (from->operation == Operation::instance) return true;
    const bool is_constant = from->operation == Operation::host_load && from->alias == Alias::constant;
    if (!is_constant || from->argument_count != 1) return false;
    from = &function_->nodes[function_->arguments[from->first_argument]];
  }
  return false;
}

bool LoopInvariants::is_worth_it(const Node& node) const {
  if (node.operation == Operation::host_load) return is_from_instance(node);
  if (!is_row(node.operation) || effect_of(node.operation) != Effect::none) return false;
  if (node.argument_count == 0) return false;  // constants are made where they are used
  switch (node.operation) {
    case Operation::i32_mul:
    case Operation::i64_mul: return true;
    default: return is_vector_class(node.type) || is_vector_class(type_of_first(node));
  }
}

Type LoopInvariants::type_of_first(const Node& node) const {
  return function_->nodes[function_->arguments[node.first_argument]].type;
}

bool LoopInvariants::is_in_loop(BlockId block, BlockId header) const {
  BlockId loop = function_->blocks[block].loop_header;
  while (loop != kNoBlock && loop != header) loop = dominators_->outer_loop(loop);
  return loop == header;
}

/// The block that leads to the loop and nowhere else, or kNoBlock.
BlockId LoopInvariants::preheader(BlockId header) const {
  BlockId found = kNoBlock;
  for (const BlockId from : function_->blocks[header].predecessors) {
    if (dominators_->dominates(header, from)) continue;
    if (found != kNoBlock) return kNoBlock;
    found = from;
  }
  return found != kNoBlock && function_->blocks[found].successors.size() == 1 ? found : kNoBlock;
}

/// Where the node may stand at the earliest, as far as it is worth it; kNoBlock: where it is.
BlockId LoopInvariants::place_of(const Node& node, BlockId block) {
  BlockId place = kNoBlock;
  for (BlockId loop = function_->blocks[block].loop_header; loop != kNoBlock;
       loop = dominators_->outer_loop(loop)) {
    for (const Value argument : function_->arguments_of(node)) {
      if (is_in_loop(function_->nodes[argument].block, loop)) return place;
    }
    const BlockId before = preheader(loop);
    if (before == kNoBlock || hoisted_[loop] >= kMostPerLoop) return place;
    ++hoisted_[loop];
    place = before;
  }
  return place;
}

void LoopInvariants::hoist_from(BlockId block) {
  std::erase_if(function_->blocks[block].nodes, [&](Value value) {
    Node& node = function_->nodes[value];
    const BlockId place = is_worth_it(node) ? place_of(node, block) : kNoBlock;
    if (place == kNoBlock) return false;
    node.block = place;
    auto& before = function_->blocks[place].nodes;  // its terminator stays last
    before.insert(before.end() - 1, value);
    return true;
  });
}

}  // namespace heddle::jit
