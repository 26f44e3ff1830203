// SPDX-License-Identifier: Apache-2.0
// Liveness: which values live into which blocks.
//
// Only values that are used in another block than the one that defines them are asked about. They are
// numbered in the order of the layout, so those that live together have numbers side by side, and a set of
// them is a row of words with 64 bits each, without those that are zero. What lives into a block is what
// lives into its successors, less what it defines, and what it uses; rows are found from the layout's end to
// its beginning, and anew where a loop's beginning has turned out to need more.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "jit/regalloc/layout.h"
#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

/// 64 values that cross blocks, by number.
struct ValueWord {
  uint32_t index = 0;  ///< number / 64
  uint64_t bits = 0;   ///< not 0
  friend bool operator==(const ValueWord&, const ValueWord&) = default;
};
/// By index, ascending.
using ValueSet = std::span<const ValueWord>;

class Liveness {
 public:
  /// If all sets together take more words than `limit`, they are empty: see is_complete().
  void compute(const x64::MachineFunction& function, size_t limit);

  [[nodiscard]] bool is_complete() const { return is_complete_; }
  /// Is it used in another block than the one that defines it?
  [[nodiscard]] bool crosses_blocks(x64::VirtualRegister reg) const { return values_[reg].number != kNone; }
  /// In sets; kNone if it does not cross blocks.
  [[nodiscard]] uint32_t number(x64::VirtualRegister reg) const { return values_[reg].number; }
  /// What lives into the block.
  [[nodiscard]] ValueSet live_in(BlockId block) const {
    return std::span(words_).subspan(blocks_[block].first_word, blocks_[block].word_count);
  }
  [[nodiscard]] bool lives_into(x64::VirtualRegister reg, BlockId block) const;
  /// What lives into a successor of the block; valid until `memory` or the Liveness changes.
  [[nodiscard]] ValueSet live_out(const x64::MachineBlock& block, std::vector<ValueWord>& memory) const;
  /// Calls `visit` with each value that is in `set` and not in `other`, in the order of numbers.
  template <typename Visit>
  void for_each_only_in(ValueSet set, ValueSet other, Visit&& visit) const {
    auto next = other.begin();
    for (const ValueWord& word : set) {
      while (next != other.end() && next->index < word.index) ++next;
      const bool is_in_both = next != other.end() && next->index == word.index;
      for_each_of({word.index, word.bits & ~(is_in_both ? next->bits : 0)}, visit);
    }
  }
  template <typename Visit>
  void for_each_of(ValueWord word, Visit&& visit) const {
    for (; word.bits != 0; word.bits &= word.bits - 1)
      visit(crossing_[word.index * 64 + static_cast<uint32_t>(std::countr_zero(word.bits))]);
  }

  /// kNoBlock if it is never defined.
  [[nodiscard]] BlockId defining_block(x64::VirtualRegister reg) const { return values_[reg].defining_block; }
  /// The defining instruction; UINT32_MAX of parameters.
  [[nodiscard]] uint32_t defining_instruction(x64::VirtualRegister reg) const {
    return values_[reg].defining_instruction;
  }

 private:
  struct BlockSets {
    uint32_t first_word = 0;  ///< in words_: what lives into it
    uint32_t word_count = 0;
    uint32_t first_use = 0;  ///< in exposed_: what it uses of others
    uint32_t use_count = 0;
    uint32_t first_number = 0;  ///< of what it defines and others use
    uint32_t number_count = 0;
    uint32_t found_at = 0;  ///< when that was found last
    uint32_t grown_at = 0;  ///< when it became more last
  };

  void find_exposed_uses(const x64::MachineFunction& function);
  void define(x64::VirtualRegister reg, BlockId block, uint32_t instruction);
  void use(x64::VirtualRegister reg, BlockId block);
  void number_values(const x64::MachineFunction& function);
  [[nodiscard]] bool find_sets(const x64::MachineFunction& function, size_t limit);
  [[nodiscard]] bool has_grown_since(const x64::MachineBlock& block, uint32_t time) const;
  [[nodiscard]] bool flow_into(const x64::MachineBlock& block, BlockId id);
  void add_to_flow(uint32_t number);

  bool is_complete_ = false;
  struct ValueInfo {
    BlockId defining_block = kNoBlock;
    uint32_t defining_instruction = UINT32_MAX;
    BlockId last_block = kNoBlock;  ///< where it was last seen
    uint32_t number = kNone;
  };
  std::vector<ValueInfo> values_;                ///< by register
  std::vector<x64::VirtualRegister> to_number_;  ///< values that cross blocks, as they are found
  std::vector<x64::VirtualRegister> crossing_;   ///< by number
  std::vector<x64::VirtualRegister> exposed_;    ///< uses in other blocks than the definition's, by block
  std::vector<BlockSets> blocks_;
  std::vector<ValueWord> words_;  ///< of all blocks; some have the same
  std::vector<ValueWord> flow_;   ///< of the block at hand
  std::vector<ValueWord> memory_;
};

}  // namespace heddle::jit::regalloc
