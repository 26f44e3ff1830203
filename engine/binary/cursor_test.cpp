// SPDX-License-Identifier: Apache-2.0
// Tests of the cursor: every LEB128 border, names, counts, types, and the stickiness of errors.
#include "engine/binary/cursor.h"

#include <gtest/gtest.h>

#include "engine/binary/test_bytes.h"

namespace heddle::engine {
namespace {

using test::Bytes;

struct UnsignedCase {
  Bytes bytes;
  uint64_t value;
  const char* error;  // null: none
};

TEST(binary_cursor, reads_unsigned_leb128) {
  const UnsignedCase cases[] = {
      {{0x00}, 0, nullptr},
      {{0x7f}, 127, nullptr},
      {{0x80, 0x01}, 128, nullptr},
      {{0x83, 0x80, 0x80, 0x80, 0x00}, 3, nullptr},  // longer than needed is fine
      {{0xff, 0xff, 0xff, 0xff, 0x0f}, UINT32_MAX, nullptr},
      {{0xff, 0xff, 0xff, 0xff, 0x1f}, 0, "integer too large"},
      {{0x80, 0x80, 0x80, 0x80, 0x10}, 0, "integer too large"},
      {{0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 0, "integer representation too long"},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
       0,
       "integer representation too long"},
      {{}, 0, "unexpected end"},
      {{0x80}, 0, "unexpected end"},
      {{0x80, 0x80, 0x80, 0x80}, 0, "unexpected end"},
  };
  for (const UnsignedCase& test : cases) {
    Cursor cursor(test.bytes);
    EXPECT_EQ(cursor.read_u32(), test.value);
    EXPECT_EQ(cursor.failed(), test.error != nullptr);
    if (test.error != nullptr) {
      EXPECT_EQ(cursor.error().message, test.error);
    }
    EXPECT_TRUE(cursor.at_end());
  }
}

TEST(binary_cursor, reads_64_bit_leb128) {
  const UnsignedCase cases[] = {
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, UINT64_MAX, nullptr},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 0, "integer too large"},
      {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00},
       0,
       "integer representation too long"},
  };
  for (const UnsignedCase& test : cases) {
    Cursor cursor(test.bytes);
    EXPECT_EQ(cursor.read_u64(), test.value);
    EXPECT_EQ(cursor.failed(), test.error != nullptr);
    if (test.error != nullptr) {
      EXPECT_EQ(cursor.error().message, test.error);
    }
  }
}

struct SignedCase {
  uint32_t bits;
  Bytes bytes;
  int64_t value;
  const char* error;
};

TEST(binary_cursor, reads_signed_leb128) {
  const SignedCase cases[] = {
      {32, {0x00}, 0, nullptr},
      {32, {0x3f}, 63, nullptr},
      {32, {0x40}, -64, nullptr},
      {32, {0x7f}, -1, nullptr},
      {32, {0xc0, 0x00}, 64, nullptr},
      {32, {0xff, 0xff, 0xff, 0xff, 0x07}, INT32_MAX, nullptr},
      {32, {0x80, 0x80, 0x80, 0x80, 0x78}, INT32_MIN, nullptr},
      {32, {0xff, 0xff, 0xff, 0xff, 0x7f}, -1, nullptr},
      {32, {0xff, 0xff, 0xff, 0xff, 0x0f}, 0, "integer too large"},
      {32, {0x80, 0x80, 0x80, 0x80, 0x70}, 0, "integer too large"},
      {32, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 0, "integer representation too long"},
      {33, {0xff, 0xff, 0xff, 0xff, 0x0f}, UINT32_MAX, nullptr},
      {33, {0x80, 0x80, 0x80, 0x80, 0x70}, -(INT64_C(1) << 32), nullptr},
      {33, {0xff, 0xff, 0xff, 0xff, 0x1f}, 0, "integer too large"},
      {64, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}, INT64_MIN, nullptr},
      {64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}, INT64_MAX, nullptr},
      {64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 0, "integer too large"},
      {64, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e}, 0, "integer too large"},
  };
  for (const SignedCase& test : cases) {
    Cursor cursor(test.bytes);
    const int64_t value = test.bits == 32   ? cursor.read_s32()
                          : test.bits == 33 ? cursor.read_s33()
                                            : cursor.read_s64();
    EXPECT_EQ(value, test.value);
    EXPECT_EQ(cursor.failed(), test.error != nullptr);
    if (test.error != nullptr) {
      EXPECT_EQ(cursor.error().message, test.error);
    }
  }
}

