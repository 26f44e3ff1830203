// SPDX-License-Identifier: Apache-2.0
// Dominators: which blocks every way to a block leads through, and the loops' nesting, which follows from
// them.
//
// Cooper, Harvey and Kennedy's iteration, of which one round is enough on wasm's reducible graphs. REQUIRES:
// order_blocks() has run and nothing has changed edges since.
#pragma once

#include <vector>

#include "jit/ir/ir.h"

namespace heddle::jit {

class Dominators {
 public:
  Dominators() = default;
  explicit Dominators(const Function& function) { compute(function); }
  /// As if made anew, in the memory of those before. `function` must live as long as they are asked.
  void compute(const Function& function);

  /// Reverse postorder of the reachable blocks, cold or not.
  [[nodiscard]] const std::vector<BlockId>& postorder_reversed() const {
    return function_->reverse_postorder;
  }
  /// kNoBlock for the entry.
  [[nodiscard]] BlockId immediate(BlockId block) const { return places_[block].immediate; }
  /// The blocks in preorder of the dominator tree, siblings in reverse postorder: all but a loop header's
  /// back edges come from blocks that stand before.
  [[nodiscard]] const std::vector<BlockId>& preorder() const { return preorder_; }
  [[nodiscard]] bool dominates(BlockId above, BlockId below) const;
  /// The header of the loop around the loop of this header, or kNoBlock.
  [[nodiscard]] BlockId outer_loop(BlockId header) const;

 private:
  void number_blocks();
  void solve();
  void number_tree();

  const Function* function_ = nullptr;
  struct Place {
    uint32_t position = 0;  ///< in reverse postorder
    BlockId immediate = kNoBlock;
    BlockId first_child = kNoBlock;  ///< in the tree, in reverse postorder
    BlockId sibling = kNoBlock;      ///< the next one
    uint32_t first = 0;              ///< preorder number in the tree
    uint32_t last = 0;               ///< greatest number below
  };
  std::vector<Place> places_;  ///< by block
  std::vector<BlockId> preorder_;
  std::vector<BlockId> open_;
};

}  // namespace heddle::jit
