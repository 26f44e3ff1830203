// SPDX-License-Identifier: Apache-2.0
// Tests of the instruction reader: every row of the opcode table decodes, and malformed immediates are
// refused.
#include "engine/binary/instruction_reader.h"

#include <gtest/gtest.h>

#include "engine/binary/locals.h"
#include "engine/binary/test_bytes.h"

namespace heddle::engine {
namespace {

using test::Bytes;
using test::leb;
using test::operator+;
using test::repeat;

Bytes opcode_bytes(const OpcodeInfo& row) {
  if (row.code < 256) return {static_cast<uint8_t>(row.code)};
  return Bytes{static_cast<uint8_t>(row.code >> 16)} + leb(row.code & 0xffff);
}

/// The smallest immediate of each kind.
Bytes immediate_bytes(Immediate immediate) {
  switch (immediate) {
    case Immediate::none: return {};
    case Immediate::block_type: return {0x40};
    case Immediate::catch_list: return {0x40, 2, 0x00, 3, 1, 0x03, 0};
    case Immediate::label_table: return {2, 5, 6, 7};
    case Immediate::label_cast: return {0x03, 1, 0x6e, 0x6b};
    case Immediate::select_types: return {1, 0x7e};
    case Immediate::memory_argument: return {0x01, 0x10};
    case Immediate::memory_argument_lane: return {0x01, 0x10, 0x02};
    case Immediate::shuffle:
    case Immediate::v128_constant: return repeat(16, {9});
    case Immediate::f32_constant: return repeat(4, {1});
    case Immediate::f64_constant: return repeat(8, {1});
    case Immediate::heap_type: return {0x70};
    case Immediate::fence: return {0x00};
    case Immediate::type_table:
    case Immediate::type_field:
    case Immediate::type_count:
    case Immediate::type_data:
    case Immediate::type_element:
    case Immediate::type_type:
    case Immediate::table_table:
    case Immediate::element_table:
    case Immediate::memory_memory:
    case Immediate::data_memory: return {4, 5};
    default: return {4};
  }
}

TEST(binary_instruction_reader, every_row_decodes_to_itself) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = kOpcodes[i];
    const Bytes bytes = opcode_bytes(row) + immediate_bytes(row.immediate);
    Cursor cursor(bytes, 10);
    cursor.accept(FeatureSet::all());
    InstructionReader reader(cursor);
    Instruction instruction;
    ASSERT_TRUE(reader.next(instruction)) << row.text << ": " << cursor.error().message;
    EXPECT_EQ(static_cast<size_t>(instruction.opcode), i) << row.text;
    EXPECT_EQ(instruction.offset, 10u);
    EXPECT_TRUE(cursor.at_end()) << row.text;
  }
}

TEST(binary_instruction_reader, every_row_cut_short_is_refused) {
  for (const OpcodeInfo& row : kOpcodes) {
    const Bytes bytes = opcode_bytes(row) + immediate_bytes(row.immediate);
    for (size_t size = 0; size < bytes.size(); ++size) {
      Cursor cursor(std::span<const uint8_t>(bytes).first(size));
      cursor.accept(FeatureSet::all());
      InstructionReader reader(cursor);
      Instruction instruction;
      EXPECT_FALSE(reader.next(instruction)) << row.text;
      EXPECT_TRUE(cursor.failed()) << row.text;
    }
  }
}

TEST(binary_instruction_reader, rows_of_features_that_are_not_accepted_are_refused_by_name) {
  for (const FeatureSet accepted : {FeatureSet(), FeatureSet::built()}) {
    for (const OpcodeInfo& row : kOpcodes) {
      const Bytes bytes = opcode_bytes(row) + immediate_bytes(row.immediate);
      Cursor cursor(bytes);
      cursor.accept(accepted);
      InstructionReader reader(cursor);
      Instruction instruction;
      EXPECT_EQ(reader.next(instruction), accepted.has(row.feature)) << row.text;
      if (accepted.has(row.feature)) continue;
      EXPECT_EQ(cursor.error().kind, ErrorKind::unsupported);
      EXPECT_EQ(cursor.error().message,
                "feature " + std::string(info(row.feature).text) +
                    (info(row.feature).built ? " is not enabled" : " is not supported yet"));
    }
  }
}

