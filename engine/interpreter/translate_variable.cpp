// SPDX-License-Identifier: Apache-2.0
// Translation of local.* and global.*.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

void Translator::local_get(const Instruction& instruction) { push_local(instruction.index); }

void Translator::local_set(const Instruction& instruction) {
  const Operand value = pop();
  assign_local(instruction.index, value);
}

void Translator::local_tee(const Instruction& instruction) {
  const Operand value = pop();
  assign_local(instruction.index, value);
  push_local(instruction.index);
}

void Translator::assign_local(uint32_t local, const Operand& value) {
  const uint32_t slot = local_slots_[local];
  if (value.kind == Operand::Kind::local && value.slot == slot) return;
  flush_aliases_of(slot);

  const Register which = register_of(value.type);
  if (value.kind == Operand::Kind::temporary && last_.destination == value.slot) {
    // The value was produced just now: let its producer write the local instead.
    const uint32_t position = last_.result;
    set_field0(position, slot);
    define(slot, which, position, nullptr);
    last_.forget();
    return;
  }
  const bool mirrored = where(value) == Source::accumulator;
  move_to(slot, value, true);
  if (mirrored) define(slot, which, kNone, nullptr);
}

void Translator::global_get(const Instruction& instruction) {
  const ValueType::Kind type = module_.globals[instruction.index].type.type.kind();
  const Handler handler = single_.global_get[static_cast<unsigned>(register_of(type))];
  const uint32_t position = emit(handler, pack_immediate(next_home(), 0, instruction.index));
  push_result(type, position, nullptr);
}

void Translator::global_set(const Instruction& instruction) {
  const Operand value = pop();
  if (value.kind == Operand::Kind::constant && value.type != ValueType::Kind::v128) {
    emit(single_.global_set_immediate, pack_immediate(0, 0, instruction.index));
    emit_word(value.bits);
    return;
  }
  const Use use = consume_value(value);
  const auto& form = single_.global_set[static_cast<unsigned>(register_of(value.type))];
  emit(form[static_cast<unsigned>(use.source)], pack_immediate(0, use.slot, instruction.index));
}

}  // namespace heddle::engine
