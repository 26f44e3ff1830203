// SPDX-License-Identifier: Apache-2.0
// InstructionReader: what is read less often, by one switch on the kind of the immediate.
#include "engine/binary/instruction_reader.h"

#include <algorithm>
#include <string>

namespace heddle::engine {

namespace {

constexpr std::array<uint16_t, 256> make_plain_rows() {
  std::array<uint16_t, 256> rows{};
  rows.fill(kNoOpcode);
  for (size_t row = 0; row < kOpcodeCount; ++row) {
    const OpcodeInfo& opcode = kOpcodes[row];
    if (opcode.code < 256 && FeatureSet().has(opcode.feature)) rows[opcode.code] = static_cast<uint16_t>(row);
  }
  return rows;
}

constexpr uint8_t kEmptyBlock = 0x40;

constexpr char kDigits[] = "0123456789abcdef";

std::string hexadecimal(uint32_t value) {
  std::string text;
  for (uint32_t shift = 32; shift > 0; shift -= 4) {
    const uint32_t digit = (value >> (shift - 4)) & 15;
    if (!text.empty() || digit != 0 || shift <= 8) text += kDigits[digit];
  }
  return text;
}

}  // namespace

constexpr std::array<uint16_t, 256> InstructionReader::kPlainRows = make_plain_rows();

bool InstructionReader::read_opcode_slowly(uint8_t byte, Instruction& instruction) {
  uint16_t row = find_opcode(byte);
  uint32_t sub_opcode = 0;
  if (is_prefix(byte)) {
    sub_opcode = cursor_.read_u32();
    row = find_opcode(byte, sub_opcode);
  }
  if (cursor_.failed()) return false;
  if (row == kNoOpcode) {
    const std::string second = is_prefix(byte) ? " " + hexadecimal(sub_opcode) : "";
    cursor_.fail_at(instruction.offset, ErrorKind::malformed, "illegal opcode " + hexadecimal(byte) + second);
    return false;
  }
  const OpcodeInfo& opcode = kOpcodes[row];
  if (!cursor_.require(opcode.feature, instruction.offset)) return false;
  instruction.opcode = static_cast<Opcode>(row);
  return true;
}

void InstructionReader::read_immediate(Immediate immediate, Instruction& instruction) {
  switch (immediate) {
    case Immediate::none: return;
    case Immediate::block_type: return read_block_type(instruction.block);
    case Immediate::catch_list: return read_catches(instruction);
    case Immediate::label_table: return read_labels(instruction);
    case Immediate::label_cast: return read_label_cast(instruction);
    case Immediate::select_types: return read_select_types(instruction);
    case Immediate::label:
    case Immediate::function:
    case Immediate::type:
    case Immediate::tag:
    case Immediate::local:
    case Immediate::global:
    case Immediate::table:
    case Immediate::element:
    case Immediate::memory:
    case Immediate::data: instruction.index = cursor_.read_u32(); return;
    case Immediate::type_table:
    case Immediate::type_field:
    case Immediate::type_count:
    case Immediate::type_data:
    case Immediate::type_element:
    case Immediate::type_type:
    case Immediate::table_table:
    case Immediate::element_table:
    case Immediate::memory_memory:
    case Immediate::data_memory:
      instruction.index = cursor_.read_u32();
      instruction.second_index = cursor_.read_u32();
      return;
    case Immediate::memory_argument: return read_memory_argument(instruction.memory);
    case Immediate::memory_argument_lane:
      read_memory_argument(instruction.memory);
      instruction.index = cursor_.read_byte();
      return;
    case Immediate::lane: instruction.index = cursor_.read_byte(); return;
    case Immediate::shuffle:
    case Immediate::v128_constant: return read_array(instruction.bytes);
    case Immediate::i32_constant:
      instruction.bits = static_cast<uint64_t>(static_cast<int64_t>(cursor_.read_s32()));
      return;
    case Immediate::i64_constant: instruction.bits = static_cast<uint64_t>(cursor_.read_s64()); return;
    case Immediate::f32_constant: instruction.bits = cursor_.read_fixed32(); return;
    case Immediate::f64_constant: instruction.bits = cursor_.read_fixed64(); return;
    case Immediate::heap_type: instruction.heap = cursor_.read_heap_type(); return;
    case Immediate::fence:
      if (cursor_.read_byte() != 0)
        cursor_.fail_at(cursor_.offset() - 1, ErrorKind::malformed, "zero byte expected");
      return;
  }
}

void InstructionReader::read_block_type(BlockType& block) {
  const uint64_t start = cursor_.offset();
  const uint8_t byte = cursor_.peek_byte();
  if (byte == kEmptyBlock) {
    cursor_.read_byte();
    block.kind = BlockType::Kind::empty;
  } else if (byte > kEmptyBlock && byte < 0x80) {  // negative as s33: a value type
    block.kind = BlockType::Kind::value;
    block.value = cursor_.read_value_type();
  } else {
    const int64_t index = cursor_.read_s33();
    if (index < 0) cursor_.fail_at(start, ErrorKind::malformed, "malformed block type");
    block.kind = BlockType::Kind::index;
    block.index = static_cast<uint32_t>(index);
  }
}

void InstructionReader::read_catches(Instruction& instruction) {
  read_block_type(instruction.block);
  const uint32_t count = cursor_.read_count(2);
  catches_.clear();
  for (uint32_t i = 0; i < count && !cursor_.failed(); ++i) {
    const uint64_t start = cursor_.offset();
    const uint8_t kind = cursor_.read_byte();
    if (kind > static_cast<uint8_t>(CatchClause::Kind::catch_all_ref)) {
      return cursor_.fail_at(start, ErrorKind::malformed, "malformed catch clause");
    }
    CatchClause clause{static_cast<CatchClause::Kind>(kind)};
    const bool names_tag =
        clause.kind == CatchClause::Kind::catch_ || clause.kind == CatchClause::Kind::catch_ref;
    if (names_tag) clause.tag = cursor_.read_u32();
    clause.label = cursor_.read_u32();
    catches_.push_back(clause);
  }
  instruction.catches = catches_;
}

void InstructionReader::read_labels(Instruction& instruction) {
  const uint32_t count =
      cursor_.read_count();  // at least one byte each, so memory stays within 4 x the input
  labels_.clear();
  labels_.reserve(static_cast<size_t>(count) + 1);
  for (uint64_t i = 0; i <= count && !cursor_.failed(); ++i) labels_.push_back(cursor_.read_u32());
  instruction.labels = labels_;
}

void InstructionReader::read_label_cast(Instruction& instruction) {
  const uint64_t start = cursor_.offset();
  const uint8_t flags = cursor_.read_byte();
  if (flags > 3) return cursor_.fail_at(start, ErrorKind::malformed, "malformed cast flags");
  instruction.index = cursor_.read_u32();
  instruction.cast_from = ValueType::ref(cursor_.read_heap_type(), (flags & 1) != 0);
  instruction.cast_to = ValueType::ref(cursor_.read_heap_type(), (flags & 2) != 0);
}

void InstructionReader::read_select_types(Instruction& instruction) {
  const uint32_t count = cursor_.read_count();
  types_.clear();
  for (uint32_t i = 0; i < count && !cursor_.failed(); ++i) types_.push_back(cursor_.read_value_type());
  instruction.types = types_;
}

void InstructionReader::read_array(std::array<uint8_t, 16>& bytes) {
  const auto source = cursor_.read_bytes(bytes.size());
  std::copy(source.begin(), source.end(), bytes.begin());
}

}  // namespace heddle::engine
