// SPDX-License-Identifier: Apache-2.0
// Liveness: definitions, uses in other blocks, then a walk over predecessors for each value that has such
// uses.
#include "jit/regalloc/liveness.h"

namespace heddle::jit::regalloc {

using x64::MachineBlock;
using x64::MachineFunction;
using x64::VirtualRegister;

void Liveness::compute(const MachineFunction& function, size_t limit) {
  find_definitions(function);
  find_exposed_uses(function);
  sort_exposed_uses(function.registers.size());
  collect_predecessors(function);
  seen_.assign(function.blocks.size(), x64::kNoRegister);
  live_.clear();
  is_complete_ = true;
  for (VirtualRegister reg = 0; is_complete_ && reg < function.registers.size(); ++reg) {
    is_complete_ = follow(reg, limit);
  }
  if (!is_complete_) live_.clear();
  collect(function.blocks.size());
}

void Liveness::find_definitions(const MachineFunction& function) {
  defining_block_.assign(function.registers.size(), kNoBlock);
  defining_instruction_.assign(function.registers.size(), UINT32_MAX);
  for (const BlockId id : function.order) {
    const MachineBlock& block = function.blocks[id];
    for (const VirtualRegister parameter : block.parameters) defining_block_[parameter] = id;
    const uint32_t end = block.first_instruction + block.instruction_count;
    for (uint32_t i = block.first_instruction; i < end; ++i) {
      for (const x64::Operand& operand : function.operands_of(function.instructions[i])) {
        if (operand.role != x64::Role::define && operand.role != x64::Role::early_define) continue;
        if (operand.reg == x64::kNoRegister) continue;
        defining_block_[operand.reg] = id;
        defining_instruction_[operand.reg] = i;
      }
    }
  }
}

void Liveness::find_exposed_uses(const MachineFunction& function) {
  last_use_.assign(function.registers.size(), kNoBlock);
  exposed_.clear();
  for (const BlockId id : function.order) {
    const MachineBlock& block = function.blocks[id];
    const auto see = [&](VirtualRegister reg) {
      if (reg == x64::kNoRegister || defining_block_[reg] == id || last_use_[reg] == id) return;
      last_use_[reg] = id;
      exposed_.push_back({reg, id});
    };
    const uint32_t end = block.first_instruction + block.instruction_count;
    for (uint32_t i = block.first_instruction; i < end; ++i) {
      for (const x64::Operand& operand : function.operands_of(function.instructions[i])) {
        if (operand.role == x64::Role::use || operand.role == x64::Role::late_use) see(operand.reg);
      }
    }
    for (const x64::MachineEdge& edge : block.successors) {
      for (uint32_t i = 0; i < edge.argument_count; ++i)
        see(function.edge_arguments[edge.first_argument + i]);
    }
  }
}

void Liveness::sort_exposed_uses(size_t registers) {
  first_exposed_.assign(registers + 1, 0);
  for (const Use& use : exposed_) ++first_exposed_[use.reg];
  uint32_t sum = 0;
  for (uint32_t& first : first_exposed_) first = sum += first;
  exposed_blocks_.resize(exposed_.size());
  for (const Use& use : exposed_) exposed_blocks_[--first_exposed_[use.reg]] = use.block;
}

void Liveness::collect_predecessors(const MachineFunction& function) {
  first_predecessor_.clear();
  predecessors_.clear();
  for (const MachineBlock& block : function.blocks) {
    first_predecessor_.push_back(static_cast<uint32_t>(predecessors_.size()));
    predecessors_.insert(predecessors_.end(), block.predecessors.begin(), block.predecessors.end());
  }
  first_predecessor_.push_back(static_cast<uint32_t>(predecessors_.size()));
}

bool Liveness::follow(VirtualRegister reg, size_t limit) {
  const BlockId defined_in = defining_block_[reg];
  for (uint32_t i = first_exposed_[reg]; i < first_exposed_[reg + 1]; ++i) {
    if (seen_[exposed_blocks_[i]] == reg) continue;
    seen_[exposed_blocks_[i]] = reg;
    work_.push_back(exposed_blocks_[i]);
  }
  while (!work_.empty()) {
    const BlockId block = work_.back();
    work_.pop_back();
    live_.push_back({reg, block});
    for (uint32_t i = first_predecessor_[block]; i < first_predecessor_[block + 1]; ++i) {
      const BlockId predecessor = predecessors_[i];
      if (defined_in == predecessor || seen_[predecessor] == reg) continue;
      seen_[predecessor] = reg;
      work_.push_back(predecessor);
    }
  }
  return live_.size() <= limit;
}

void Liveness::collect(size_t blocks) {
  first_.assign(blocks + 1, 0);
  for (const Use& live : live_) ++first_[live.block];
  uint32_t sum = 0;
  for (uint32_t& first : first_) first = sum += first;
  values_.resize(live_.size());
  for (size_t i = live_.size(); i-- > 0;) values_[--first_[live_[i].block]] = live_[i].reg;
}

}  // namespace heddle::jit::regalloc
