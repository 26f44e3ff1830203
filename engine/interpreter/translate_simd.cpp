// SPDX-License-Identifier: Apache-2.0
// Translation of the SIMD rows.
#include <bit>

#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

/// Bytes of a lane, from the mnemonic's shape: "i8x16.splat".
[[nodiscard]] uint32_t lane_bytes(std::string_view text) {
  const std::string_view bits = text.substr(1, text.find('x') - 1);
  return bits == "8" ? 1 : bits == "16" ? 2 : bits == "32" ? 4 : 8;
}

[[nodiscard]] bool is_relaxed(Opcode opcode) { return info(opcode).feature == Feature::relaxed_simd; }

[[nodiscard]] size_t relaxed_index(Opcode opcode) { return static_cast<size_t>(opcode) - kFirstRelaxed; }

}  // namespace

void Translator::push_vector(const std::array<uint64_t, 2>& halves) {
  vectors_.push_back(halves);
  push_constant(ValueType::Kind::v128, vectors_.size() - 1);
}

/// The words of a vector constant, behind the instruction that has it as its immediate.
void Translator::emit_vector(uint64_t index) {
  const auto halves = vectors_[index];
  emit_word(halves[0]);
  emit_word(halves[1]);
}

/// Rows without a memory access: which operands they take decides.
void Translator::simd(const Instruction& instruction) {
  const OpcodeInfo& row = info(instruction.opcode);
  switch (row.immediate) {
    case Immediate::v128_constant:
      return push_vector(std::bit_cast<std::array<uint64_t, 2>>(instruction.bytes));
    case Immediate::shuffle: return shuffle(instruction);
    case Immediate::lane:
      return row.signature.front() == 'v' && row.signature[1] == ':' ? extract_lane(instruction)
                                                                     : replace_lane(instruction);
    default: break;
  }
  if (row.signature == "vv:v") return vector_binary(instruction.opcode);
  if (row.signature == "vvv:v") return vector_ternary(instruction.opcode);
  if (row.signature == "vi:v") return vector_shift(instruction.opcode);
  if (row.signature.front() != 'v' && splat_constant(instruction.opcode)) return;
  vector_unary(instruction.opcode);
}

void Translator::simd_access(const Instruction& instruction) {
  const OpcodeInfo& row = info(instruction.opcode);
  if (row.immediate == Immediate::memory_argument) {
    return row.signature.back() == 'v' ? load(instruction) : store(instruction);
  }
  return row.signature.back() == 'v' ? load_lane(instruction) : store_lane(instruction);
}

/// An operand as a handler without immediates takes it.
Translator::Use Translator::consume_value(const Operand& operand) {
  return operand.kind == Operand::Kind::constant ? consume_slot(operand) : consume(operand);
}

void Translator::vector_unary(Opcode opcode) {
  const Operand operand = pop();
  const Use use = consume_value(operand);
  const bool native = is_relaxed(opcode) && options_.native_relaxed;
  const UnaryHandlers* row = &table_.unary[static_cast<size_t>(opcode)];
  if (native && table_.native.unary[relaxed_index(opcode)].form[0][0] != nullptr) {
    row = &table_.native.unary[relaxed_index(opcode)];
  }
  const auto& form = row->form[static_cast<unsigned>(use.source)];
  const uint32_t position = emit(form[0], pack(next_home(), use.slot));
  push_result(result_type(opcode), position, form[1]);
}

