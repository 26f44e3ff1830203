// SPDX-License-Identifier: Apache-2.0
// Dead code: what nobody needs is neither a root nor an argument of something needed.
//
// Roots are terminators and what has an effect. Loads of the host's memory cannot fail and go if unused;
// guest loads may trap and stay. A block parameter is needed if a needed node uses it, and only then are its
// arguments.
#include <algorithm>
#include <vector>

#include "jit/passes/passes.h"
#include "jit/passes/replacements.h"

namespace heddle::jit {

namespace {

bool is_root(const Node& node) {
  return effect_of(node.operation) != Effect::none && node.operation != Operation::host_load;
}

class DeadCodePass {
 public:
  explicit DeadCodePass(Function& function)
      : function_(function), needed_(function.nodes.size(), 0), is_passed_(function.blocks.size(), 0) {}

  void run() {
    for (const Value value : function_.blocks[0].parameters) needed_[value] = 1;  // the calling convention's
    for (size_t i = function_.order.size(); i-- > 0;) mark(function_.order[i]);
    sweep();
  }

 private:
  /// What is used stands in front of who uses it, so that it is passed later.
  void mark(BlockId id) {
    const Block& block = function_.blocks[id];
    for (size_t i = block.nodes.size(); i-- > 0;) {
      const Node& node = function_.nodes[block.nodes[i]];
      uint8_t& is_needed = needed_[block.nodes[i]];
      if (is_needed == 0 && !is_root(node)) continue;
      is_needed = 1;
      for (const Value argument : function_.arguments_of(node)) needed_[argument] = 1;
    }
    is_passed_[id] = 1;
    for (size_t i = 0; i < block.parameters.size(); ++i) {
      if (needed_[block.parameters[i]] != 0) need_incoming(id, i);
    }
    follow();
  }

  /// Edges may hand over what has been passed: it and all that it uses is followed at once.
  void need(Value value) {
    if (needed_[value] != 0) return;
    needed_[value] = 1;
    if (is_passed_[function_.nodes[value].block] != 0) open_.push_back(value);
  }

  /// A parameter's arguments are found from its block's predecessors.
  void need_incoming(BlockId block, size_t which) {
    for (const BlockId from : function_.blocks[block].predecessors) {
      for (const Edge& edge : function_.blocks[from].successors) {
        if (edge.target == block) need(function_.arguments[edge.first_argument + which]);
      }
    }
  }

  void follow() {
    while (!open_.empty()) {
      const Node& node = function_.nodes[open_.back()];
      open_.pop_back();
      if (node.operation == Operation::parameter) {
        need_incoming(node.block, node.immediate);
      } else {
        for (const Value argument : function_.arguments_of(node)) need(argument);
      }
    }
  }

  void sweep() {
    const auto count = static_cast<BlockId>(function_.blocks.size());
    shrinks_.resize(count);
    for (BlockId block = 0; block < count; ++block) {
      shrinks_[block] = !std::ranges::all_of(function_.blocks[block].parameters,
                                             [this](Value value) { return needed_[value] != 0; });
    }
    for (Block& block : function_.blocks) {
      std::erase_if(block.nodes, [&](Value value) { return needed_[value] == 0; });
      // Arguments go before the parameters do that say which stay.
      for (Edge& edge : block.successors) {
        if (shrinks_[edge.target]) keep_arguments(function_, edge, stays_of(edge.target));
      }
    }
    for (BlockId block = 0; block < count; ++block) {
      if (shrinks_[block]) keep_parameters(function_, block, stays_of(block));
    }
  }

  /// Which of the block's parameters stay.
  const std::vector<bool>& stays_of(BlockId block) {
    stays_.clear();
    for (const Value parameter : function_.blocks[block].parameters)
      stays_.push_back(needed_[parameter] != 0);
    return stays_;
  }

  Function& function_;
  std::vector<uint8_t> needed_;     ///< by value: is it?
  std::vector<uint8_t> is_passed_;  ///< by block
  std::vector<Value> open_;         ///< passed before they were known to be needed
  std::vector<bool> shrinks_;       ///< by block: does a parameter go?
  std::vector<bool> stays_;
};

}  // namespace

void remove_dead_code(Function& function) { DeadCodePass(function).run(); }

}  // namespace heddle::jit
