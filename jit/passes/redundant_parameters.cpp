// SPDX-License-Identifier: Apache-2.0
// Redundant block parameters: those that are the same value on every edge. The parameter and its arguments
// go.
//
// A parameter is redundant if all its arguments are one value or itself; replacing it may make others so.
// Rounds end when nothing changes, and after kRounds, since more than two are rare and correctness needs
// none.
#include <algorithm>

#include "jit/passes/passes.h"
#include "jit/passes/replacements.h"

namespace heddle::jit {

namespace {

constexpr unsigned kRounds = 4;

/// The argument that this edge hands to parameter number `which` of its target.
Value argument_at(const Function& function, const Edge& edge, size_t which) {
  return function.arguments[edge.first_argument + which];
}

/// By block, the edges that lead to it: as (from, number of the successor).
struct Incoming {
  BlockId from;
  uint32_t successor;
};

class ParameterPass {
 public:
  explicit ParameterPass(Function& function)
      : function_(function), replacements_(function), incoming_(function.blocks.size()) {
    for (BlockId block = 0; block < function.blocks.size(); ++block) {
      const auto& successors = function.blocks[block].successors;
      for (uint32_t i = 0; i < successors.size(); ++i) incoming_[successors[i].target].push_back({block, i});
    }
  }

  void run() {
    bool any = false;
    for (unsigned round = 0; round < kRounds && replace_round(); ++round) any = true;
    if (any) replacements_.apply();
  }

 private:
  bool replace_round() {
    bool changed = false;
    for (BlockId block = 1; block < function_.blocks.size(); ++block) changed |= shrink(block);
    return changed;
  }

  /// The one value that the parameter always is, or kNoValue.
  Value only_argument(BlockId block, size_t which) {
    const Value own = function_.blocks[block].parameters[which];
    Value only = kNoValue;
    for (const Incoming& in : incoming_[block]) {
      const Edge& edge = function_.blocks[in.from].successors[in.successor];
      const Value argument = replacements_.of(argument_at(function_, edge, which));
      if (argument == own || argument == only) continue;
      if (only != kNoValue) return kNoValue;
      only = argument;
    }
    return only;
  }

  bool shrink(BlockId block) {
    auto& parameters = function_.blocks[block].parameters;
    std::vector<bool> stays(parameters.size(), true);
    bool any = false;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Value only = only_argument(block, i);
      if (only == kNoValue) continue;
      replacements_.set(parameters[i], only);
      stays[i] = false;
      any = true;
    }
    if (!any) return false;
    for (const Incoming& in : incoming_[block]) {
      keep_arguments(function_, function_.blocks[in.from].successors[in.successor], stays);
    }
    keep_parameters(function_, block, stays);
    return true;
  }

  Function& function_;
  Replacements replacements_;
  std::vector<std::vector<Incoming>> incoming_;
};

}  // namespace

void remove_redundant_parameters(Function& function) { ParameterPass(function).run(); }

}  // namespace heddle::jit