/// `value` in LEB128, in exactly `length` bytes: longer than needed is fine.
Bytes leb128(int64_t value, size_t length) {
  Bytes bytes;
  for (size_t i = 0; i < length; ++i) {
    const bool is_last = i + 1 == length;
    bytes.push_back(static_cast<uint8_t>((value & 0x7f) | (is_last ? 0 : 0x80)));
    value >>= 7;
  }
  return bytes;
}

template <class Read>
void expect_value(int64_t value, size_t length, Read read) {
  for (size_t beyond = 0; beyond < 10; ++beyond) {  // from 8 bytes on, they are read at once
    for (const uint8_t noise : {0x00, 0x7f, 0x80, 0xff}) {
      Bytes bytes = leb128(value, length);
      bytes.resize(length + beyond, noise);
      Cursor cursor(bytes);
      EXPECT_EQ(read(cursor), value) << "in " << length << " bytes before " << beyond;
      EXPECT_EQ(cursor.offset(), length);
      EXPECT_FALSE(cursor.failed());
    }
  }
}

TEST(binary_cursor, an_integer_reads_the_same_whatever_its_length_and_what_follows) {
  for (uint32_t bit = 0; bit < 63; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      const int64_t value = (INT64_C(1) << bit) + off;
      for (size_t length = bit / 7 + 2; length <= 10; ++length) {
        expect_value(value, length, [](Cursor& cursor) { return cursor.read_s64(); });
        expect_value(-value, length, [](Cursor& cursor) { return cursor.read_s64(); });
        expect_value(value, length, [](Cursor& cursor) { return static_cast<int64_t>(cursor.read_u64()); });
        if (length > 5 || bit > 30) continue;
        expect_value(value, length, [](Cursor& cursor) { return int64_t{cursor.read_s32()}; });
        expect_value(-value, length, [](Cursor& cursor) { return cursor.read_s33(); });
        expect_value(value, length, [](Cursor& cursor) { return int64_t{cursor.read_u32()}; });
      }
    }
  }
}

TEST(binary_cursor, an_integer_that_is_wrong_is_so_whatever_follows) {
  const Bytes too_large = {0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0, 0, 0, 0};
  const Bytes too_long = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0, 0, 0, 0, 0, 0};
  for (const auto& [bytes, reason] :
       {std::pair(too_large, "integer too large"), std::pair(too_long, "integer representation too long")}) {
    Cursor cursor(bytes);
    EXPECT_EQ(cursor.read_u32(), 0u);
    ASSERT_TRUE(cursor.failed());
    EXPECT_EQ(cursor.error().message, reason);
    EXPECT_EQ(cursor.error().offset, 0u);
  }
}

TEST(binary_cursor, an_integer_over_the_end_is_judged_whole) {
  const Bytes too_long = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
  Cursor cursor(std::span<const uint8_t>(too_long).first(2));
  cursor.set_bytes_beyond(4);
  cursor.read_u32();
  EXPECT_EQ(cursor.error().message, "integer representation too long");

  const Bytes fine = {0x80, 0x80, 0x01};
  Cursor cut(std::span<const uint8_t>(fine).first(2));
  cut.set_bytes_beyond(1);
  EXPECT_EQ(cut.read_u32(), 0u);
  EXPECT_EQ(cut.error().message, "unexpected end");
}

TEST(binary_cursor, errors_stick_and_name_the_place) {
  const Bytes bytes = {1, 2, 0xff};
  Cursor cursor(bytes, 100);
  cursor.set_section("code", 3);
  EXPECT_EQ(cursor.read_byte(), 1);
  EXPECT_EQ(cursor.offset(), 101u);
  EXPECT_TRUE(cursor.read_bytes(5).empty());
  EXPECT_TRUE(cursor.failed());
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.read_byte(), 0);
  EXPECT_EQ(cursor.read_u32(), 0u);
  EXPECT_TRUE(cursor.read_name().empty());
  cursor.fail(ErrorKind::invalid, "later");
  const Error error = cursor.error();
  EXPECT_EQ(error.kind, ErrorKind::malformed);
  EXPECT_EQ(error.message, "unexpected end of section or function");
  EXPECT_EQ(error.section, "code[3]");
  EXPECT_EQ(error.offset, 101u);
}

TEST(binary_cursor, reads_fixed_width) {
  const Bytes bytes = {0x78, 0x56, 0x34, 0x12, 1, 2, 3, 4, 5, 6, 7, 8};
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.read_fixed32(), 0x12345678u);
  EXPECT_EQ(cursor.read_fixed64(), 0x0807060504030201u);
  EXPECT_TRUE(cursor.at_end());
  EXPECT_FALSE(cursor.failed());
  cursor.read_fixed32();
  EXPECT_TRUE(cursor.failed());
}

