// SPDX-License-Identifier: Apache-2.0
// Layout: finds loops as stretches of the layout, by a stack of those that are open.
#include "jit/regalloc/layout.h"

#include <algorithm>

namespace heddle::jit::regalloc {

namespace {

constexpr float kColdFrequency = 0.01F;
constexpr float kPerLoop = 10.0F;
constexpr uint32_t kDeepestLoop = 8;

}  // namespace

void Layout::compute(const x64::MachineFunction& function) {
  blocks_ = function.blocks.data();
  const size_t blocks = function.blocks.size();
  block_of_instruction_.resize(function.instructions.size());
  previous_.assign(blocks, kNoBlock);
  loop_of_block_.assign(blocks, kNone);
  frequency_.assign(blocks, 1.0F);
  tail_.resize(blocks);
  cold_start_ = kNever;
  BlockId previous = kNoBlock;
  for (const BlockId id : function.order) {
    const x64::MachineBlock& block = function.blocks[id];
    std::fill_n(block_of_instruction_.begin() + block.first_instruction, block.instruction_count, id);
    uint32_t tail = block.first_instruction + block.instruction_count - 1;
    for (uint32_t i = tail; i > block.first_instruction; --i) {
      if (function.instructions[i - 1].mnemonic == x64::Mnemonic::jcc) tail = i - 1;
    }
    tail_[id] = tail;
    previous_[id] = previous;
    previous = id;
    if (!block.is_cold) {
      cold_start_ = kNever;
    } else if (cold_start_ == kNever) {
      cold_start_ = start_of(id);
    }
    float frequency = block.is_cold ? kColdFrequency : 1.0F;
    for (uint32_t i = 0; i < std::min(block.loop_depth, kDeepestLoop); ++i) frequency *= kPerLoop;
    frequency_[id] = block.is_cold ? kColdFrequency : frequency;
  }
  find_loops(function);
}

void Layout::find_loops(const x64::MachineFunction& function) {
  loops_.clear();
  open_.clear();
  const auto close_down_to = [this](uint32_t depth, Position end) {
    while (!open_.empty() && loops_[open_.back()].depth > depth) {
      loops_[open_.back()].to = end;
      open_.pop_back();
    }
  };
  Position end = 0;
  for (const BlockId id : function.order) {
    const x64::MachineBlock& block = function.blocks[id];
    const uint32_t depth = block.is_cold ? 0 : block.loop_depth;
    const bool opens = depth != 0 && block.is_loop_header;
    close_down_to(opens ? depth - 1 : depth, end);
    if (opens) {
      loops_.push_back({start_of(id), 0, open_.empty() ? kNone : open_.back(), depth});
      open_.push_back(static_cast<uint32_t>(loops_.size() - 1));
    }
    loop_of_block_[id] = open_.empty() ? kNone : open_.back();
    end = end_of_block(id);
  }
  close_down_to(0, end);
}

float Layout::frequency_at(Position gap) const {
  const BlockId block = block_at(gap);
  if (start_of(block) != gap || previous_[block] == kNoBlock) return frequency_[block];
  return std::min(frequency_[block], frequency_[previous_[block]]);
}

Position Layout::cheapest_gap(Position after, Position until) const {
  Position best = until;
  for (uint32_t index = loop_at(until); index != kNone && loops_[index].from > after;
       index = loops_[index].parent) {
    best = loops_[index].from;
  }
  return best;
}

}  // namespace heddle::jit::regalloc
