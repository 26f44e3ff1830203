// SPDX-License-Identifier: Apache-2.0
// Translation of the numeric rows: constants, unary, test, binary and compare.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

void Translator::constant(const Instruction& instruction) {
  const ValueType::Kind type = result_type(instruction.opcode);
  const bool narrow = type == ValueType::Kind::i32 || type == ValueType::Kind::f32;
  push_constant(type, narrow ? static_cast<uint32_t>(instruction.bits) : instruction.bits);
}

void Translator::unary(const Instruction& instruction) {
  const Operand operand = pop();
  const Use use = operand.kind == Operand::Kind::constant ? consume_slot(operand) : consume(operand);
  const auto& form =
      table_.unary[static_cast<size_t>(instruction.opcode)].form[static_cast<unsigned>(use.source)];
  const uint32_t position = emit(form[0], pack(next_home(), use.slot));
  last_.before = registers_;
  push_result(result_type(instruction.opcode), position, form[1]);
  last_.opcode = instruction.opcode;
  last_.left = use;
}

void Translator::test(const Instruction& instruction) {
  if (instruction.opcode != Opcode::i32_eqz || !produced_last(operands_.back(), Last::Kind::compare)) {
    unary(instruction);
    last_.kind = Last::Kind::test;
    return;
  }
  const Last compared = last_;  // a branch or a select takes both back
  unary(instruction);
  last_.kind = Last::Kind::compare;
  last_.position = compared.position;
  last_.opcode = compared.opcode;
  last_.left = compared.left;
  last_.right = compared.right;
  last_.before = compared.before;
  last_.negated = !compared.negated;
}

void Translator::binary(const Instruction& instruction) {
  const Operand right = pop();
  const Operand left = pop();
  emit_binary(instruction.opcode, left, right);
  last_.kind = Last::Kind::binary;
}

void Translator::compare(const Instruction& instruction) {
  const Operand right = pop();
  const Operand left = pop();
  emit_binary(instruction.opcode, left, right);
  last_.kind = Last::Kind::compare;
}

/// Can the constant share word 1 (or, a double, take word 2)? 64-bit integers must be sign-extended 32-bit
/// ones.
bool Translator::fits_immediate(const Operand& operand) const {
  if (operand.type != ValueType::Kind::i64) return true;
  return static_cast<int64_t>(operand.bits) == static_cast<int32_t>(operand.bits);
}

void Translator::emit_binary(Opcode opcode, Operand left, Operand right) {
  const uint32_t home = left.home;
  const auto store_constant = [this](Operand& operand) {
    operand.slot = consume_slot(operand).slot;
    operand.kind = Operand::Kind::temporary;
  };
  const bool is_left_constant = left.kind == Operand::Kind::constant;
  if (is_left_constant || (where(left) == Source::slot && where(right) == Source::accumulator)) {
    const bool are_constants = is_left_constant && right.kind == Operand::Kind::constant;
    const auto swapped = swapped_operands(opcode);
    if (swapped) {
      std::swap(left, right);
      opcode = *swapped;
    }
    if (are_constants || (is_left_constant && !swapped && !fits_immediate(left))) store_constant(left);
  }
  if (right.kind == Operand::Kind::constant && !fits_immediate(right)) store_constant(right);

  last_.before = registers_;
  const Use use_left = consume(left);
  Use use_right = consume(right);
  if (use_left.source == Source::accumulator && use_right.source == Source::accumulator) {
    use_right.source = Source::slot;  // the same local twice; its slot is valid
  }
  const auto& form = table_.binary[static_cast<size_t>(opcode)]
                         .form[static_cast<unsigned>(pair_of(use_left.source, use_right.source))];
  const bool has_immediate = use_left.source == Source::immediate || use_right.source == Source::immediate;
  const uint64_t bits = use_left.source == Source::immediate ? use_left.bits : use_right.bits;
  const uint32_t other = use_left.source == Source::immediate ? use_right.slot : use_left.slot;
  const Word word1 = has_immediate ? pack_immediate(home, other, static_cast<uint32_t>(bits))
                                   : pack(home, use_left.slot, use_right.slot);
  const uint32_t position = emit(form[0], word1);
  if (has_immediate && left.type == ValueType::Kind::f64) emit_word(bits);
  push_result(result_type(opcode), position, form[1]);
  last_.opcode = opcode;
  last_.left = use_left;
  last_.right = use_right;
}

}  // namespace heddle::engine
