// SPDX-License-Identifier: Apache-2.0
// Layout: positions of instructions in the order of blocks, loops, and how often each place runs.
//
// An instruction has four positions: the gap before it, where moves are inserted; early, where uses are read;
// late, where results are written and clobbers happen; and one that ends it. Ranges of positions are
// half-open.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

using Position = uint32_t;
inline constexpr Position kNever = UINT32_MAX;
inline constexpr uint32_t kNone = UINT32_MAX;

[[nodiscard]] constexpr Position gap_of(uint32_t instruction) { return instruction * 4; }
[[nodiscard]] constexpr Position early_of(uint32_t instruction) { return instruction * 4 + 1; }
[[nodiscard]] constexpr Position late_of(uint32_t instruction) { return instruction * 4 + 2; }
[[nodiscard]] constexpr Position end_of(uint32_t instruction) { return instruction * 4 + 4; }
[[nodiscard]] constexpr uint32_t instruction_at(Position position) { return position / 4; }
[[nodiscard]] constexpr Position gap_at(Position position) { return position & ~Position{3}; }

struct Loop {
  Position from = 0;
  Position to = 0;  ///< of its hot part: cold blocks stand behind all others
  uint32_t parent = kNone;
  uint32_t depth = 0;
};

class Layout {
 public:
  void compute(const x64::MachineFunction& function);

  [[nodiscard]] Position start_of(BlockId block) const { return gap_of(blocks_[block].first_instruction); }
  /// Behind a block's first conditional jump nothing may be inserted that both ways need. So all that its
  /// last instructions from there on read, they read where that jump stands; this is where they stand for the
  /// allocator.
  [[nodiscard]] uint32_t stand_of(BlockId block, uint32_t instruction) const {
    return std::min(instruction, tail_[block]);
  }
  [[nodiscard]] Position end_of_block(BlockId block) const {
    return gap_of(blocks_[block].first_instruction + blocks_[block].instruction_count);
  }
  [[nodiscard]] BlockId block_at(Position position) const {
    return block_of_instruction_[instruction_at(position)];
  }
  [[nodiscard]] bool starts_block(Position position) const {
    return start_of(block_at(position)) == position;
  }
  /// The innermost loop around the block; kNone if there is none.
  [[nodiscard]] uint32_t loop_of(BlockId block) const { return loop_of_block_[block]; }
  [[nodiscard]] uint32_t loop_at(Position position) const { return loop_of(block_at(position)); }
  [[nodiscard]] const Loop& loop(uint32_t index) const { return loops_[index]; }
  /// Where cold blocks begin, which stand last; kNever if there are none.
  [[nodiscard]] Position cold_start() const { return cold_start_; }

  /// How often a block runs, guessed from loop depth.
  [[nodiscard]] float frequency(BlockId block) const { return frequency_[block]; }
  /// Of a move that is inserted there: at a block's start it runs on the edges that lead there from
  /// elsewhere.
  [[nodiscard]] float frequency_at(Position gap) const;
  /// Where a move of a value is cheapest, from behind `after` up to the gap `until`: the latest such place.
  [[nodiscard]] Position cheapest_gap(Position after, Position until) const;

 private:
  void find_loops(const x64::MachineFunction& function);

  const x64::MachineBlock* blocks_ = nullptr;
  std::vector<BlockId> block_of_instruction_;
  std::vector<BlockId> previous_;  ///< by block: the one before it in the layout
  std::vector<uint32_t> loop_of_block_;
  std::vector<float> frequency_;
  std::vector<uint32_t> tail_;  ///< by block: its first conditional jump, or its last instruction
  std::vector<Loop> loops_;
  std::vector<uint32_t> open_;
  Position cold_start_ = kNever;
};

}  // namespace heddle::jit::regalloc
