// SPDX-License-Identifier: Apache-2.0
// The stable text of machine functions, and how their memory is kept for the next.
#include "jit/x64/machine.h"

#include <cstdio>
#include <string_view>

namespace heddle::jit::x64 {

namespace {

constexpr std::string_view kMnemonics[] = {
#define X64_INSTRUCTION(name, text, ...) text,
#include "jit/x64/instructions.def"
};

constexpr const char* kConditions[] = {
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
};

void append_operand(const MachineFunction& function, const Operand& operand, std::string& text) {
  const bool vector = operand.reg < function.registers.size() &&
                      function.registers[operand.reg].register_class == RegisterClass::vector;
  text += vector ? "x" : "v";
  text += operand.reg == kNoRegister ? "-" : std::to_string(operand.reg);
  switch (operand.policy) {
    case Policy::any: break;
    case Policy::fixed: text += std::string("=") + name_of(operand.fixed); break;
    case Policy::slot_too: text += "~"; break;
    case Policy::slot_only: text += "@slot"; break;
    case Policy::tied: text += "=#" + std::to_string(operand.tied_to); break;
  }
  if (operand.role == Role::late_use) text += "!";
  if (operand.role == Role::early_define) text += "!";
}

/// The part of a memory operand that is not registers.
void append_memory(const Instruction& instruction, std::string& text) {
  static constexpr const char* kBases[] = {"", "", "guest", "instance", "slots", "literal"};
  text += std::string(" [") + kBases[static_cast<size_t>(instruction.memory)];
  if (instruction.memory == MemoryBase::constant) text += std::to_string(instruction.immediate);
  if (instruction.has_index) text += " *" + std::to_string(1 << instruction.scale_log2);
  if (instruction.displacement != 0) text += " + " + std::to_string(instruction.displacement);
  text += "]";
}

bool has_immediate(const Instruction& instruction) {
  switch (instruction.form) {
    case Form::i:
    case Form::ri:
    case Form::rri:
    case Form::rrri:
    case Form::mi:
    case Form::rmi:
    case Form::mri:
    case Form::rrmi: return true;
    default: return instruction.form == Form::pseudo && instruction.immediate != 0 && !instruction.is_call;
  }
}

void append_instruction(const MachineFunction& function, const Instruction& instruction, std::string& text) {
  text += "  ";
  bool any = false;
  for (const Operand& operand : function.operands_of(instruction)) {
    if (operand.role != Role::define && operand.role != Role::early_define) continue;
    if (any) text += ", ";
    append_operand(function, operand, text);
    any = true;
  }
  if (any) text += " = ";
  std::string name(kMnemonics[static_cast<size_t>(instruction.mnemonic)]);
  if (const size_t at = name.find("cc");
      at != std::string::npos && instruction.mnemonic != Mnemonic::call_own) {
    name.replace(at, 2, kConditions[static_cast<size_t>(instruction.condition)]);
  }
  text += name;
  if (instruction.mnemonic == Mnemonic::trap_if) {
    text += std::string(".") + kConditions[static_cast<size_t>(instruction.condition)];
  }
  text += "." + std::to_string(instruction.width);
  for (const Operand& operand : function.operands_of(instruction)) {
    if (is_definition(operand)) continue;
    text += " ";
    append_operand(function, operand, text);
  }
  if (instruction.memory != MemoryBase::none) append_memory(instruction, text);
  if (has_immediate(instruction) && instruction.memory != MemoryBase::constant) {
    text += " #" + std::to_string(instruction.immediate);
  }
  if (instruction.trap != TrapKind::none) text += std::string(" (") + to_string(instruction.trap) + ")";
  if (instruction.target != kNoBlock) text += " -> b" + std::to_string(instruction.target);
  text += "\n";
}

void append_edges(const MachineFunction& function, const MachineBlock& block, std::string& text) {
  for (const MachineEdge& edge : block.successors) {
    text += "  => b" + std::to_string(edge.target) + "(";
    for (uint32_t i = 0; i < edge.argument_count; ++i) {
      if (i != 0) text += ", ";
      text += "v" + std::to_string(function.edge_arguments[edge.first_argument + i]);
    }
    text += ")\n";
  }
}

}  // namespace

const char* name_of(Register reg) noexcept {
  static constexpr const char* kNames[] = {
      "rax",  "rcx",  "rdx",  "rbx",  "rsp",   "rbp",   "rsi",   "rdi",   "r8",    "r9",    "r10",
      "r11",  "r12",  "r13",  "r14",  "r15",   "xmm0",  "xmm1",  "xmm2",  "xmm3",  "xmm4",  "xmm5",
      "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "none",
  };
  return kNames[static_cast<size_t>(reg)];
}

void MachineBlock::reset() {
  first_instruction = 0;
  instruction_count = 0;
  parameters.clear();
  successors.clear();
  predecessors.clear();
  static_cast<BlockPlace&>(*this) = {};
}

void MachineFunction::reset() {
  stubs = nullptr;
  instructions.clear();
  operands.clear();
  registers.clear();
  blocks.clear();
  order.clear();
  edge_arguments.clear();
  literals.clear();
  jump_tables.clear();
  runtime_slots = 0;
  has_frame = false;
  saves_instance = false;
}

void MachineFunction::add_blocks(size_t count) {
  for (; count > 0; --count) blocks.emplace_back();
}

void Allocation::reset() {
  operands.clear();
  moves.clear();
  slots = 0;
  used = RegisterSet();
}

std::string print(const MachineFunction& function) {
  std::string text;
  for (const BlockId id : function.order) {
    const MachineBlock& block = function.blocks[id];
    text += "b" + std::to_string(id) + "(";
    for (size_t i = 0; i < block.parameters.size(); ++i) {
      text += (i == 0 ? "v" : ", v") + std::to_string(block.parameters[i]);
    }
    text += "):";
    if (block.is_loop_header) text += " loop";
    if (block.is_handler) text += " handler";
    if (block.is_cold) text += " cold";
    text += "\n";
    for (uint32_t i = 0; i < block.instruction_count; ++i) {
      append_instruction(function, function.instructions[block.first_instruction + i], text);
    }
    append_edges(function, block, text);
  }
  return text;
}

}  // namespace heddle::jit::x64
