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
  explicit ParameterPass(Function& function) : function_(function), replacements_(function) {}

  void run() {
    for (BlockId block = 1; block < function_.blocks.size(); ++block) {
      if (!function_.blocks[block].parameters.empty()) joins_.push_back(block);
    }
    if (joins_.empty()) return;
    sort_edges();
    bool any = false;
    for (unsigned round = 0; round < kRounds && replace_round(); ++round) any = true;
    if (any) replacements_.apply();
  }

 private:
  /// Those that hand something over, by their targets.
  void sort_edges() {
    first_incoming_.assign(function_.blocks.size() + 1, 0);
    for (const Block& block : function_.blocks) {
      for (const Edge& edge : block.successors) first_incoming_[edge.target] += edge.argument_count != 0;
    }
    uint32_t sum = 0;
    for (uint32_t& first : first_incoming_) first = sum += first;
    incoming_.resize(sum);
    for (BlockId block = 0; block < function_.blocks.size(); ++block) {
      const auto& successors = function_.blocks[block].successors;
      for (uint32_t i = 0; i < successors.size(); ++i) {
        if (successors[i].argument_count != 0)
          incoming_[--first_incoming_[successors[i].target]] = {block, i};
      }
    }
  }
  std::span<const Incoming> incoming(BlockId block) const {
    return std::span(incoming_).subspan(first_incoming_[block],
                                        first_incoming_[block + 1] - first_incoming_[block]);
  }

  bool replace_round() {
    bool changed = false;
    for (const BlockId block : joins_) changed |= shrink(block);
    return changed;
  }

  /// The one value that the parameter always is, or kNoValue.
  Value only_argument(BlockId block, size_t which) {
    const Value own = function_.blocks[block].parameters[which];
    Value only = kNoValue;
    for (const Incoming& in : incoming(block)) {
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
    stays_.assign(parameters.size(), true);
    bool any = false;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Value only = only_argument(block, i);
      if (only == kNoValue) continue;
      replacements_.set(parameters[i], only);
      stays_[i] = false;
      any = true;
    }
    if (!any) return false;
    for (const Incoming& in : incoming(block)) {
      keep_arguments(function_, function_.blocks[in.from].successors[in.successor], stays_);
    }
    keep_parameters(function_, block, stays_);
    return true;
  }

  Function& function_;
  Replacements replacements_;
  std::vector<BlockId> joins_;  ///< blocks with parameters
  std::vector<uint32_t> first_incoming_;
  std::vector<Incoming> incoming_;
  std::vector<bool> stays_;
};

}  // namespace

void remove_redundant_parameters(Function& function) { ParameterPass(function).run(); }

}  // namespace heddle::jit
