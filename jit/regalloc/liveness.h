// SPDX-License-Identifier: Apache-2.0
// Liveness: which values live into which blocks.
//
// Each value is followed from its uses up to its definition, so the work is proportional to the result;
// values that never leave their block cost nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

class Liveness {
 public:
  /// If values live into more blocks, all together, than `limit`, live_in() is empty everywhere: see
  /// is_complete().
  void compute(const x64::MachineFunction& function, size_t limit);

  [[nodiscard]] std::span<const x64::VirtualRegister> live_in(BlockId block) const {
    return std::span(values_).subspan(first_[block], first_[block + 1] - first_[block]);
  }
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  /// Is it used in another block than the one that defines it?
  [[nodiscard]] bool crosses_blocks(x64::VirtualRegister reg) const {
    return first_exposed_[reg] != first_exposed_[reg + 1];
  }
  /// kNoBlock if it is never defined.
  [[nodiscard]] BlockId defining_block(x64::VirtualRegister reg) const { return defining_block_[reg]; }
  /// The defining instruction; UINT32_MAX of parameters.
  [[nodiscard]] uint32_t defining_instruction(x64::VirtualRegister reg) const {
    return defining_instruction_[reg];
  }

 private:
  struct Use {
    x64::VirtualRegister reg;
    BlockId block;
  };

  void find_definitions(const x64::MachineFunction& function);
  void find_exposed_uses(const x64::MachineFunction& function);
  void sort_exposed_uses(size_t registers);
  void collect_predecessors(const x64::MachineFunction& function);
  [[nodiscard]] bool follow(x64::VirtualRegister reg, size_t limit);
  void collect(size_t blocks);

  bool is_complete_ = false;
  std::vector<BlockId> defining_block_;
  std::vector<uint32_t> defining_instruction_;
  std::vector<BlockId> last_use_;  ///< by register: the block where a use was last seen
  std::vector<Use> exposed_;       ///< uses in other blocks than the definition's
  std::vector<uint32_t> first_exposed_;
  std::vector<BlockId> exposed_blocks_;
  std::vector<x64::VirtualRegister> seen_;  ///< by block: the last value that was followed through it
  std::vector<BlockId> work_;
  std::vector<uint32_t>
      first_predecessor_;  ///< by block: in predecessors_, which is denser than the blocks' own
  std::vector<BlockId> predecessors_;
  std::vector<Use> live_;
  std::vector<uint32_t> first_;
  std::vector<x64::VirtualRegister> values_;
};

}  // namespace heddle::jit::regalloc
