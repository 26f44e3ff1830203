// SPDX-License-Identifier: Apache-2.0
// Translation of structures with descriptors. (Custom descriptors proposal)
//
// An object's descriptor is a field that no instruction but these can name (TypeLayout::descriptor_offset):
// it is written with the fields when the object is made, and read as a field is.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

void Translator::struct_new_desc(const Instruction& instruction) {
  emit(table_.gc.check_descriptor, pack(0, keep_in_slot()));
  create_structure(type_at(instruction.index));
}

void Translator::struct_new_default_desc(const Instruction& instruction) {
  const uint32_t top = next_home();  // above the descriptor, which must live through a collection
  const Operand descriptor = pop();
  const uint32_t slot = consume_slot(descriptor).slot;
  const uint32_t position = emit(table_.gc.described_new_default, pack(descriptor.home, top, slot));
  emit_word(reinterpret_cast<Word>(&type_at(instruction.index).layout));
  push_result(ValueType::Kind::ref, position, nullptr);
}

void Translator::ref_get_desc(const Instruction& instruction) {
  read_field(ValueType::ref(HeapType::Kind::struct_, false),
             type_at(instruction.index).layout.descriptor_offset, false);
}

void Translator::cast_to_described(bool null_passes) {
  const uint32_t descriptor = consume_slot(pop()).slot;
  emit(table_.gc.cast_described[null_passes], pack(0, keep_in_slot(), descriptor));
}

void Translator::ref_cast_desc_eq(const Instruction&) { cast_to_described(false); }
void Translator::ref_cast_desc_eq_null(const Instruction&) { cast_to_described(true); }

void Translator::branch_on_descriptor(const Instruction& instruction, bool wanted) {
  const uint32_t descriptor = consume_slot(pop()).slot;
  branch_on_question(instruction, table_.gc.branch_described[instruction.cast_to.is_nullable()], descriptor,
                     wanted);
}

void Translator::br_on_cast_desc_eq(const Instruction& instruction) {
  branch_on_descriptor(instruction, true);
}
void Translator::br_on_cast_desc_eq_fail(const Instruction& instruction) {
  branch_on_descriptor(instruction, false);
}

}  // namespace heddle::engine