TEST(binary_cursor, names_are_utf8_and_in_bounds) {
  const Bytes fine = test::name("h\u00e9");
  Cursor cursor(fine);
  EXPECT_EQ(cursor.read_name(), "h\u00e9");

  const Bytes long_one = {5, 'a'};
  Cursor out(long_one);
  out.read_name();
  EXPECT_EQ(out.error().message, "length out of bounds");

  const Bytes broken = {2, 0xc3, 0x28};
  Cursor wrong(broken);
  EXPECT_TRUE(wrong.read_name().empty());
  EXPECT_EQ(wrong.error().message, "malformed UTF-8 encoding");
}

TEST(binary_cursor, counts_must_be_justified_by_bytes) {
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3};  // 2^32-1 elements, 3 bytes left
  Cursor cursor(huge);
  cursor.set_section("type");
  EXPECT_EQ(cursor.read_count(), 0u);
  EXPECT_EQ(cursor.error().message.find("unexpected end of section or function"), 0u);

  const Bytes pairs = {2, 1, 2, 3};
  Cursor half(pairs);
  EXPECT_EQ(half.read_count(2), 0u);
  EXPECT_TRUE(half.failed());
  Cursor whole(pairs);
  EXPECT_EQ(whole.read_count(), 2u);
}

TEST(binary_cursor, reads_types) {
  const Bytes bytes = {0x7f, 0x70, 0x63, 0x05, 0x64, 0x6e, 0x77, 0x6f};
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.read_value_type(), ValueType(ValueType::Kind::i32));
  EXPECT_EQ(cursor.read_value_type(), ValueType::funcref());
  EXPECT_EQ(cursor.read_value_type(), ValueType::ref(HeapType::defined(5), true));
  EXPECT_EQ(cursor.read_reference_type(), ValueType::ref(HeapType::Kind::any, false));
  EXPECT_EQ(cursor.read_storage_type(), ValueType(ValueType::Kind::i16));
  EXPECT_EQ(cursor.read_heap_type(), HeapType(HeapType::Kind::extern_));
  EXPECT_FALSE(cursor.failed());
}

TEST(binary_cursor, reads_exact_types) {
  const Bytes bytes = {0x64, 0x62, 0x05, 0x63, 0x62, 0xc0, 0x00};
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.read_value_type(), ValueType::ref(HeapType::exact(5), false));
  EXPECT_EQ(cursor.read_storage_type(), ValueType::ref(HeapType::exact(64), true)) << "indices are signed";
  EXPECT_TRUE(cursor.at_end());

  Cursor standard(bytes, 100);
  standard.accept(FeatureSet());
  standard.read_value_type();
  ASSERT_TRUE(standard.failed());
  EXPECT_EQ(standard.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(standard.error().offset, 101u);
  EXPECT_EQ(standard.error().message, "feature custom descriptors is not enabled");
}

TEST(binary_cursor, refuses_what_is_no_type) {
  struct Case {
    Bytes bytes;
    ValueType (Cursor::*read)();
    const char* error;
  };
  const Case cases[] = {
      {{0x7f}, &Cursor::read_reference_type, "malformed reference type"},
      {{0x77}, &Cursor::read_value_type, "malformed value type"},
      {{0x40}, &Cursor::read_value_type, "malformed value type"},
      {{0x7a}, &Cursor::read_storage_type, "malformed storage type"},
      {{0x64, 0x40}, &Cursor::read_value_type, "malformed heap type"},
      {{0x64, 0x62, 0x62, 0x00}, &Cursor::read_value_type, "malformed heap type"},
      {{0x64, 0x62, 0x6e}, &Cursor::read_value_type, "malformed heap type"},
      {{0x62, 0x00}, &Cursor::read_value_type, "malformed value type"},
      {{0x63, 0x62, 0xff, 0xff, 0xff, 0x07}, &Cursor::read_value_type, "unknown type 16777215"},
      {{0x64, 0xff, 0xff, 0xff, 0xff, 0x0f}, &Cursor::read_value_type, "unknown type 4294967295"},
  };
  for (const Case& test : cases) {
    Cursor cursor(test.bytes);
    (cursor.*test.read)();
    ASSERT_TRUE(cursor.failed());
    EXPECT_EQ(cursor.error().message, test.error);
  }
}

}  // namespace
}  // namespace heddle::engine
