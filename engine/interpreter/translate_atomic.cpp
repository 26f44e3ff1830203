// SPDX-License-Identifier: Apache-2.0
// Translation of the atomic rows.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

/// Pops `operands` operands, address first, into fields 1.. of the instruction.
void Translator::emit_atomic(const Instruction& instruction, unsigned operands) {
  std::array<uint32_t, 3> slots = {};
  uint32_t home = 0;
  for (unsigned i = operands; i-- > 0;) {
    const Operand operand = pop();
    home = operand.home;
    slots[i] = consume_slot(operand).slot;
  }
  const bool is_64 = module_.memories[instruction.memory.memory].limits.is_64;
  const auto& forms = table_.atomic[static_cast<size_t>(instruction.opcode)].form;
  const uint32_t position = emit(forms[is_64], pack(home, slots[0], slots[1], slots[2]));
  emit_word(instruction.memory.offset);
  emit_word(instruction.memory.memory);
  const std::string_view signature = info(instruction.opcode).signature;
  if (signature.back() != ':') push_result(type_of(signature.back()), position, nullptr);
  allow_preemption();
}

void Translator::atomic_load(const Instruction& instruction) { emit_atomic(instruction, 1); }
void Translator::atomic_store(const Instruction& instruction) { emit_atomic(instruction, 2); }
void Translator::atomic_rmw(const Instruction& instruction) { emit_atomic(instruction, 2); }
void Translator::atomic_cmpxchg(const Instruction& instruction) { emit_atomic(instruction, 3); }
void Translator::atomic_wait(const Instruction& instruction) { emit_atomic(instruction, 3); }
void Translator::atomic_notify(const Instruction& instruction) { emit_atomic(instruction, 2); }
void Translator::atomic_fence(const Instruction&) {
  emit(single_.atomic_fence, 0);
  allow_preemption();
}

}  // namespace heddle::engine
