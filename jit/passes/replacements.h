// SPDX-License-Identifier: Apache-2.0
// Replacements: which values stand for which, until all uses are rewritten at once; and editing of block
// parameters.
#pragma once

#include <numeric>
#include <vector>

#include "jit/ir/ir.h"

namespace heddle::jit {

class Replacements {
 public:
  /// Forgets all, but keeps the memory for this function.
  void reset(Function& function) {
    function_ = &function;
    by_.clear();
  }

  /// What stands for the value now.
  [[nodiscard]] Value of(Value value) {
    const bool stands_for_itself = value >= by_.size() || by_[value] == value;
    return stands_for_itself ? value : follow(value);
  }
  void set(Value value, Value by) {
    if (value >= by_.size()) {
      const size_t known = by_.size();
      by_.resize(function_->nodes.size());
      std::iota(by_.begin() + static_cast<std::ptrdiff_t>(known), by_.end(), static_cast<Value>(known));
    }
    by_[value] = by;
  }

  /// Rewrites all arguments of nodes and edges.
  void apply() {
    for (Value& argument : function_->arguments) argument = of(argument);
  }
  /// Those of edges only: for passes that rewrite nodes as they come to them.
  void apply_to_edges() {
    for (const Block& block : function_->blocks) {
      for (const Edge& edge : block.successors) {
        for (Value& argument : function_->arguments_of(edge)) argument = of(argument);
      }
    }
  }

 private:
  /// Shortens the chain it walks.
  Value follow(Value value) {
    Value end = value;
    while (end < by_.size() && by_[end] != end) end = by_[end];
    while (by_[value] != end) {
      const Value next = by_[value];
      by_[value] = end;
      if (next >= by_.size()) break;
      value = next;
    }
    return end;
  }

  Function* function_ = nullptr;
  std::vector<Value> by_;  ///< of those made before the last that something stands for
};

/// Drops those arguments of an edge whose parameters do not stay: `stays(i)`.
template <class Stays>
void keep_arguments(Function& function, Edge& edge, const Stays& stays) {
  uint32_t kept = 0;
  const auto arguments = function.arguments_of(edge);
  for (uint32_t i = 0; i < edge.argument_count; ++i) {
    if (stays(i)) arguments[kept++] = arguments[i];
  }
  edge.argument_count = kept;
}

/// Drops those parameters of a block that do not stay, and numbers the others anew.
template <class Stays>
void keep_parameters(Function& function, BlockId block, const Stays& stays) {
  auto& parameters = function.blocks[block].parameters;
  size_t kept = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!stays(i)) continue;
    function.nodes[parameters[i]].immediate = kept;
    parameters[kept++] = parameters[i];
  }
  parameters.resize(kept);
}

}  // namespace heddle::jit