/// A splat of a constant is a constant.
bool Translator::splat_constant(Opcode opcode) {
  if (operands_.back().kind != Operand::Kind::constant) return false;
  const uint64_t bits = pop().bits;
  const uint32_t size = lane_bytes(info(opcode).text);
  std::array<uint8_t, 16> bytes;
  for (uint32_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(bits >> i % size * 8);
  push_vector(std::bit_cast<std::array<uint64_t, 2>>(bytes));
  return true;
}

void Translator::vector_binary(Opcode opcode) {
  Operand right = pop();
  Operand left = pop();
  const uint32_t home = left.home;
  const auto swapped = swapped_operands(opcode);
  if (swapped && (left.kind == Operand::Kind::constant ||
                  (where(left) == Source::slot && where(right) == Source::accumulator))) {
    std::swap(left, right);
    opcode = *swapped;
  }
  if (left.kind == Operand::Kind::constant) {
    left.slot = consume_slot(left).slot;
    left.kind = Operand::Kind::temporary;
  }
  const Use use_left = consume(left);
  Use use_right = consume(right);
  if (use_left.source == Source::accumulator && use_right.source == Source::accumulator) {
    use_right.source = Source::slot;  // the same local twice; its slot is valid
  }
  const BinaryHandlers* row = &table_.binary[static_cast<size_t>(opcode)];
  if (is_relaxed(opcode) && options_.native_relaxed) {
    const BinaryHandlers& native = table_.native.binary[relaxed_index(opcode)];
    if (native.form[0][0] != nullptr) row = &native;
  }
  const auto& form = row->form[static_cast<unsigned>(pair_of(use_left.source, use_right.source))];
  const uint32_t position = emit(form[0], pack(home, use_left.slot, use_right.slot));
  if (use_right.source == Source::immediate) emit_vector(use_right.bits);
  push_result(ValueType::Kind::v128, position, form[1]);
}

void Translator::vector_ternary(Opcode opcode) {
  std::array<Use, 3> uses;
  uint32_t home = 0;
  for (size_t i = 3; i-- > 0;) {
    const Operand operand = pop();
    home = operand.home;
    uses[i] = consume_value(operand);
  }
  unsigned in_accumulator = TernaryHandlers::kNone;
  for (unsigned i = 0; i < 3; ++i) {  // several: the same local, whose slot is valid
    if (uses[i].source == Source::accumulator && in_accumulator == TernaryHandlers::kNone) in_accumulator = i;
  }
  const TernaryHandlers* row = &table_.simd.ternary[static_cast<size_t>(opcode)];
  if (is_relaxed(opcode) && options_.native_relaxed) {
    const TernaryHandlers& native = table_.native.ternary[relaxed_index(opcode)];
    if (native.form[0][0] != nullptr) row = &native;
  }
  const auto& form = row->form[in_accumulator];
  const uint32_t position = emit(form[0], pack(home, uses[0].slot, uses[1].slot, uses[2].slot));
  push_result(ValueType::Kind::v128, position, form[1]);
}

void Translator::vector_shift(Opcode opcode) {
  const Operand count = pop();
  const Operand value = pop();
  const Use use_value = consume_value(value);
  const Use use_count = consume(count);
  const auto& form =
      table_.simd.shift[static_cast<size_t>(opcode)]
          .form[static_cast<unsigned>(use_value.source)][static_cast<unsigned>(use_count.source)];
  const Word word1 = use_count.source == Source::immediate
                         ? pack_immediate(value.home, use_value.slot, static_cast<uint32_t>(use_count.bits))
                         : pack(value.home, use_value.slot, use_count.slot);
  const uint32_t position = emit(form[0], word1);
  push_result(ValueType::Kind::v128, position, form[1]);
}

void Translator::shuffle(const Instruction& instruction) {
  const Operand right = pop();
  const Operand left = pop();
  std::array<uint8_t, 16> lanes = instruction.bytes;
  bool uses_left = false, uses_right = false;
  for (const uint8_t lane : lanes) (lane < 16 ? uses_left : uses_right) = true;
  const bool same =
      left.kind == Operand::Kind::local && right.kind == Operand::Kind::local && left.slot == right.slot;
  uint32_t position;
  Handler without_store;
  if (same || !uses_left || !uses_right) {
    for (uint8_t& lane : lanes) lane &= 15;
    const Use use = consume_value(uses_left ? left : right);
    const auto& form = table_.simd.shuffle_one[static_cast<unsigned>(use.source)];
    position = emit(form[0], pack(left.home, use.slot));
    without_store = form[1];
  } else {
    const Use use_left = consume_value(left);
    const Use use_right = consume_value(right);
    const auto& form =
        table_.simd.shuffle[static_cast<unsigned>(use_left.source)][static_cast<unsigned>(use_right.source)];
    position = emit(form[0], pack(left.home, use_left.slot, use_right.slot));
    without_store = form[1];
  }
  const auto words = std::bit_cast<std::array<uint64_t, 2>>(lanes);
  emit_word(words[0]);
  emit_word(words[1]);
  push_result(ValueType::Kind::v128, position, without_store);
}

/// Reads the lane in the vector's slot, wherever else the vector may be.
void Translator::extract_lane(const Instruction& instruction) {
  const OpcodeInfo& row = info(instruction.opcode);
  const Operand vector = pop();
  const uint32_t slot = consume_slot(vector).slot;
  const auto& form = table_.simd.extract[static_cast<size_t>(instruction.opcode)].form;
  const uint32_t byte = instruction.index * lane_bytes(row.text);
  const uint32_t position = emit(form[0], pack(vector.home, slot, byte));
  push_result(type_of(row.signature.back()), position, form[1]);
}

void Translator::replace_lane(const Instruction& instruction) {
  const Operand value = pop();
  const Operand vector = pop();
  const Use use_vector = consume_value(vector);
  const Use use_value = consume_value(value);
  const auto& form =
      table_.simd.replace[static_cast<size_t>(instruction.opcode)]
          .form[static_cast<unsigned>(use_vector.source)][static_cast<unsigned>(use_value.source)];
  const uint32_t position =
      emit(form[0], pack(vector.home, use_vector.slot, use_value.slot, instruction.index));
  push_result(ValueType::Kind::v128, position, form[1]);
}

void Translator::load_lane(const Instruction& instruction) {
  const LoadLaneHandlers& forms = table_.simd.load_lane[static_cast<size_t>(instruction.opcode)];
  const Operand vector = pop();
  const Operand address = pop();
  if (is_guarded(instruction.memory)) {
    const Use use_vector = consume_value(vector);
    const Use use_address = consume_value(address);
    const auto& form =
        forms.guarded[static_cast<unsigned>(use_address.source)][static_cast<unsigned>(use_vector.source)];
    const uint32_t position =
        emit(form[0], pack(address.home, use_address.slot, use_vector.slot, instruction.index));
    emit_word(instruction.memory.offset);
    push_result(ValueType::Kind::v128, position, form[1]);
    return;
  }
  const uint32_t vector_slot = consume_slot(vector).slot;
  const uint32_t slot = consume_slot(address).slot;
  const bool is_64 = module_.memories[instruction.memory.memory].limits.is_64;
  const uint32_t position =
      emit(forms.checked[is_64], pack(address.home, slot, vector_slot, instruction.index));
  emit_word(instruction.memory.offset);
  emit_word(instruction.memory.memory);
  push_result(ValueType::Kind::v128, position, nullptr);
}

void Translator::store_lane(const Instruction& instruction) {
  const StoreLaneHandlers& forms = table_.simd.store_lane[static_cast<size_t>(instruction.opcode)];
  const uint32_t vector = consume_slot(pop()).slot;
  const Operand address = pop();
  const uint32_t byte = instruction.index << info(instruction.opcode).access_log2;
  if (is_guarded(instruction.memory)) {
    const Use use = consume_value(address);
    emit(forms.guarded[static_cast<unsigned>(use.source)], pack(use.slot, vector, byte));
    emit_word(instruction.memory.offset);
    return;
  }
  const uint32_t slot = consume_slot(address).slot;
  const bool is_64 = module_.memories[instruction.memory.memory].limits.is_64;
  emit(forms.checked[is_64], pack(slot, vector, byte));
  emit_word(instruction.memory.offset);
  emit_word(instruction.memory.memory);
}

}  // namespace heddle::engine
