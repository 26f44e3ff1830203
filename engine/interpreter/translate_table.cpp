// SPDX-License-Identifier: Apache-2.0
// Translation of the table and reference rows.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

void Translator::table_get(const Instruction& instruction) {
  const Operand index = pop();
  const uint32_t slot = consume_slot(index).slot;
  const uint32_t position = emit(single_.table_get, pack_immediate(index.home, slot, instruction.index));
  push_result(module_.tables[instruction.index].type.element.kind(), position, nullptr);
}

void Translator::table_set(const Instruction& instruction) {
  const uint32_t value = consume_slot(pop()).slot;
  const uint32_t index = consume_slot(pop()).slot;
  emit(single_.table_set, pack_immediate(value, index, instruction.index));
}

void Translator::table_size(const Instruction& instruction) {
  const uint32_t position = emit(single_.table_size, pack_immediate(next_home(), 0, instruction.index));
  push_result(address_type(module_.tables[instruction.index].type.limits), position, nullptr);
}

void Translator::table_grow(const Instruction& instruction) {
  const uint32_t delta = consume_slot(pop()).slot;
  const Operand value = pop();
  const uint32_t slot = consume_slot(value).slot;
  const uint32_t position = emit(single_.table_grow, pack(value.home, slot, delta));
  emit_word(instruction.index);
  push_result(address_type(module_.tables[instruction.index].type.limits), position, nullptr);
}

void Translator::table_fill(const Instruction& instruction) {
  emit_three(single_.table_fill, instruction.index);
}

void Translator::table_copy(const Instruction& instruction) {
  emit_three(single_.table_copy, instruction.index | Word{instruction.second_index} << 32);
}

/// The immediates are segment, then table.
void Translator::table_init(const Instruction& instruction) {
  emit_three(single_.table_init, instruction.second_index | Word{instruction.index} << 32);
}

void Translator::elem_drop(const Instruction& instruction) {
  emit(single_.element_drop, pack_immediate(0, 0, instruction.index));
}

// References.

void Translator::ref_null(const Instruction&) { push_constant(ValueType::Kind::ref_null, 0); }

void Translator::ref_is_null(const Instruction&) {
  const Operand operand = pop();
  const Use use = operand.kind == Operand::Kind::constant ? consume_slot(operand) : consume(operand);
  const uint32_t position =
      emit(single_.is_null[static_cast<unsigned>(use.source)], pack(operand.home, use.slot));
  push_result(ValueType::Kind::i32, position, nullptr);
}

/// References are equal if their slots are.
void Translator::ref_eq(const Instruction&) {
  const Operand right = pop();
  const Operand left = pop();
  emit_binary(Opcode::i64_eq, left, right);
  last_.kind = Last::Kind::compare;
}

void Translator::ref_func(const Instruction& instruction) {
  const uint32_t position =
      emit(single_.reference_function, pack_immediate(next_home(), 0, instruction.index));
  push_result(ValueType::Kind::ref, position, nullptr);
}

void Translator::ref_as_non_null(const Instruction&) {
  const size_t top = operands_.size() - 1;
  if (operands_[top].kind == Operand::Kind::constant) materialize(top);
  pin(operands_[top]);
  emit(single_.as_non_null, pack(0, operands_[top].slot));
}

}  // namespace heddle::engine
