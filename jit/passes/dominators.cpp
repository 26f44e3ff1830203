// SPDX-License-Identifier: Apache-2.0
// Dominators: numbering, the iteration, and the tree.
#include "jit/passes/dominators.h"

#include <algorithm>
#include <span>

namespace heddle::jit {

void Dominators::compute(const Function& function) {
  function_ = &function;
  number_blocks();
  solve();
  number_tree();
}

void Dominators::number_blocks() {
  position_.assign(function_->blocks.size(), kUnreached);
  uint32_t position = 0;
  for (const BlockId block : function_->reverse_postorder) position_[block] = position++;
}

void Dominators::solve() {
  immediate_.assign(function_->blocks.size(), kNoBlock);
  immediate_[0] = 0;
  const auto meet = [&](BlockId a, BlockId b) {
    while (a != b) {
      while (position_[a] > position_[b]) a = immediate_[a];
      while (position_[b] > position_[a]) b = immediate_[b];
    }
    return a;
  };
  for (const BlockId block : std::span(function_->reverse_postorder).subspan(1)) {
    BlockId found = kNoBlock;
    for (const BlockId predecessor : function_->blocks[block].predecessors) {
      if (position_[predecessor] == kUnreached || immediate_[predecessor] == kNoBlock) continue;
      found = found == kNoBlock ? predecessor : meet(found, predecessor);
    }
    immediate_[block] = found;
  }
  immediate_[0] = kNoBlock;
}

/// Siblings are linked in reverse postorder, since whoever comes last is put in front.
void Dominators::number_tree() {
  first_child_.assign(function_->blocks.size(), kNoBlock);
  sibling_.assign(function_->blocks.size(), kNoBlock);
  const auto& order = function_->reverse_postorder;
  for (size_t i = order.size(); i-- > 1;) {
    BlockId& first = first_child_[immediate_[order[i]]];
    sibling_[order[i]] = first;
    first = order[i];
  }
  preorder_.clear();
  open_.assign(1, 0);
  while (!open_.empty()) {
    const BlockId block = open_.back();
    open_.pop_back();
    preorder_.push_back(block);
    if (sibling_[block] != kNoBlock) open_.push_back(sibling_[block]);
    if (first_child_[block] != kNoBlock) open_.push_back(first_child_[block]);
  }
  first_.assign(function_->blocks.size(), 0);
  last_.assign(function_->blocks.size(), 0);
  for (uint32_t i = 0; i < preorder_.size(); ++i) first_[preorder_[i]] = last_[preorder_[i]] = i;
  for (size_t i = preorder_.size(); i-- > 1;) {
    uint32_t& above = last_[immediate_[preorder_[i]]];
    above = std::max(above, last_[preorder_[i]]);
  }
}

bool Dominators::dominates(BlockId above, BlockId below) const {
  return first_[above] <= first_[below] && first_[below] <= last_[above];
}

/// A loop's immediate dominator reaches its header and is dominated by the header around it, so it is in that
/// loop.
BlockId Dominators::outer_loop(BlockId header) const {
  const BlockId above = immediate_[header];
  return above == kNoBlock ? kNoBlock : function_->blocks[above].loop_header;
}

}  // namespace heddle::jit
