// SPDX-License-Identifier: Apache-2.0
// order_blocks(): critical edges, predecessors, loops, coldness and layout, in near-linear time.
//
// A back edge leads to a block on the depth-first path; the graphs are reducible, since wasm is structured,
// so that block is its loop's header. Loops are collected innermost first, and each is one node for those
// around it (Tarjan).
#include <algorithm>
#include <utility>

#include "jit/ir/ir.h"

namespace heddle::jit {

namespace {

class BlockOrder {
 public:
  explicit BlockOrder(Function& function) : function_(function) {}

  void run() {
    walk();
    if (split_critical_edges()) walk();
    find_predecessors();
    find_loops();
    mark_cold_blocks();
    lay_out();
  }

 private:
  enum class Mark : uint8_t { unseen, on_path, done };

  void walk();
  bool split_critical_edges();
  void split(BlockId from, size_t successor);
  void find_predecessors();
  void find_loops();
  void collect_loop(BlockId header);
  [[nodiscard]] BlockId representative(BlockId block);
  void mark_cold_blocks();
  void lay_out();

  Function& function_;
  std::vector<BlockId> postorder_;
  std::vector<Mark> marks_;
  std::vector<std::pair<BlockId, BlockId>> back_edges_;  ///< header, from; in order of discovery
  std::vector<BlockId> merged_;                          ///< union-find: the loop a block has become part of
  std::vector<BlockId> outer_;                           ///< of a header: the header of the loop around
  std::vector<BlockId> work_;
};

void BlockOrder::walk() {
  postorder_.clear();
  back_edges_.clear();
  marks_.assign(function_.blocks.size(), Mark::unseen);
  std::vector<std::pair<BlockId, size_t>> path = {{0, 0}};
  marks_[0] = Mark::on_path;
  while (!path.empty()) {
    auto& [block, next] = path.back();
    const auto& successors = function_.blocks[block].successors;
    if (next == successors.size()) {
      marks_[block] = Mark::done;
      postorder_.push_back(block);
      path.pop_back();
      continue;
    }
    const BlockId target = successors[next++].target;
    if (marks_[target] == Mark::on_path) back_edges_.emplace_back(target, block);
    if (marks_[target] != Mark::unseen) continue;
    marks_[target] = Mark::on_path;
    path.emplace_back(target, 0);
  }
}

/// True if there were any.
bool BlockOrder::split_critical_edges() {
  std::vector<uint32_t> incoming(function_.blocks.size(), 0);
  for (const BlockId block : postorder_) {
    for (const Edge& edge : function_.blocks[block].successors) ++incoming[edge.target];
  }
  bool any = false;
  for (const BlockId block : postorder_) {
    const size_t successors = function_.blocks[block].successors.size();
    if (successors < 2) continue;
    for (size_t i = 0; i < successors; ++i) {
      const BlockId target = function_.blocks[block].successors[i].target;
      if (incoming[target] < 2) continue;
      split(block, i);
      any = true;
    }
  }
  return any;
}

void BlockOrder::split(BlockId from, size_t successor) {
  const BlockId middle = function_.add_block();
  Node jump;
  jump.operation = Operation::jump;
  jump.offset = function_.nodes[function_.blocks[from].nodes.back()].offset;
  function_.add_node(middle, jump);
  Edge& edge = function_.blocks[from].successors[successor];
  function_.blocks[middle].successors.push_back(edge);
  edge = {middle, 0, 0};
}

void BlockOrder::find_predecessors() {
  for (Block& block : function_.blocks) {
    block.predecessors.clear();
    block.is_loop_header = false;
    block.loop_header = kNoBlock;
    block.loop_depth = 0;
  }
  for (auto block = postorder_.rbegin(); block != postorder_.rend(); ++block) {
    for (const Edge& edge : function_.blocks[*block].successors)
      function_.blocks[edge.target].predecessors.push_back(*block);
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
  merged_.resize(function_.blocks.size());
  for (BlockId block = 0; block < merged_.size(); ++block) merged_[block] = block;
  outer_.assign(function_.blocks.size(), kNoBlock);
  for (const auto& [header, from] : back_edges_) function_.blocks[header].is_loop_header = true;
  std::vector<uint32_t> position(function_.blocks.size(), 0);
  for (uint32_t i = 0; i < postorder_.size(); ++i) position[postorder_[i]] = i;
  std::ranges::sort(back_edges_, {}, [&](const auto& edge) {  // inner ones first
    return std::pair(position[edge.first], position[edge.second]);
  });
  for (size_t i = 0; i < back_edges_.size();) {
    const BlockId header = back_edges_[i].first;
    for (; i < back_edges_.size() && back_edges_[i].first == header; ++i)
      work_.push_back(back_edges_[i].second);
    collect_loop(header);
  }
  for (auto block = postorder_.rbegin(); block != postorder_.rend(); ++block) {
    Block& node = function_.blocks[*block];
    if (node.is_loop_header) {
      node.loop_header = *block;
      const BlockId outer = outer_[*block];
      node.loop_depth = 1 + (outer == kNoBlock ? 0 : function_.blocks[outer].loop_depth);
    } else if (node.loop_header != kNoBlock) {
      node.loop_depth = function_.blocks[node.loop_header].loop_depth;
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
    if (function_.blocks[block].is_loop_header) {
      outer_[block] = header;
    } else {
      function_.blocks[block].loop_header = header;
    }
    for (const BlockId predecessor : function_.blocks[block].predecessors) work_.push_back(predecessor);
  }
}

/// A block that only leads to cold ones is cold, too, and so is one to which only cold ones lead: no block
/// shall stand before those that dominate it. The entry never is: it stands first.
void BlockOrder::mark_cold_blocks() {
  for (const BlockId id : postorder_) {
    Block& block = function_.blocks[id];
    const Operation last = function_.nodes[block.nodes.back()].operation;
    if (block.is_handler || last == Operation::trap) block.is_cold = true;
    if (!block.successors.empty() && std::ranges::all_of(block.successors, [this](const Edge& edge) {
          return function_.blocks[edge.target].is_cold;
        })) {
      block.is_cold = true;
    }
  }
  function_.blocks[0].is_cold = false;
  std::vector<bool> is_passed(function_.blocks.size(), false);
  for (auto id = postorder_.rbegin(); id != postorder_.rend(); ++id) {
    Block& block = function_.blocks[*id];
    is_passed[*id] = true;
    if (*id == 0 || block.is_cold) continue;
    block.is_cold = std::ranges::all_of(block.predecessors, [&](BlockId predecessor) {
      return !is_passed[predecessor] || function_.blocks[predecessor].is_cold;
    });
  }
}

/// Each loop is a list of blocks and inner loops in reverse postorder; the lists are put into each other.
void BlockOrder::lay_out() {
  const size_t count = function_.blocks.size();
  const auto root = static_cast<BlockId>(count);
  std::vector<BlockId> first(count + 1, kNoBlock), last(count + 1, kNoBlock), next(count, kNoBlock);
  for (auto block = postorder_.rbegin(); block != postorder_.rend(); ++block) {
    const Block& node = function_.blocks[*block];
    const BlockId around = node.is_loop_header ? outer_[*block] : node.loop_header;
    const BlockId list = around == kNoBlock ? root : around;
    (first[list] == kNoBlock ? first[list] : next[last[list]]) = *block;
    last[list] = *block;
  }
  std::vector<BlockId> all;
  std::vector<BlockId> path = {first[root]};
  while (!path.empty()) {
    const BlockId block = path.back();
    path.pop_back();
    if (block == kNoBlock) continue;
    all.push_back(block);
    path.push_back(next[block]);
    if (function_.blocks[block].is_loop_header) path.push_back(first[block]);
  }
  function_.order.clear();
  for (const bool is_cold : {false, true}) {
    for (const BlockId block : all) {
      if (function_.blocks[block].is_cold == is_cold) function_.order.push_back(block);
    }
  }
}

}  // namespace

void order_blocks(Function& function) { BlockOrder(function).run(); }

}  // namespace heddle::jit
