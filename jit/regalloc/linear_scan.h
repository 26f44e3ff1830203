// SPDX-License-Identifier: Apache-2.0
// Register allocation: a location for every register operand of a function, and the moves between them.
//
// Linear scan over values in SSA form, with lifetime holes and splitting (Wimmer and Franz, "Linear Scan
// Register Allocation on SSA Form", 2010). docs/JIT.md tells the stages.
//
// REQUIRES of the function:
//   - blocks stand in `order` with ascending instructions, cold ones last; each has at least one instruction,
//   its last one
//     alone leaves it, and defines nothing that is used;
//   - from a block's first conditional jump on, operands are neither fixed nor tied, and results are
//   temporaries;
//   - no edge leads from a block with several successors to one with several predecessors;
//   - what lives into a handler, or is handed to it, is defined before the call that leads there.
#pragma once

#include <memory>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

/// Keeps its memory from one function to the next. Not thread-safe.
class Allocator {
 public:
  static constexpr size_t kMostLiveness = size_t{1} << 21;

  /// As long as the sets of what lives into each block take no more than `most_liveness` words, all together,
  /// lives are known exactly; in larger functions, values that live across blocks are in their slots between
  /// blocks.
  explicit Allocator(size_t most_liveness = kMostLiveness);
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  /// False if the function is too large, or an instruction demands more registers than there are: it cannot
  /// be compiled.
  [[nodiscard]] bool allocate(const x64::MachineFunction& function, x64::Allocation& allocation);

 private:
  struct Scratch;
  size_t most_liveness_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace heddle::jit::regalloc
