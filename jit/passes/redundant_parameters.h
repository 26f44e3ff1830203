// SPDX-License-Identifier: Apache-2.0
// RedundantParameters: block parameters that are the same value on every edge. The parameter and its
// arguments go.
//
// A parameter is redundant if all its arguments are one value or itself; replacing it may make others so.
// Rounds end when nothing changes, and after kRounds, since more than two are rare and correctness needs
// none.
#pragma once

#include <vector>

#include "jit/ir/ir.h"
#include "jit/passes/replacements.h"

namespace heddle::jit {

class RedundantParameters {
 public:
  /// Block parameters to which every edge hands the same value, or themselves, become that value.
  void remove(Function& function);

 private:
  static constexpr unsigned kRounds = 4;

  [[nodiscard]] bool replace_round();
  [[nodiscard]] bool shrink(BlockId block);
  void find_incoming(BlockId block);
  [[nodiscard]] Value only_argument(Value parameter, size_t which);

  Function* function_ = nullptr;
  Replacements replacements_;
  std::vector<BlockId> joins_;   ///< blocks with parameters
  std::vector<Edge*> incoming_;  ///< to the block at hand
};

}  // namespace heddle::jit
