// SPDX-License-Identifier: Apache-2.0
// Dominators: numbering, the iteration, and the tree.
#include "jit/passes/dominators.h"

#include <algorithm>
#include <utility>

namespace heddle::jit {

Dominators::Dominators(const Function& function) : function_(function) {
  number_blocks();
  solve();
  number_tree();
}

/// A depth-first walk with a stack of its own.
void Dominators::number_blocks() {
  position_.assign(function_.blocks.size(), kUnreached);
  std::vector<std::pair<BlockId, size_t>> path;
  path.push_back({0, 0});
  position_[0] = 0;
  while (!path.empty()) {
    auto& [block, next] = path.back();
    const auto& successors = function_.blocks[block].successors;
    if (next == successors.size()) {
      rpo_.push_back(block);
      path.pop_back();
      continue;
    }
    const BlockId target = successors[next++].target;
    if (position_[target] != kUnreached) continue;
    position_[target] = 0;
    path.push_back({target, 0});
  }
  std::ranges::reverse(rpo_);
  for (uint32_t i = 0; i < rpo_.size(); ++i) position_[rpo_[i]] = i;
}

void Dominators::solve() {
  immediate_.assign(function_.blocks.size(), kNoBlock);
  immediate_[0] = 0;
  const auto meet = [&](BlockId a, BlockId b) {
    while (a != b) {
      while (position_[a] > position_[b]) a = immediate_[a];
      while (position_[b] > position_[a]) b = immediate_[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const BlockId block : std::span(rpo_).subspan(1)) {
      BlockId found = kNoBlock;
      for (const BlockId predecessor : function_.blocks[block].predecessors) {
        if (position_[predecessor] == kUnreached || immediate_[predecessor] == kNoBlock) continue;
        found = found == kNoBlock ? predecessor : meet(found, predecessor);
      }
      if (found != immediate_[block]) {
        immediate_[block] = found;
        changed = true;
      }
    }
  }
  immediate_[0] = kNoBlock;
}

void Dominators::number_tree() {
  children_.resize(function_.blocks.size());
  for (const BlockId block : std::span(rpo_).subspan(1)) children_[immediate_[block]].push_back(block);
  first_.assign(function_.blocks.size(), 0);
  last_.assign(function_.blocks.size(), 0);
  const std::vector<BlockId> order = preorder();
  for (uint32_t i = 0; i < order.size(); ++i) first_[order[i]] = last_[order[i]] = i;
  for (size_t i = order.size(); i-- > 1;) {
    uint32_t& above = last_[immediate_[order[i]]];
    above = std::max(above, last_[order[i]]);
  }
}

std::vector<BlockId> Dominators::preorder() const {
  std::vector<BlockId> order;
  order.reserve(rpo_.size());
  std::vector<BlockId> open = {0};
  while (!open.empty()) {
    const BlockId block = open.back();
    open.pop_back();
    order.push_back(block);
    for (size_t i = children_[block].size(); i-- > 0;) open.push_back(children_[block][i]);
  }
  return order;
}

bool Dominators::dominates(BlockId above, BlockId below) const {
  return first_[above] <= first_[below] && first_[below] <= last_[above];
}

/// A loop's immediate dominator reaches its header and is dominated by the header around it, so it is in that
/// loop.
BlockId Dominators::outer_loop(BlockId header) const {
  const BlockId above = immediate_[header];
  return above == kNoBlock ? kNoBlock : function_.blocks[above].loop_header;
}

}  // namespace heddle::jit
