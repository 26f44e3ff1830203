// SPDX-License-Identifier: Apache-2.0
// RedundantParameters: rounds over the blocks that have parameters.
#include "jit/passes/redundant_parameters.h"

namespace heddle::jit {

void RedundantParameters::remove(Function& function) {
  function_ = &function;
  replacements_.reset(function);
  joins_.clear();
  for (BlockId block = 1; block < function.blocks.size(); ++block) {
    if (!function.blocks[block].parameters.empty()) joins_.push_back(block);
  }
  bool any = false;
  for (unsigned round = 0; round < kRounds && replace_round(); ++round) any = true;
  if (any) replacements_.apply();
}

bool RedundantParameters::replace_round() {
  bool changed = false;
  for (const BlockId block : joins_) changed |= shrink(block);
  return changed;
}

bool RedundantParameters::shrink(BlockId block) {
  auto& parameters = function_->blocks[block].parameters;
  find_incoming(block);
  bool any = false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Value only = only_argument(parameters[i], i);
    if (only == kNoValue) continue;
    replacements_.set(parameters[i], only);
    any = true;
  }
  if (!any) return false;
  const auto stays = [&](size_t i) { return replacements_.of(parameters[i]) == parameters[i]; };
  for (Edge* const edge : incoming_) keep_arguments(*function_, *edge, stays);
  keep_parameters(*function_, block, stays);
  return true;
}

void RedundantParameters::find_incoming(BlockId block) {
  incoming_.clear();
  for (const BlockId from : function_->blocks[block].predecessors) {
    for (Edge& edge : function_->blocks[from].successors) {
      if (edge.target == block) incoming_.push_back(&edge);
    }
  }
}

/// The one value that the parameter always is, or kNoValue.
Value RedundantParameters::only_argument(Value parameter, size_t which) {
  Value only = kNoValue;
  for (const Edge* const edge : incoming_) {
    const Value argument = replacements_.of(function_->arguments_of(*edge)[which]);
    if (argument == parameter || argument == only) continue;
    if (only != kNoValue) return kNoValue;
    only = argument;
  }
  return only;
}

}  // namespace heddle::jit
