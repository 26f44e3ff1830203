// SPDX-License-Identifier: Apache-2.0
// UpperBounds: how great an i32 can be, as an unsigned number, so that sums are known not to wrap around.
//
// Follows masks, shifts and the like for a few operands, and what loops count: a header's parameter that
// grows by a constant in each round, where a test that every round passes bounds the number of rounds.
// REQUIRES: order_blocks() has run and nothing has changed edges since.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"

namespace heddle::jit {

class UpperBounds {
 public:
  UpperBounds(const Function& function, const Dominators& dominators);

  /// Looks at operands of operands, `depth` deep.
  [[nodiscard]] uint64_t of(Value value, unsigned depth = 4) const;

 private:
  struct Loop {
    BlockId header = kNoBlock;
    std::vector<const Edge*> entries;
    std::vector<const Edge*> back;
    std::vector<BlockId> latches;  ///< where `back` come from
  };
  struct Counter;

  [[nodiscard]] std::optional<uint32_t> constant_of(Value value) const;
  [[nodiscard]] Value argument(Value value, unsigned which) const {
    return function_.arguments[function_.nodes[value].first_argument + which];
  }
  void bound(const Dominators& dominators, BlockId header);
  [[nodiscard]] Counter counter(const Loop& loop, size_t parameter) const;
  [[nodiscard]] std::optional<uint64_t> rounds(const Dominators& dominators, const Loop& loop) const;
  [[nodiscard]] std::optional<uint64_t> rounds_by(const Loop& loop, const Node& branch,
                                                  bool stays_if_true) const;

  const Function& function_;
  Loop loop_;                                       ///< the one at hand
  std::unordered_map<Value, uint32_t> parameters_;  ///< of loop headers, those that have one
};

}  // namespace heddle::jit
