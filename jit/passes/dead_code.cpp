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
  switch (effect_of(node.operation)) {
    case Effect::none: return false;
    case Effect::reads: return node.operation != Operation::host_load;
    case Effect::writes:
    case Effect::traps:
    case Effect::anything:
    case Effect::terminator: return true;
  }
  return true;
}

class DeadCodePass {
 public:
  explicit DeadCodePass(Function& function) : function_(function), needed_(function.nodes.size(), 0) {}

  void run() {
    for (const BlockId block : function_.order) {
      for (const Value value : function_.blocks[block].nodes) {
        if (is_root(function_.nodes[value])) need(value);
      }
    }
    for (const Value value : function_.blocks[0].parameters) need(value);  // the calling convention's
    mark_parameters();
    sweep();
  }

 private:
  void need(Value value) {
    if (needed_[value]) return;
    needed_[value] = 1;
    open_.push_back(value);
  }

  /// A parameter's arguments are found from its block's predecessors.
  void need_incoming(BlockId block, size_t which) {
    for (const BlockId from : function_.blocks[block].predecessors) {
      for (const Edge& edge : function_.blocks[from].successors) {
        if (edge.target == block) need(function_.arguments[edge.first_argument + which]);
      }
    }
  }

  void mark_parameters() {
    while (!open_.empty()) {
      const Value value = open_.back();
      open_.pop_back();
      const Node& node = function_.nodes[value];
      if (node.operation == Operation::parameter) {
        if (node.block != 0) need_incoming(node.block, node.immediate);
        continue;
      }
      for (const Value argument : function_.arguments_of(node)) need(argument);
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
  std::vector<uint8_t> needed_;  ///< by value: is it?
  std::vector<Value> open_;
  std::vector<bool> shrinks_;  ///< by block: does a parameter go?
  std::vector<bool> stays_;
};

}  // namespace

void remove_dead_code(Function& function) { DeadCodePass(function).run(); }

}  // namespace heddle::jit
