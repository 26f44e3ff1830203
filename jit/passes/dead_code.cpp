// SPDX-License-Identifier: Apache-2.0
// DeadCode: one walk against the layout, and what edges lead back to.
#include "jit/passes/dead_code.h"

#include <algorithm>

#include "jit/passes/replacements.h"

namespace heddle::jit {

namespace {

bool is_root(const Node& node) {
  return effect_of(node.operation) != Effect::none && node.operation != Operation::host_load;
}

}  // namespace

void DeadCode::remove(Function& function) {
  function_ = &function;
  needed_.assign(function.nodes.size(), Mark::no);
  passed_.assign(function.blocks.size(), Mark::no);
  shrinking_.clear();
  for (const Value value : function.blocks[0].parameters)
    needed_[value] = Mark::yes;  // the calling convention's
  for (size_t i = function.order.size(); i-- > 0;) mark(function.order[i]);
  sweep();
}

/// What is used stands in front of who uses it, so that it is passed later.
void DeadCode::mark(BlockId id) {
  const Block& block = function_->blocks[id];
  bool shrinks = false;
  for (size_t i = block.nodes.size(); i-- > 0;) {
    const Node& node = function_->nodes[block.nodes[i]];
    Mark& is_needed = needed_[block.nodes[i]];
    if (is_needed == Mark::no && !is_root(node)) {
      shrinks = true;
      continue;
    }
    is_needed = Mark::yes;
    for (const Value argument : function_->arguments_of(node)) needed_[argument] = Mark::yes;
  }
  passed_[id] = Mark::yes;
  for (size_t i = 0; i < block.parameters.size(); ++i) {
    if (needed_[block.parameters[i]] == Mark::yes)
      need_incoming(id, i);
    else
      shrinks = true;
  }
  if (shrinks) shrinking_.push_back(id);
  follow();
}

/// Edges may hand over what has been passed: it and all that it uses is followed at once.
void DeadCode::need(Value value) {
  if (needed_[value] == Mark::yes) return;
  needed_[value] = Mark::yes;
  if (passed_[function_->nodes[value].block] == Mark::yes) open_.push_back(value);
}

/// A parameter's arguments are found from its block's predecessors.
void DeadCode::need_incoming(BlockId block, size_t which) {
  for (const BlockId from : function_->blocks[block].predecessors) {
    for (const Edge& edge : function_->blocks[from].successors) {
      if (edge.target == block) need(function_->arguments[edge.first_argument + which]);
    }
  }
}

void DeadCode::follow() {
  while (!open_.empty()) {
    const Node& node = function_->nodes[open_.back()];
    open_.pop_back();
    if (node.operation == Operation::parameter) {
      need_incoming(node.block, node.immediate);
    } else {
      for (const Value argument : function_->arguments_of(node)) need(argument);
    }
  }
}

void DeadCode::sweep() {
  const auto is_dead = [this](Value value) { return needed_[value] == Mark::no; };
  for (const BlockId id : shrinking_) {
    Block& block = function_->blocks[id];
    std::erase_if(block.nodes, is_dead);
    if (std::ranges::none_of(block.parameters, is_dead)) continue;
    // Arguments go before the parameters do that say which stay.
    const auto stays = [&](size_t i) { return !is_dead(block.parameters[i]); };
    for (const BlockId from : block.predecessors) {
      for (Edge& edge : function_->blocks[from].successors) {
        if (edge.target == id) keep_arguments(*function_, edge, stays);
      }
    }
    keep_parameters(*function_, id, stays);
  }
}

}  // namespace heddle::jit
