// SPDX-License-Identifier: Apache-2.0
// The stable text of an allocation.
#include "jit/regalloc/print_allocation.h"

namespace heddle::jit::regalloc {

using x64::Location;
using x64::Operand;
using x64::Register;
using x64::Role;

namespace {

constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                  "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

std::string name(Location location) {
  if (!location.is_register())
    return "[" + (location.slot == UINT32_MAX ? "?" : std::to_string(location.slot)) + "]";
  if (location.reg >= Register::xmm0) return "xmm" + std::to_string(x64::number_of(location.reg));
  return kNames[static_cast<size_t>(location.reg)];
}

std::string mark(const Operand& operand) {
  std::string text;
  if (operand.role == Role::late_use || operand.role == Role::early_define) text += "!";
  if (operand.policy == x64::Policy::fixed) text += "@";
  if (operand.policy == x64::Policy::tied) text += "#" + std::to_string(operand.tied_to);
  return text;
}

void print_moves(const x64::Allocation& allocation, uint32_t instruction, size_t& next, std::string& text) {
  for (; next < allocation.moves.size() && allocation.moves[next].instruction == instruction; ++next) {
    const x64::InsertedMove& move = allocation.moves[next];
    const bool is_remade = move.rematerialize != UINT32_MAX;
    text += "          " + name(move.to) + " <- ";
    text += is_remade ? "instruction " + std::to_string(move.rematerialize) : name(move.from);
    text += move.width == 16 ? " (16)\n" : "\n";
  }
}

void print_instruction(const x64::MachineFunction& function, const x64::Allocation& allocation,
                       uint32_t index, std::string& text) {
  const x64::Instruction& instruction = function.instructions[index];
  text += "  " + std::to_string(index) + ":";
  const auto operands = function.operands_of(instruction);
  for (const bool is_result : {true, false}) {
    for (uint32_t i = 0; i < operands.size(); ++i) {
      const bool defines = operands[i].role == Role::define || operands[i].role == Role::early_define;
      if (defines != is_result) continue;
      const std::string value =
          operands[i].reg == x64::kNoRegister ? "v-" : "v" + std::to_string(operands[i].reg);
      text +=
          " " + value + mark(operands[i]) + "=" + name(allocation.operands[instruction.first_operand + i]);
    }
    if (is_result) text += " <-";
  }
  text += instruction.is_move ? " move" : instruction.is_call ? " call" : "";
  text += instruction.clobbers.is_empty() ? "\n" : " clobbers\n";
}

}  // namespace

std::string print(const x64::MachineFunction& function, const x64::Allocation& allocation) {
  std::string text;
  size_t move = 0;
  for (const BlockId id : function.order) {
    const x64::MachineBlock& block = function.blocks[id];
    text += "block " + std::to_string(id) + " depth " + std::to_string(block.loop_depth);
    text += block.is_cold ? " cold" : "";
    text += block.is_handler ? " handler" : "";
    text += " (";
    for (const auto parameter : block.parameters) text += " v" + std::to_string(parameter);
    text += " )\n";
    for (uint32_t i = 0; i < block.instruction_count; ++i) {
      print_moves(allocation, block.first_instruction + i, move, text);
      print_instruction(function, allocation, block.first_instruction + i, text);
    }
    for (const x64::MachineEdge& edge : block.successors) {
      text += "    to " + std::to_string(edge.target) + " (";
      for (uint32_t i = 0; i < edge.argument_count; ++i) {
        text += " v" + std::to_string(function.edge_arguments[edge.first_argument + i]);
      }
      text += " )\n";
    }
  }
  return text;
}

}  // namespace heddle::jit::regalloc
