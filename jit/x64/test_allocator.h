// SPDX-License-Identifier: Apache-2.0
// An allocator for tests that keeps every value in its spill slot and only brings operands to registers: it
// is too simple to be wrong, so what fails with it is the fault of selection or emission.
#pragma once

#include <algorithm>
#include <vector>

#include "jit/x64/machine.h"

namespace heddle::jit::x64 {

class SlotAllocator {
 public:
  explicit SlotAllocator(const MachineFunction& function) : function_(function) {}

  [[nodiscard]] Allocation run() {
    for (const VirtualRegisterInfo& info : function_.registers) {
      if (info.width == 16) slots_ += slots_ % 2;
      homes_.push_back(slots_);
      slots_ += info.width / 8;
    }
    slots_ += slots_ % 2;
    exchange_ = slots_;  // where edges' arguments are while parameters are overwritten
    moves_.resize(function_.instructions.size() + 1);
    result_.operands.resize(function_.operands.size());
    for (const BlockId id : function_.order) allocate_block(function_.blocks[id]);
    for (const auto& moves : moves_) result_.moves.insert(result_.moves.end(), moves.begin(), moves.end());
    result_.slots = exchange_ + 2 * static_cast<uint32_t>(most_arguments_);
    return std::move(result_);
  }

 private:
  static bool defines(const Operand& operand) {
    return operand.role == Role::define || operand.role == Role::early_define;
  }
  [[nodiscard]] Location home(VirtualRegister reg) const { return {Register::none, homes_[reg]}; }
  [[nodiscard]] uint8_t width(VirtualRegister reg) const { return function_.registers[reg].width; }
  void move(uint32_t at, Location from, Location to, uint8_t bytes) {
    moves_[at].push_back({at, from, to, bytes, UINT32_MAX});
  }

  void allocate_block(const MachineBlock& block) {
    const uint32_t end = block.first_instruction + block.instruction_count;
    if (block.predecessors.size() == 1) {
      for (const MachineEdge& edge : function_.blocks[block.predecessors[0]].successors) {
        const bool here = &function_.blocks[edge.target] == &block;
        if (here && function_.blocks[block.predecessors[0]].successors.size() > 1)
          pass(edge, block.first_instruction);
      }
    }
    for (uint32_t i = block.first_instruction; i < end; ++i) {
      if (i + 1 == end && block.successors.size() == 1) pass(block.successors[0], i);
      allocate_instruction(i, i + 1 == end);
    }
  }

  void pass(const MachineEdge& edge, uint32_t at) {
    const auto& parameters = function_.blocks[edge.target].parameters;
    most_arguments_ = std::max<size_t>(most_arguments_, parameters.size());
    for (uint32_t i = 0; i < edge.argument_count; ++i) {
      const VirtualRegister from = function_.edge_arguments[edge.first_argument + i];
      move(at, home(from), {Register::none, exchange_ + 2 * i}, width(from));
    }
    for (uint32_t i = 0; i < edge.argument_count; ++i) {
      move(at, {Register::none, exchange_ + 2 * i}, home(parameters[i]), width(parameters[i]));
    }
  }

  void allocate_instruction(uint32_t index, bool is_last) {
    const Instruction& instruction = function_.instructions[index];
    const auto operands = function_.operands_of(instruction);
    Location* const places = result_.operands.data() + instruction.first_operand;
    RegisterSet taken;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].policy != Policy::fixed) continue;
      places[i].reg = operands[i].fixed;
      taken.add(operands[i].fixed);
    }
    for (size_t i = 0; i < operands.size(); ++i) {
      const Operand& operand = operands[i];
      if (operand.policy == Policy::slot_too || operand.policy == Policy::slot_only)
        places[i] = home(operand.reg);
      if (operand.policy == Policy::any) places[i].reg = take(operand.reg, taken);
    }
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].policy == Policy::tied) places[i] = places[operands[i].tied_to];
    }
    for (size_t i = 0; i < operands.size(); ++i) {
      if (!places[i].is_register()) continue;
      if (defines(operands[i])) {
        if (!is_last) move(index + 1, places[i], home(operands[i].reg), width(operands[i].reg));
      } else {
        move(index, home(operands[i].reg), places[i], width(operands[i].reg));
      }
      result_.used.add(places[i].reg);
    }
  }

  [[nodiscard]] Register take(VirtualRegister reg, RegisterSet& taken) const {
    const bool is_vector = function_.registers[reg].register_class == RegisterClass::vector;
    const auto first = [&](const auto& registers) {
      return *std::find_if(registers.rbegin(), registers.rend(),
                           [&](Register each) { return !taken.has(each); });
    };
    const Register found = is_vector ? first(kVectorRegisters) : first(kGeneralRegisters);
    taken.add(found);
    return found;
  }

  const MachineFunction& function_;
  Allocation result_;
  std::vector<std::vector<InsertedMove>> moves_;  ///< by instruction
  std::vector<uint32_t> homes_;
  uint32_t slots_ = 0;
  uint32_t exchange_ = 0;
  size_t most_arguments_ = 0;
};

}  // namespace heddle::jit::x64
