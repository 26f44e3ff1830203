// SPDX-License-Identifier: Apache-2.0
// Tests of result patterns: classes of NaN, lanes, references, alternatives, and how mismatches read.
#include "spec-tests/match_result.h"

#include <gtest/gtest.h>

#include "spec-tests/script_values.h"

namespace heddle::spec {
namespace {

Expected expected(std::string_view source) {
  engine::Lexer lexer(source);
  auto parsed = parse_expected(lexer);
  EXPECT_TRUE(parsed.ok()) << source;
  return parsed.ok() ? *parsed : Expected{};
}

Value constant(std::string_view source) {
  engine::Lexer lexer(source);
  auto parsed = parse_constant(lexer);
  EXPECT_TRUE(parsed.ok()) << source;
  return parsed.ok() ? *parsed : Value{};
}

bool holds(std::string_view pattern, const Value& value) {
  const Expected wanted[] = {expected(pattern)};
  return !mismatch(wanted, {&value, 1});
}

Value f32(uint32_t bits) { return Value::number(ValueKind::f32, bits); }
Value f64(uint64_t bits) { return Value::number(ValueKind::f64, bits); }

TEST(spec_match, numbers_match_by_bits_and_type) {
  EXPECT_TRUE(holds("(i32.const 0xffffffff)", constant("(i32.const -1)")));
  EXPECT_FALSE(holds("(i64.const 1)", constant("(i32.const 1)")));
  EXPECT_FALSE(holds("(f32.const 0)", constant("(f32.const -0)")));
  EXPECT_TRUE(holds("(f64.const nan:0x1)", f64(0x7ff0000000000001)));
}

TEST(spec_match, classes_of_nan) {
  for (const uint32_t sign : {0u, 0x80000000u}) {
    EXPECT_TRUE(holds("(f32.const nan:canonical)", f32(sign | 0x7fc00000)));
    EXPECT_FALSE(holds("(f32.const nan:canonical)", f32(sign | 0x7fc00001)));
    EXPECT_TRUE(holds("(f32.const nan:arithmetic)", f32(sign | 0x7fc00001)));
    EXPECT_FALSE(holds("(f32.const nan:arithmetic)", f32(sign | 0x7f800001)));
    EXPECT_FALSE(holds("(f32.const nan:arithmetic)", f32(sign | 0x7f800000)));
  }
  EXPECT_TRUE(holds("(f64.const nan:canonical)", f64(0xfff8000000000000)));
  EXPECT_FALSE(holds("(f64.const nan:canonical)", f64(0x7ff8000000000001)));
  EXPECT_TRUE(holds("(f64.const nan:arithmetic)", f64(0x7ffc000000000001)));
  EXPECT_FALSE(holds("(f64.const nan:arithmetic)", f64(0x7ff4000000000000)));
}

TEST(spec_match, lanes_match_one_by_one) {
  const Value value = constant("(v128.const f32x4 1 nan -0 nan:0x600000)");
  EXPECT_TRUE(holds("(v128.const f32x4 1 nan:canonical -0 nan:arithmetic)", value));
  EXPECT_FALSE(holds("(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)", value));
  EXPECT_FALSE(holds("(v128.const f32x4 1 nan:canonical -0 nan:canonical)", value));
  EXPECT_TRUE(
      holds("(v128.const i8x16 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0)", constant("(v128.const i64x2 1 2)")));
}

TEST(spec_match, references) {
  const Value null = Value::reference_to(ReferenceKind::null);
  const Value func = Value::reference_to(ReferenceKind::func);
  const Value i31 = Value::reference_to(ReferenceKind::i31);
  const Value external = Value::reference_to(ReferenceKind::extern_, 7);
  EXPECT_TRUE(holds("(ref.null)", null));
  EXPECT_TRUE(holds("(ref.null func)", null));
  EXPECT_FALSE(holds("(ref.func)", null));
  EXPECT_TRUE(holds("(ref.func)", func));
  EXPECT_TRUE(holds("(ref.extern 7)", external));
  EXPECT_FALSE(holds("(ref.extern 8)", external));
  EXPECT_TRUE(holds("(ref.extern)", external));
  EXPECT_TRUE(holds("(ref.eq)", i31));
  EXPECT_TRUE(holds("(ref.any)", i31));
  EXPECT_FALSE(holds("(ref.any)", external));
  EXPECT_FALSE(holds("(ref.eq)", func));
}

TEST(spec_match, either_holds_if_one_does) {
  EXPECT_TRUE(holds("(either (i32.const 1) (i32.const 2))", constant("(i32.const 2)")));
  EXPECT_FALSE(holds("(either (i32.const 1) (i32.const 2))", constant("(i32.const 3)")));
}

TEST(spec_match, a_mismatch_shows_decimal_and_hexadecimal) {
  const Expected wanted[] = {expected("(i32.const -1)"), expected("(f64.const nan:canonical)")};
  const Value got[] = {constant("(i32.const 10)"), constant("(f64.const 0.5)")};
  EXPECT_EQ(mismatch(wanted, got),
            "result 0: expected i32 -1 (0xffffffff), got i32 10 (0xa); "
            "result 1: expected f64 nan:canonical, got f64 0.5 (0x3fe0000000000000)");
}

TEST(spec_match, a_vector_is_shown_in_the_shape_of_the_script) {
  const Expected wanted[] = {expected("(v128.const i16x8 1 2 3 4 5 6 7 -8)")};
  const Value got = constant("(v128.const i64x2 0 0)");
  EXPECT_EQ(mismatch(wanted, {&got, 1}),
            "expected v128 i16x8 1 2 3 4 5 6 7 -8 (0xfff80007000600050004000300020001), "
            "got v128 i16x8 0 0 0 0 0 0 0 0 (0x00000000000000000000000000000000)");
}

TEST(spec_match, a_wrong_number_of_results_says_so) {
  const Value got = constant("(i32.const 1)");
  EXPECT_EQ(mismatch({}, {&got, 1}), "expected 0 results, got 1: i32 1 (0x1)");
}

TEST(spec_match, patterns_are_no_arguments) {
  for (const char* source : {"(f32.const nan:canonical)", "(ref.func)", "(ref.any)", "(i32.const 4294967296)",
                             "(v128.const i32x4 1 2 3)", "(v128.const i7x3 1)", "(i32.const)", "(nop)"}) {
    engine::Lexer lexer(source);
    EXPECT_FALSE(parse_constant(lexer).ok()) << source;
  }
}

}  // namespace
}  // namespace heddle::spec
