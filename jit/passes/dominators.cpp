// SPDX-License-Identifier: Apache-2.0
// Dominators: numbering, the iteration, and the tree.
#include "jit/passes/dominators.h"

#include <algorithm>
#include <span>
#include <utility>

namespace heddle::jit {

void Dominators::compute(const Function& function) {
  function_ = &function;
  number_blocks();
  solve();
  number_tree();
}

void Dominators::number_blocks() {
  places_.assign(function_->blocks.size(), {});
  uint32_t position = 0;
  for (const BlockId block : function_->reverse_postorder) places_[block].position = position++;
}

void Dominators::solve() {
  places_[0].immediate = 0;
  const auto meet = [&](BlockId a, BlockId b) {
    while (a != b) {
      while (places_[a].position > places_[b].position) a = places_[a].immediate;
      while (places_[b].position > places_[a].position) b = places_[b].immediate;
    }
    return a;
  };
  for (const BlockId block : std::span(function_->reverse_postorder).subspan(1)) {
    BlockId found = kNoBlock;
    for (const BlockId predecessor : function_->blocks[block].predecessors) {
      if (places_[predecessor].immediate == kNoBlock) continue;  // a back edge
      found = found == kNoBlock ? predecessor : meet(found, predecessor);
    }
    places_[block].immediate = found;
  }
  places_[0].immediate = kNoBlock;
}

/// Siblings are linked in reverse postorder, since whoever comes last is put in front.
void Dominators::number_tree() {
  const auto& order = function_->reverse_postorder;
  for (size_t i = order.size(); i-- > 1;) {
    Place& place = places_[order[i]];
    place.sibling = std::exchange(places_[place.immediate].first_child, order[i]);
  }
  preorder_.clear();
  open_.assign(1, 0);
  while (!open_.empty()) {
    Place& place = places_[open_.back()];
    place.first = place.last = static_cast<uint32_t>(preorder_.size());
    preorder_.push_back(open_.back());
    open_.pop_back();
    if (place.sibling != kNoBlock) open_.push_back(place.sibling);
    if (place.first_child != kNoBlock) open_.push_back(place.first_child);
  }
  for (size_t i = preorder_.size(); i-- > 1;) {
    uint32_t& above = places_[places_[preorder_[i]].immediate].last;
    above = std::max(above, places_[preorder_[i]].last);
  }
}

bool Dominators::dominates(BlockId above, BlockId below) const {
  return places_[above].first <= places_[below].first && places_[below].first <= places_[above].last;
}

/// A loop's immediate dominator reaches its header and is dominated by the header around it, so it is in that
/// loop.
BlockId Dominators::outer_loop(BlockId header) const {
  const BlockId above = places_[header].immediate;
  return above == kNoBlock ? kNoBlock : function_->blocks[above].loop_header;
}

}  // namespace heddle::jit
