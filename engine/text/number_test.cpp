// SPDX-License-Identifier: Apache-2.0
// Number literals: forms, ranges, rounding at the halfway points, and printing that parses back.
#include "engine/text/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace heddle::engine {
namespace {

TEST(text_number, integer_forms) {
  for (const char* good : {"0", "1_000", "+5", "-5", "0x1_F", "-0xABCdef", "007"})
    EXPECT_TRUE(is_integer_literal(good)) << good;
  for (const char* bad : {"", "_1", "1_", "1__0", "0x", "0x_1", "1x", "0X1", "--1", "1.0", "a"}) {
    EXPECT_FALSE(is_integer_literal(bad)) << bad;
  }
}

TEST(text_number, integer_ranges) {
  EXPECT_EQ(parse_integer("4294967295", 32), -1);
  EXPECT_EQ(parse_integer("-2147483648", 32), INT32_MIN);
  EXPECT_EQ(parse_integer("4294967296", 32), std::nullopt);
  EXPECT_EQ(parse_integer("-2147483649", 32), std::nullopt);
  EXPECT_EQ(parse_integer("0xffff_ffff_ffff_ffff", 64), -1);
  EXPECT_EQ(parse_integer("-0x8000000000000000", 64), INT64_MIN);
  EXPECT_EQ(parse_integer("0x1_0000_0000_0000_0000", 64), std::nullopt);
  EXPECT_EQ(parse_integer("18446744073709551616", 64), std::nullopt);
  EXPECT_EQ(parse_integer("-129", 8), std::nullopt);
  EXPECT_EQ(parse_integer("255", 8), -1);
  EXPECT_EQ(parse_unsigned("255", 8), 255u);
  EXPECT_EQ(parse_unsigned("256", 8), std::nullopt);
  EXPECT_EQ(parse_unsigned("+1", 32), std::nullopt);
  EXPECT_EQ(parse_unsigned("18446744073709551615", 64), UINT64_MAX);
}

TEST(text_number, float_forms) {
  for (const char* good : {"1", "1.", "1.5", "1e5", "1.e-5", "1_0.0_1E+1_0", "0x1p3", "0x1.8", "0xA.P-1",
                           "inf", "-nan", "nan:0x1"}) {
    EXPECT_TRUE(is_float_literal(good)) << good;
  }
  for (const char* bad : {".5", "1e", "1e+", "0x1p", "0x.8", "1_.0", "1._0", "nan:1", "nan:0x", "infinity",
                          "nan:canonical", "e5"}) {
    EXPECT_FALSE(is_float_literal(bad)) << bad;
  }
}

TEST(text_number, special_floats) {
  EXPECT_EQ(parse_f32("inf"), 0x7f800000u);
  EXPECT_EQ(parse_f32("-inf"), 0xff800000u);
  EXPECT_EQ(parse_f32("nan"), 0x7fc00000u);
  EXPECT_EQ(parse_f32("-nan:0x1"), 0xff800001u);
  EXPECT_EQ(parse_f32("nan:0x7f_ffff"), 0x7fffffffu);
  EXPECT_EQ(parse_f32("nan:0x0"), std::nullopt);
  EXPECT_EQ(parse_f32("nan:0x800000"), std::nullopt);
  EXPECT_EQ(parse_f64("nan"), 0x7ff8000000000000u);
  EXPECT_EQ(parse_f64("nan:0xfffffffffffff"), 0x7fffffffffffffffu);
  EXPECT_EQ(parse_f64("nan:0x10000000000000"), std::nullopt);
  EXPECT_EQ(parse_f32("-0"), 0x80000000u);
  EXPECT_EQ(parse_f64("-0x0p5"), 0x8000000000000000u);
}

TEST(text_number, hexadecimal_floats_round_to_nearest_even) {
  EXPECT_EQ(parse_f32("0x1p0"), 0x3f800000u);
  EXPECT_EQ(parse_f32("0x1.000001p0"), 0x3f800000u);                   // a tie, to even
  EXPECT_EQ(parse_f32("0x1.000003p0"), 0x3f800002u);                   // a tie, to even
  EXPECT_EQ(parse_f32("0x1.00000100000000000000001p0"), 0x3f800001u);  // just above the tie
  EXPECT_EQ(parse_f32("0x1.000000fffffffffffffffffp0"), 0x3f800000u);
  EXPECT_EQ(parse_f32("0x1.fffffep127"), 0x7f7fffffu);
  EXPECT_EQ(parse_f32("0x1.fffffefffffffp127"), 0x7f7fffffu);
  EXPECT_EQ(parse_f32("0x1.ffffffp127"), std::nullopt);  // rounds to infinity
  EXPECT_EQ(parse_f32("0x1p128"), std::nullopt);
  EXPECT_EQ(parse_f32("0x1p-149"), 1u);
  EXPECT_EQ(parse_f32("0x1p-150"), 0u);  // a tie, to even
  EXPECT_EQ(parse_f32("0x1.000000000000000000001p-150"), 1u);
  EXPECT_EQ(parse_f32("0x1p-151"), 0u);
  EXPECT_EQ(parse_f32("0x1.fffffep-127"), 0x00800000u);  // the carry makes it normal
  EXPECT_EQ(parse_f64("0x1p-1074"), 1u);
  EXPECT_EQ(parse_f64("0x1p-1075"), 0u);
  EXPECT_EQ(parse_f64("0x1.fffffffffffffp1023"), 0x7fefffffffffffffu);
  EXPECT_EQ(parse_f64("0x1.fffffffffffff8p1023"), std::nullopt);
  EXPECT_EQ(parse_f64("0x1p99999999999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_f64("0x1p-99999999999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("0x0p99999999999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("0x" + std::string(1000, '0') + "1p0"), 0x3ff0000000000000u);
  EXPECT_EQ(parse_f64("0x1" + std::string(250, '0') + "p-1000"), 0x3ff0000000000000u);
}

TEST(text_number, decimal_floats) {
  EXPECT_EQ(parse_f32("16777217"), 0x4b800000u);  // a tie, to even
  EXPECT_EQ(parse_f32("16777219"), 0x4b800002u);
  EXPECT_EQ(parse_f32("3.4028235e38"), 0x7f7fffffu);
  EXPECT_EQ(parse_f32("3.4028236e38"), std::nullopt);
  EXPECT_EQ(parse_f32("1e-46"), 0u);
  EXPECT_EQ(parse_f32("-1e-46"), 0x80000000u);
  EXPECT_EQ(parse_f32("1e999999999999"), std::nullopt);
  EXPECT_EQ(parse_f32("0e999999999999"), 0u);
  EXPECT_EQ(parse_f64("1e-999999999999"), 0u);
  EXPECT_EQ(parse_f64("1_0.5_0e+0_1"), std::bit_cast<uint64_t>(105.0));
  EXPECT_EQ(parse_f64("0.1"), std::bit_cast<uint64_t>(0.1));
  EXPECT_EQ(parse_f32("0.1"), std::bit_cast<uint32_t>(0.1f));
  EXPECT_EQ(parse_f64("2.2250738585072012e-308"), 0x0010000000000000u);
}

TEST(text_number, printed_floats_parse_back) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    EXPECT_EQ(parse_f64(print_f64(bits)), bits) << print_f64(bits);
    const auto half = static_cast<uint32_t>(bits);
    EXPECT_EQ(parse_f32(print_f32(half)), half) << print_f32(half);
  }
  EXPECT_EQ(print_f32(0x7fc00000), "nan");
  EXPECT_EQ(print_f32(0xffc00001), "-nan:0x400001");
  EXPECT_EQ(print_f64(0x8000000000000000), "-0");
  EXPECT_EQ(print_f64(std::bit_cast<uint64_t>(0.1)), "0.1");
}

TEST(text_number, lanes) {
  std::array<uint8_t, 16> bytes{};
  const LaneShape* shape = find_lane_shape("i16x8");
  ASSERT_NE(shape, nullptr);
  EXPECT_TRUE(parse_lane("-2", *shape, 7, bytes));
  EXPECT_EQ(bytes[14], 0xfe);
  EXPECT_EQ(bytes[15], 0xff);
  EXPECT_FALSE(parse_lane("65536", *shape, 0, bytes));
  EXPECT_FALSE(parse_lane("1.5", *shape, 0, bytes));
  EXPECT_TRUE(parse_lane("1.5", *find_lane_shape("f32x4"), 0, bytes));
  EXPECT_EQ(bytes[3], 0x3f);
  EXPECT_EQ(find_lane_shape("i32x5"), nullptr);
}

}  // namespace
}  // namespace heddle::engine
