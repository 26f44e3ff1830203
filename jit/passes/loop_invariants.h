// SPDX-License-Identifier: Apache-2.0
// LoopInvariants: what is computed from values outside of a loop moves in front of the outermost such loop.
//
// Compilers to wasm have done this for what they could see. What is left is what they could not: loads of the
// instance's arrays, and parts of instructions. Each hoisted value wants a register for the whole loop, so
// only what costs more than a register is moved, and of each loop no more than kMostPerLoop.
#pragma once

#include <vector>

#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"

namespace heddle::jit {

class LoopInvariants {
 public:
  /// Moves what a loop computes anew in every iteration, from values outside of it, in front of the loop.
  void hoist(Function& function, const Dominators& dominators);

 private:
  static constexpr unsigned kMostPerLoop = 8;

  [[nodiscard]] bool is_from_instance(const Node& node) const;
  [[nodiscard]] bool is_worth_it(const Node& node) const;
  [[nodiscard]] Type type_of_first(const Node& node) const;
  [[nodiscard]] bool is_in_loop(BlockId block, BlockId header) const;
  [[nodiscard]] BlockId preheader(BlockId header) const;
  [[nodiscard]] BlockId place_of(const Node& node, BlockId block);
  void hoist_from(BlockId block);

  Function* function_ = nullptr;
  const Dominators* dominators_ = nullptr;
  std::vector<unsigned> hoisted_;  ///< by loop header
};

}  // namespace heddle::jit
