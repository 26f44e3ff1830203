// SPDX-License-Identifier: Apache-2.0
// BlockOrder: one depth-first walk, and what follows from it.
#include "jit/ir/block_order.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace heddle::jit {

void BlockOrder::compute(Function& function) {
  function_ = &function;
  walk();
  empty_unreachable();
  split_critical_edges();
  find_predecessors();
  find_loops();
  mark_cold_blocks();
  lay_out();
}

void BlockOrder::walk() {
  const size_t count = function_->blocks.size();
  steps_.clear();
  back_edges_.clear();
  marks_.assign(count, Mark::unseen);
  incoming_.assign(count, 0);
  path_.assign(1, {0, 0});
  marks_[0] = Mark::on_path;
  while (!path_.empty()) {
    auto& [block, next] = path_.back();
    const auto& successors = function_->blocks[block].successors;
    if (next != 0 && successors.size() > 1) steps_.push_back({block, next - 1});
    if (next == successors.size()) {
      marks_[block] = Mark::done;
      steps_.push_back({block, kNoEdge});
      path_.pop_back();
      continue;
    }
    const BlockId target = successors[next].target;
    ++incoming_[target];
    if (marks_[target] == Mark::on_path) back_edges_.push_back({target, block, next});
    ++next;
    if (marks_[target] != Mark::unseen) continue;
    marks_[target] = Mark::on_path;
    path_.push_back({target, 0});
  }
}

/// So that what they lead to need not ask who its predecessors are.
void BlockOrder::empty_unreachable() {
  for (BlockId id = 0; id < marks_.size(); ++id) {
    if (marks_[id] == Mark::done) continue;
    function_->blocks[id].parameters.clear();
    function_->blocks[id].nodes.clear();
    function_->blocks[id].successors.clear();
  }
}

/// A walk would leave a block in the middle of an edge when it comes back from what that leads to. So the
/// order is known without another one.
void BlockOrder::split_critical_edges() {
  const size_t known = function_->blocks.size();
  for (const auto& [block, edge] : steps_) {
    const size_t successors = function_->blocks[block].successors.size();
    if (edge != kNoEdge || successors < 2) continue;
    for (size_t i = 0; i < successors; ++i) {
      if (incoming_[function_->blocks[block].successors[i].target] > 1) split(block, i);
    }
  }
  auto& order = function_->reverse_postorder;
  order.clear();
  for (const auto& [block, edge] : steps_) {
    const BlockId left = edge == kNoEdge ? block : function_->blocks[block].successors[edge].target;
    if (edge == kNoEdge || left >= known) order.push_back(left);
  }
  std::ranges::reverse(order);
  for (BackEdge& back : back_edges_) {
    const BlockId target = function_->blocks[back.from].successors[back.edge].target;
    if (target != back.header) back.from = target;
  }
}

void BlockOrder::split(BlockId from, size_t successor) {
  const BlockId middle = function_->add_block();
  Node jump;
  jump.operation = Operation::jump;
  jump.offset = function_->nodes[function_->blocks[from].nodes.back()].offset;
  function_->add_node(middle, jump);
  Edge& edge = function_->blocks[from].successors[successor];
  function_->blocks[middle].successors.push_back(edge);
  edge = {middle, 0, 0};
}

void BlockOrder::find_predecessors() {
  for (Block& block : function_->blocks) {
    block.predecessors.clear();
    block.is_loop_header = false;
    block.loop_header = kNoBlock;
    block.loop_depth = 0;
  }
  position_.resize(function_->blocks.size());
  uint32_t position = 0;
  for (const BlockId block : function_->reverse_postorder) {
    position_[block] = position++;
    for (const Edge& edge : function_->blocks[block].successors)
      function_->blocks[edge.target].predecessors.push_back(block);
  }
}

BlockId BlockOrder::representative(BlockId block) {
  while (merged_[block] != block) {
    merged_[block] = merged_[merged_[block]];
    block = merged_[block];
  }
  return block;
}

