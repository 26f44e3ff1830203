// SPDX-License-Identifier: Apache-2.0
// Liveness: definitions and uses in other blocks, numbers, then sets until nothing grows any more.
#include "jit/regalloc/liveness.h"

#include <algorithm>

namespace heddle::jit::regalloc {

using x64::MachineBlock;
using x64::MachineFunction;
using x64::VirtualRegister;

namespace {

/// Calls `add` with each word that is in either, in order.
template <typename Add>
void unite(ValueSet a, ValueSet b, Add&& add) {
  auto x = a.begin();
  auto y = b.begin();
  while (x != a.end() && y != b.end()) {
    if (x->index == y->index) {
      add(ValueWord{x->index, x->bits | y->bits});
      ++x, ++y;
    } else {
      add(x->index < y->index ? *x++ : *y++);
    }
  }
  for (; x != a.end(); ++x) add(*x);
  for (; y != b.end(); ++y) add(*y);
}

/// The bits of the word that stand for numbers from `from` to, not including, `to`.
uint64_t bits_between(uint32_t index, uint32_t from, uint32_t to) {
  const uint32_t begin = index * 64;
  if (to <= begin || from >= begin + 64) return 0;
  const uint64_t from_on = ~uint64_t{0} << (from > begin ? from - begin : 0);
  return to >= begin + 64 ? from_on : from_on & ((uint64_t{1} << (to - begin)) - 1);
}

}  // namespace

void Liveness::compute(const MachineFunction& function, size_t limit) {
  find_exposed_uses(function);
  number_values(function);
  words_.clear();
  is_complete_ = find_sets(function, limit);
  if (is_complete_) return;
  for (BlockSets& sets : blocks_) sets.word_count = 0;
}

/// No block stands before those that dominate it, so whoever uses a value comes behind its definition.
void Liveness::find_exposed_uses(const MachineFunction& function) {
  values_.assign(function.registers.size(), {});
  blocks_.assign(function.blocks.size(), {});
  exposed_.clear();
  to_number_.clear();
  for (const BlockId id : function.order) {
    const MachineBlock& block = function.blocks[id];
    blocks_[id].first_use = static_cast<uint32_t>(exposed_.size());
    for (const VirtualRegister parameter : block.parameters) define(parameter, id, UINT32_MAX);
    const uint32_t end = block.first_instruction + block.instruction_count;
    for (uint32_t i = block.first_instruction; i < end; ++i) {
      for (const x64::Operand& operand : function.operands_of(function.instructions[i])) {
        if (operand.reg == x64::kNoRegister) continue;
        if (is_definition(operand)) {
          define(operand.reg, id, i);
        } else {
          use(operand.reg, id);
        }
      }
    }
    for (const x64::MachineEdge& edge : block.successors) {
      for (uint32_t i = 0; i < edge.argument_count; ++i)
        use(function.edge_arguments[edge.first_argument + i], id);
    }
    blocks_[id].use_count = static_cast<uint32_t>(exposed_.size()) - blocks_[id].first_use;
  }
}

void Liveness::define(VirtualRegister reg, BlockId block, uint32_t instruction) {
  values_[reg] = {block, instruction, block, kNone};
}

void Liveness::use(VirtualRegister reg, BlockId block) {
  ValueInfo& value = values_[reg];
  if (value.last_block == block) return;
  value.last_block = block;
  exposed_.push_back(reg);
  if (value.number != kNone) return;
  value.number = 0;  // it gets one
  to_number_.push_back(reg);
  if (value.defining_block != kNoBlock) ++blocks_[value.defining_block].number_count;
}

void Liveness::number_values(const MachineFunction& function) {
  uint32_t next = 0;
  for (const BlockId id : function.order) {
    next += blocks_[id].number_count;
    blocks_[id].first_number = next;
  }
  crossing_.resize(to_number_.size());
  for (const VirtualRegister reg : to_number_) {
    const BlockId block = values_[reg].defining_block;
    const uint32_t number = block == kNoBlock ? next++ : --blocks_[block].first_number;
    values_[reg].number = number;
    crossing_[number] = reg;
  }
}

/// False if they are too large.
bool Liveness::find_sets(const MachineFunction& function, size_t limit) {
  uint32_t time = 0;
  bool is_done = false;
  while (!is_done) {
    const bool is_first = time == 0;
    is_done = true;
    for (auto id = function.order.rbegin(); id != function.order.rend(); ++id) {
      const MachineBlock& block = function.blocks[*id];
      if (!is_first && !has_grown_since(block, blocks_[*id].found_at)) continue;
      blocks_[*id].found_at = ++time;
      if (flow_into(block, *id)) blocks_[*id].grown_at = time;
      if (words_.size() > limit) return false;
      // Whose successors are found later may lack what they need.
      for (const x64::MachineEdge& edge : block.successors)
        is_done &= function.blocks[edge.target].first_instruction > block.first_instruction;
    }
  }
  return true;
}

bool Liveness::has_grown_since(const MachineBlock& block, uint32_t time) const {
  return std::ranges::any_of(
      block.successors, [&](const x64::MachineEdge& edge) { return blocks_[edge.target].grown_at > time; });
}

/// True if that makes the block's set larger.
bool Liveness::flow_into(const MachineBlock& block, BlockId id) {
  BlockSets& sets = blocks_[id];
  const ValueSet out = live_out(block, memory_);
  const ValueSet before = live_in(id);
  if (block.successors.size() == 1 && sets.number_count == 0 && sets.use_count == 0) {
    const BlockSets& successor = blocks_[block.successors.front().target];
    sets.first_word = successor.first_word;
    sets.word_count = successor.word_count;
    return !std::ranges::equal(before, out);
  }
  flow_.clear();
  for (const ValueWord& word : out) {
    const uint64_t defined =
        bits_between(word.index, sets.first_number, sets.first_number + sets.number_count);
    if ((word.bits & ~defined) != 0) flow_.push_back({word.index, word.bits & ~defined});
  }
  for (uint32_t i = 0; i < sets.use_count; ++i) add_to_flow(values_[exposed_[sets.first_use + i]].number);
  if (std::ranges::equal(before, flow_)) return false;
  sets.first_word = static_cast<uint32_t>(words_.size());
  sets.word_count = static_cast<uint32_t>(flow_.size());
  for (const ValueWord& word : flow_) words_.push_back(word);
  return true;
}

void Liveness::add_to_flow(uint32_t number) {
  const auto word = std::ranges::lower_bound(flow_, number / 64, {}, &ValueWord::index);
  const uint64_t bit = uint64_t{1} << (number % 64);
  if (word != flow_.end() && word->index == number / 64) {
    word->bits |= bit;
  } else {
    flow_.insert(word, {number / 64, bit});
  }
}

bool Liveness::lives_into(VirtualRegister reg, BlockId block) const {
  const ValueSet live = live_in(block);
  const uint32_t number = values_[reg].number;
  if (number == kNone) return false;
  const auto word = std::ranges::lower_bound(live, number / 64, {}, &ValueWord::index);
  return word != live.end() && word->index == number / 64 && (word->bits >> (number % 64) & 1) != 0;
}

ValueSet Liveness::live_out(const MachineBlock& block, std::vector<ValueWord>& memory) const {
  const auto& successors = block.successors;
  if (successors.empty()) return {};
  if (successors.size() == 1) return live_in(successors[0].target);
  memory.clear();
  if (successors.size() == 2) {
    unite(live_in(successors[0].target), live_in(successors[1].target),
          [&](const ValueWord& word) { memory.push_back(word); });
    return memory;
  }
  for (const x64::MachineEdge& edge : successors) {
    const ValueSet live = live_in(edge.target);
    memory.insert(memory.end(), live.begin(), live.end());
  }
  std::ranges::sort(memory, {}, &ValueWord::index);
  size_t kept = 0;
  for (size_t i = 1; i < memory.size(); ++i) {
    if (memory[i].index == memory[kept].index) {
      memory[kept].bits |= memory[i].bits;
    } else {
      memory[++kept] = memory[i];
    }
  }
  return std::span(memory).first(memory.empty() ? 0 : kept + 1);
}

}  // namespace heddle::jit::regalloc
