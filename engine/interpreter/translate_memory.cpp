// SPDX-License-Identifier: Apache-2.0
// Translation of loads, stores and the other memory rows.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

bool Translator::is_guarded(const MemoryArgument& argument) const {
  if (!options_.guarded || argument.memory != 0) return false;
  const MemoryType& type = module_.memories[0];
  return !type.limits.is_64 && type.page_size_log2 == 16;
}

ValueType::Kind Translator::address_type(const Limits& limits) const {
  return limits.is_64 ? ValueType::Kind::i64 : ValueType::Kind::i32;
}

/// How an access will form its address; fuses with the addition that has just produced it.
Translator::AddressUse Translator::use_address(const Operand& operand, uint32_t offset,
                                               bool may_use_accumulator) {
  const bool is_sum =
      produced_last(operand, Last::Kind::binary) && last_.opcode == Opcode::i32_add && offset == 0;
  if (is_sum) {
    const Last sum = last_;
    const bool left_in_a = sum.left.source == Source::accumulator;
    if (sum.right.source == Source::immediate && (!left_in_a || may_use_accumulator)) {
      drop_last();
      return {left_in_a ? Address::accumulator_immediate : Address::slot_immediate, sum.left.slot, 0,
              static_cast<uint32_t>(sum.right.bits)};
    }
    if (sum.right.source == Source::slot && !left_in_a) {
      drop_last();
      return {Address::slot_slot, sum.left.slot, sum.right.slot, 0};
    }
  }
  if (operand.kind == Operand::Kind::constant) {
    const uint64_t sum = uint64_t{static_cast<uint32_t>(operand.bits)} + offset;
    if (sum <= UINT32_MAX) return {Address::absolute, 0, 0, static_cast<uint32_t>(sum)};
    return {Address::slot, consume_slot(operand).slot, 0, offset};
  }
  if (!may_use_accumulator) return {Address::slot, operand.slot, 0, offset};
  const Use use = consume(operand);
  return {use.source == Source::accumulator ? Address::accumulator : Address::slot, use.slot, 0, offset};
}

void Translator::load(const Instruction& instruction) {
  const LoadHandlers& forms = table_.load[static_cast<size_t>(instruction.opcode)];
  const Operand address = pop();
  const ValueType::Kind type = result_type(instruction.opcode);
  if (is_guarded(instruction.memory)) {
    const AddressUse use = use_address(address, static_cast<uint32_t>(instruction.memory.offset), true);
    const auto& form = forms.guarded[static_cast<unsigned>(use.address)];
    const Word word1 = use.address == Address::slot_slot
                           ? pack(address.home, use.base, use.second)
                           : pack_immediate(address.home, use.base, use.immediate);
    push_result(type, emit(form[0], word1), form[1]);
    return;
  }
  const uint32_t slot = consume_slot(address).slot;
  const bool is_64 = module_.memories[instruction.memory.memory].limits.is_64;
  const uint32_t position =
      emit(forms.checked[is_64], pack_immediate(address.home, slot, instruction.memory.memory));
  emit_word(instruction.memory.offset);
  push_result(type, position, nullptr);
}

void Translator::store(const Instruction& instruction) {
  const StoreHandlers& forms = table_.store[static_cast<size_t>(instruction.opcode)];
  Operand value = pop();
  const Operand address = pop();
  if (value.type == ValueType::Kind::v128 && value.kind == Operand::Kind::constant) {
    value.slot = consume_slot(value).slot;
    value.kind = Operand::Kind::temporary;
  }
  if (!is_guarded(instruction.memory)) {
    const uint32_t value_slot = consume_slot(value).slot;
    const uint32_t slot = consume_slot(address).slot;
    const bool is_64 = module_.memories[instruction.memory.memory].limits.is_64;
    emit(forms.checked[is_64], pack_immediate(slot, value_slot, instruction.memory.memory));
    emit_word(instruction.memory.offset);
    return;
  }
  // The integer accumulator holds one of the two at most: the value if it is there, else perhaps the address.
  const bool value_in_a = where(value) == Source::accumulator && register_of(value.type) == Register::integer;
  const AddressUse use = use_address(address, static_cast<uint32_t>(instruction.memory.offset), !value_in_a);
  Use use_value = consume(value);
  const bool address_in_a =
      use.address == Address::accumulator || use.address == Address::accumulator_immediate;
  if (address_in_a && use_value.source == Source::accumulator &&
      register_of(value.type) == Register::integer) {
    use_value.source = Source::slot;  // the same local is in both; its slot is valid
  }
  const Handler handler =
      forms.guarded[static_cast<unsigned>(use.address)][static_cast<unsigned>(use_value.source)];
  emit(handler, use.address == Address::slot_slot ? pack(use.base, use_value.slot, use.second)
                                                  : pack_immediate(use.base, use_value.slot, use.immediate));
  if (use_value.source == Source::immediate) {
    emit_word(use_value.bits);
  }
}

void Translator::memory_size(const Instruction& instruction) {
  const uint32_t position = emit(single_.memory_size, pack_immediate(next_home(), 0, instruction.index));
  push_result(address_type(module_.memories[instruction.index].limits), position, nullptr);
}

void Translator::memory_grow(const Instruction& instruction) {
  const Operand delta = pop();
  const uint32_t slot = consume_slot(delta).slot;
  const uint32_t position = emit(single_.memory_grow, pack_immediate(delta.home, slot, instruction.index));
  push_result(address_type(module_.memories[instruction.index].limits), position, nullptr);
}

/// Pops three operands, in slots, into fields 0, 1 and 2.
void Translator::emit_three(Handler handler, Word word2) {
  const uint32_t third = consume_slot(pop()).slot;
  const uint32_t second = consume_slot(pop()).slot;
  const uint32_t first = consume_slot(pop()).slot;
  emit(handler, pack(first, second, third));
  emit_word(word2);
}

void Translator::memory_fill(const Instruction& instruction) {
  emit_three(single_.memory_fill, instruction.index);
}

void Translator::memory_copy(const Instruction& instruction) {
  emit_three(single_.memory_copy, instruction.index | Word{instruction.second_index} << 32);
}

/// The immediates are segment, then memory.
void Translator::memory_init(const Instruction& instruction) {
  emit_three(single_.memory_init, instruction.second_index | Word{instruction.index} << 32);
}

void Translator::data_drop(const Instruction& instruction) {
  emit(single_.data_drop, pack_immediate(0, 0, instruction.index));
}

}  // namespace heddle::engine
