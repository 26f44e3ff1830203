// SPDX-License-Identifier: Apache-2.0
// MachineBuilder: writes machine functions by hand, for tests and generators. Blocks may be filled in any
// order.
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

class MachineBuilder {
 public:
  using VirtualRegister = x64::VirtualRegister;
  using Operand = x64::Operand;

  /// Blocks stand in the layout in the order of these calls, cold ones behind.
  BlockId block(uint32_t loop_depth = 0, bool is_loop_header = false, bool is_cold = false) {
    const auto id = static_cast<BlockId>(function_.blocks.size());
    x64::MachineBlock& block = function_.blocks.emplace_back();
    block.loop_depth = loop_depth;
    block.is_loop_header = is_loop_header;
    block.is_cold = is_cold;
    code_.emplace_back();
    current_ = id;
    return id;
  }
  /// What follows is added to this block.
  void go_to(BlockId block) { current_ = block; }
  [[nodiscard]] BlockId current() const { return current_; }
  x64::MachineBlock& block_at(BlockId block) { return function_.blocks[block]; }

  VirtualRegister value(x64::RegisterClass register_class = x64::RegisterClass::general, uint8_t width = 8) {
    x64::VirtualRegisterInfo info;
    info.register_class = register_class;
    info.width = width;
    function_.registers.push_back(info);
    return static_cast<VirtualRegister>(function_.registers.size() - 1);
  }
  VirtualRegister parameter(BlockId block, x64::RegisterClass register_class = x64::RegisterClass::general,
                            uint8_t width = 8) {
    const VirtualRegister reg = value(register_class, width);
    function_.blocks[block].parameters.push_back(reg);
    return reg;
  }

  x64::Instruction& instruction(std::span<const Operand> operands, x64::RegisterSet clobbers = {}) {
    Code& code = code_[current_].emplace_back();
    code.instruction.operand_count = static_cast<uint8_t>(operands.size());
    code.instruction.form = x64::Form::pseudo;
    code.instruction.clobbers = clobbers;
    code.operands.assign(operands.begin(), operands.end());
    return code.instruction;
  }
  x64::Instruction& instruction(std::initializer_list<Operand> operands, x64::RegisterSet clobbers = {}) {
    return instruction(std::span(operands.begin(), operands.size()), clobbers);
  }
  /// A new value that may be made anew at any time.
  VirtualRegister constant(x64::RegisterClass register_class = x64::RegisterClass::general,
                           uint8_t width = 8) {
    const VirtualRegister reg = value(register_class, width);
    instruction({define(reg)});
    remade_.push_back(reg);
    return reg;
  }
  /// A new value computed from others.
  VirtualRegister compute(std::initializer_list<VirtualRegister> uses) {
    const VirtualRegister reg = value();
    std::vector<Operand> operands = {define(reg)};
    for (const VirtualRegister used : uses) operands.push_back(use(used));
    instruction(operands);
    return reg;
  }
  /// The same, as an instruction of two addresses.
  VirtualRegister compute_tied(VirtualRegister first, std::initializer_list<VirtualRegister> more = {}) {
    const VirtualRegister reg =
        value(function_.registers[first].register_class, function_.registers[first].width);
    std::vector<Operand> operands = {tied(reg, 1), use(first)};
    for (const VirtualRegister used : more) operands.push_back(use(used));
    instruction(operands);
    return reg;
  }
  void use_all(std::initializer_list<VirtualRegister> uses) {
    for (const VirtualRegister used : uses) instruction({use(used)});
  }
  /// One of several ends of the current block: a conditional jump there, behind which more may follow.
  void jump_if(BlockId target) {
    x64::Instruction& jump = instruction(std::initializer_list<Operand>{});
    jump.mnemonic = x64::Mnemonic::jcc;
    jump.target = target;
  }
  /// Ends the current block.
  void jump(std::initializer_list<BlockId> targets) {
    instruction(std::initializer_list<Operand>{});
    for (const BlockId target : targets) edge(current_, target, {});
  }
  void jump_with(BlockId target, std::initializer_list<VirtualRegister> arguments) {
    instruction(std::initializer_list<Operand>{});
    edge(current_, target, std::span(arguments.begin(), arguments.size()));
  }
  void edge(BlockId from, BlockId to, std::span<const VirtualRegister> arguments) {
    const auto first = static_cast<uint32_t>(function_.edge_arguments.size());
    function_.edge_arguments.insert(function_.edge_arguments.end(), arguments.begin(), arguments.end());
    function_.blocks[from].successors.push_back({to, first, static_cast<uint32_t>(arguments.size())});
    function_.blocks[to].predecessors.push_back(from);
  }

  static Operand define(VirtualRegister reg) { return {reg, x64::Role::define, x64::Policy::any}; }
  static Operand use(VirtualRegister reg) { return {reg, x64::Role::use, x64::Policy::any}; }
  static Operand use_or_slot(VirtualRegister reg) { return {reg, x64::Role::use, x64::Policy::slot_too}; }
  static Operand use_of_slot(VirtualRegister reg) { return {reg, x64::Role::use, x64::Policy::slot_only}; }
  static Operand late_use(VirtualRegister reg) { return {reg, x64::Role::late_use, x64::Policy::any}; }
  static Operand early_define(VirtualRegister reg) {
    return {reg, x64::Role::early_define, x64::Policy::any};
  }
  static Operand tied(VirtualRegister reg, uint8_t to) {
    return {reg, x64::Role::define, x64::Policy::tied, x64::Register::none, to};
  }
  static Operand define_in(VirtualRegister reg, x64::Register fixed) {
    return {reg, x64::Role::define, x64::Policy::fixed, fixed};
  }
  static Operand use_in(VirtualRegister reg, x64::Register fixed) {
    return {reg, x64::Role::use, x64::Policy::fixed, fixed};
  }

  [[nodiscard]] x64::MachineFunction finish() {
    for (const bool is_cold : {false, true}) {
      for (BlockId id = 0; id < function_.blocks.size(); ++id) {
        if (function_.blocks[id].is_cold == is_cold) lay_out(id);
      }
    }
    for (const VirtualRegister reg : remade_) {
      for (uint32_t i = 0; i < function_.instructions.size(); ++i) {
        const auto operands = function_.operands_of(function_.instructions[i]);
        if (!operands.empty() && operands[0].reg == reg && operands[0].role == x64::Role::define) {
          function_.registers[reg].remat.instruction = i;
          break;
        }
      }
    }
    return std::move(function_);
  }

 private:
  struct Code {
    x64::Instruction instruction;
    std::vector<Operand> operands;
  };

  void lay_out(BlockId id) {
    x64::MachineBlock& block = function_.blocks[id];
    function_.order.push_back(id);
    block.first_instruction = static_cast<uint32_t>(function_.instructions.size());
    block.instruction_count = static_cast<uint32_t>(code_[id].size());
    for (Code& code : code_[id]) {
      code.instruction.first_operand = static_cast<uint32_t>(function_.operands.size());
      function_.instructions.push_back(code.instruction);
      function_.operands.insert(function_.operands.end(), code.operands.begin(), code.operands.end());
    }
  }

  x64::MachineFunction function_;
  std::vector<std::vector<Code>> code_;
  std::vector<VirtualRegister> remade_;
  BlockId current_ = kNoBlock;
};

}  // namespace heddle::jit::regalloc