void BlockOrder::find_loops() {
  if (back_edges_.empty()) return;
  merged_.resize(function_->blocks.size());
  for (BlockId block = 0; block < merged_.size(); ++block) merged_[block] = block;
  outer_.assign(function_->blocks.size(), kNoBlock);
  for (const BackEdge& back : back_edges_) function_->blocks[back.header].is_loop_header = true;
  std::ranges::sort(back_edges_, std::greater(), [&](const BackEdge& back) {  // inner ones first
    return std::pair(position_[back.header], position_[back.from]);
  });
  for (size_t i = 0; i < back_edges_.size();) {
    const BlockId header = back_edges_[i].header;
    for (; i < back_edges_.size() && back_edges_[i].header == header; ++i)
      work_.push_back(back_edges_[i].from);
    collect_loop(header);
  }
  for (const BlockId id : function_->reverse_postorder) {
    Block& block = function_->blocks[id];
    if (block.is_loop_header) {
      block.loop_header = id;
      const BlockId outer = outer_[id];
      block.loop_depth = 1 + (outer == kNoBlock ? 0 : function_->blocks[outer].loop_depth);
    } else if (block.loop_header != kNoBlock) {
      block.loop_depth = function_->blocks[block.loop_header].loop_depth;
    }
  }
}

/// Everything from which work_ is reached without passing the header.
void BlockOrder::collect_loop(BlockId header) {
  while (!work_.empty()) {
    const BlockId block = representative(work_.back());
    work_.pop_back();
    if (block == header) continue;
    merged_[block] = header;
    if (function_->blocks[block].is_loop_header) {
      outer_[block] = header;
    } else {
      function_->blocks[block].loop_header = header;
    }
    for (const BlockId predecessor : function_->blocks[block].predecessors) work_.push_back(predecessor);
  }
}

/// A block that only leads to cold ones is cold, too, and so is one to which only cold ones lead: no block
/// shall stand before those that dominate it. The entry never is: it stands first.
void BlockOrder::mark_cold_blocks() {
  const auto& order = function_->reverse_postorder;
  const auto is_cold = [this](BlockId block) { return function_->blocks[block].is_cold; };
  for (size_t i = order.size(); i-- > 0;) {
    Block& block = function_->blocks[order[i]];
    const Operation last = function_->nodes[block.nodes.back()].operation;
    if (block.is_handler || last == Operation::trap) block.is_cold = true;
    if (!block.successors.empty() && std::ranges::all_of(block.successors, is_cold, &Edge::target))
      block.is_cold = true;
  }
  function_->blocks[0].is_cold = false;
  for (const BlockId id : std::span(order).subspan(1)) {
    Block& block = function_->blocks[id];
    if (block.is_cold) continue;
    block.is_cold = std::ranges::all_of(block.predecessors, [&](BlockId predecessor) {
      return position_[predecessor] > position_[id] || is_cold(predecessor);
    });
  }
}

void BlockOrder::lay_out() {
  if (!back_edges_.empty()) nest_loops();
  const auto& all = back_edges_.empty() ? function_->reverse_postorder : nested_;
  function_->order.clear();
  for (const bool is_cold : {false, true}) {
    for (const BlockId block : all) {
      if (function_->blocks[block].is_cold == is_cold) function_->order.push_back(block);
    }
  }
}

/// Each loop is a list of blocks and inner loops in reverse postorder; the lists are put into each other.
void BlockOrder::nest_loops() {
  const size_t count = function_->blocks.size();
  const auto root = static_cast<BlockId>(count);
  first_.assign(count + 1, kNoBlock);
  last_.assign(count + 1, kNoBlock);
  next_.assign(count, kNoBlock);
  for (const BlockId id : function_->reverse_postorder) {
    const Block& block = function_->blocks[id];
    const BlockId around = block.is_loop_header ? outer_[id] : block.loop_header;
    const BlockId list = around == kNoBlock ? root : around;
    (first_[list] == kNoBlock ? first_[list] : next_[last_[list]]) = id;
    last_[list] = id;
  }
  nested_.clear();
  work_.assign(1, first_[root]);
  while (!work_.empty()) {
    const BlockId block = work_.back();
    work_.pop_back();
    if (block == kNoBlock) continue;
    nested_.push_back(block);
    work_.push_back(next_[block]);
    if (function_->blocks[block].is_loop_header) work_.push_back(first_[block]);
  }
}

void order_blocks(Function& function) { BlockOrder().compute(function); }

}  // namespace heddle::jit