struct Malformed {
  Bytes bytes;
  const char* error;
};

TEST(binary_instruction_reader, refuses_malformed_instructions) {
  const Malformed cases[] = {
      {{0xff}, "illegal opcode ff"},
      {{0x27}, "illegal opcode 27"},
      {{0xfc, 0xff, 0x01}, "illegal opcode fc ff"},
      {{0xfe, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, "integer representation too long"},
      {{0x28, 0x80, 0x01, 0x00}, "malformed memop flags"},
      {{0x28, 0x82, 0x80, 0x80, 0x80, 0x10, 0x00}, "integer too large"},
      {{0xfe, 0x03, 0x01}, "zero byte expected"},
      {{0x02, 0x41}, "malformed value type"},
      {{0x02, 0xc0, 0x7f}, "malformed block type"},
      {{0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00},
       "unexpected end: 4294967295 elements declared, 1 bytes left"},
      {{0x0e, 0x02, 0x00, 0x00}, "unexpected end"},
      {{0x1c, 0xff, 0xff, 0xff, 0x7f, 0x7f}, "unexpected end: 268435455 elements declared, 1 bytes left"},
      {{0xd0, 0x40}, "malformed heap type"},
  };
  for (const Malformed& test : cases) {
    Cursor cursor(test.bytes);
    InstructionReader reader(cursor);
    Instruction instruction;
    EXPECT_FALSE(reader.next(instruction));
    ASSERT_TRUE(cursor.failed());
    EXPECT_EQ(cursor.error().message, test.error);
    EXPECT_EQ(cursor.error().kind, ErrorKind::malformed);
  }
}

TEST(binary_instruction_reader, immediates_land_in_their_members) {
  const Bytes bytes = Bytes{0x28, 0x42, 0x03, 0x90, 0x01} +  // i32.load, memory 3, offset 144, align 4
                      Bytes{0x41, 0x7f} +                    // i32.const -1
                      Bytes{0x11, 0x05, 0x01} +              // call_indirect type 5, table 1
                      Bytes{0x0e, 0x02, 0x08, 0x07, 0x06} +  // br_table 8 7, default 6
                      Bytes{0x02, 0x05} + Bytes{0x03, 0x7d};
  Cursor cursor(bytes);
  InstructionReader reader(cursor);
  Instruction instruction;
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(instruction.memory.memory, 3u);
  EXPECT_EQ(instruction.memory.offset, 144u);
  EXPECT_EQ(instruction.memory.align_log2, 2u);
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(instruction.bits, UINT64_MAX);
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(instruction.index, 5u);
  EXPECT_EQ(instruction.second_index, 1u);
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(std::vector<uint32_t>(instruction.labels.begin(), instruction.labels.end()),
            (std::vector<uint32_t>{8, 7, 6}));
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(instruction.block.kind, BlockType::Kind::index);
  EXPECT_EQ(instruction.block.index, 5u);
  ASSERT_TRUE(reader.next(instruction));
  EXPECT_EQ(instruction.block.kind, BlockType::Kind::value);
  EXPECT_EQ(instruction.block.value, ValueType(ValueType::Kind::f32));
  EXPECT_TRUE(cursor.at_end());
}

TEST(binary_locals, counts_in_64_bits) {
  const Bytes runs = {3, 0x02, 0x7f, 0x00, 0x7e, 0x05, 0x7d};
  Cursor cursor(runs);
  std::vector<LocalRun> locals;
  EXPECT_EQ(read_locals(cursor, 4, locals), 11u);
  ASSERT_EQ(locals.size(), 2u);  // the empty run is left out
  EXPECT_EQ(locals[1].count, 5u);

  const Bytes most = {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f};
  Cursor fits(most);
  EXPECT_EQ(read_locals(fits, 0, locals), UINT32_MAX);
  EXPECT_FALSE(fits.failed());
  Cursor overflows(most);
  read_locals(overflows, 1, locals);
  EXPECT_EQ(overflows.error().message, "too many locals");

  const Bytes many = Bytes{4} + repeat(4, {0x80, 0x80, 0x80, 0x80, 0x04, 0x7f});
  Cursor wraps(many);
  read_locals(wraps, 0, locals);
  EXPECT_EQ(wraps.error().message, "too many locals");
}

}  // namespace
}  // namespace heddle::engine
