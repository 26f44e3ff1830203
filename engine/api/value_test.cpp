// SPDX-License-Identifier: Apache-2.0
// Values: types from C++ types, equality, and how they read.
#include <heddle/value.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heddle {
namespace {

TEST(value, type_follows_the_cpp_type) {
  EXPECT_EQ(Value(1).type(), ValueType(ValueType::Kind::i32));
  EXPECT_EQ(Value(1u).type(), ValueType(ValueType::Kind::i32));
  EXPECT_EQ(Value(uint8_t{200}).i32(), 200);
  EXPECT_EQ(Value(int8_t{-1}).i32(), -1);
  EXPECT_EQ(Value(1L).type(), ValueType(ValueType::Kind::i64));
  EXPECT_EQ(Value(1LL).type(), ValueType(ValueType::Kind::i64));
  EXPECT_EQ(Value(1.0f).type(), ValueType(ValueType::Kind::f32));
  EXPECT_EQ(Value(1.0).type(), ValueType(ValueType::Kind::f64));
  EXPECT_EQ(Value(V128()).type(), ValueType(ValueType::Kind::v128));
  EXPECT_EQ(Value(-1).u32(), UINT32_MAX);
  EXPECT_EQ(Value(int64_t{-1}).u64(), UINT64_MAX);
}

TEST(value, equality_is_of_type_and_bits) {
  EXPECT_EQ(Value(1), Value(1u));
  EXPECT_NE(Value(1), Value(1L));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
}

TEST(value, references) {
  int object = 0;
  EXPECT_TRUE(Value::externref(nullptr).is_null());
  EXPECT_EQ(Value::externref(nullptr), Value::null(HeapType::Kind::extern_));
  EXPECT_EQ(Value::externref(&object).externref(), &object);
  EXPECT_NE(Value::null(HeapType::Kind::func), Value::null(HeapType::Kind::extern_));
  EXPECT_FALSE(Value(0).is_null());
}

TEST(value, reads_as_a_literal) {
  EXPECT_EQ(to_string(Value(-5)), "-5");
  EXPECT_EQ(to_string(Value(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(to_string(Value(0.5f)), "0.5");
  EXPECT_EQ(to_string(Value(-0.0)), "-0");
  EXPECT_EQ(to_string(Value(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(to_string(Value::null(HeapType::Kind::any)), "null");
  V128 wide;
  wide.bytes[0] = 1;
  wide.bytes[15] = 0x80;
  EXPECT_EQ(to_string(Value(wide)), "i32x4 0x00000001 0x00000000 0x00000000 0x80000000");
}

}  // namespace
}  // namespace heddle
