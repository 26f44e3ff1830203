// SPDX-License-Identifier: Apache-2.0
// UTF-8: every code point round-trips, and only shortest encodings of scalar values are accepted.
#include "engine/support/utf8.h"

#include <gtest/gtest.h>

namespace heddle::engine {
namespace {

TEST(utf8, every_scalar_value_round_trips) {
  for (uint32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    if (!is_scalar_value(code_point)) continue;
    std::string encoded;
    append_utf8(encoded, code_point);
    const auto decoded = decode_utf8(encoded + "x");
    ASSERT_TRUE(decoded.has_value()) << code_point;
    ASSERT_EQ(decoded->code_point, code_point);
    ASSERT_EQ(decoded->length, encoded.size());
    ASSERT_TRUE(is_valid_utf8(encoded));
  }
}

TEST(utf8, encodes_the_borders_of_each_length) {
  const auto encode = [](uint32_t code_point) {
    std::string out;
    append_utf8(out, code_point);
    return out;
  };
  EXPECT_EQ(encode(0x7f), "\x7f");
  EXPECT_EQ(encode(0x80), "\xc2\x80");
  EXPECT_EQ(encode(0x7ff), "\xdf\xbf");
  EXPECT_EQ(encode(0x800), "\xe0\xa0\x80");
  EXPECT_EQ(encode(0xffff), "\xef\xbf\xbf");
  EXPECT_EQ(encode(0x10000), "\xf0\x90\x80\x80");
  EXPECT_EQ(encode(0x10ffff), "\xf4\x8f\xbf\xbf");
}

TEST(utf8, surrogates_and_greater_values_are_no_scalar_values) {
  EXPECT_TRUE(is_scalar_value(0xd7ff));
  EXPECT_FALSE(is_scalar_value(0xd800));
  EXPECT_FALSE(is_scalar_value(0xdfff));
  EXPECT_TRUE(is_scalar_value(0xe000));
  EXPECT_TRUE(is_scalar_value(0x10ffff));
  EXPECT_FALSE(is_scalar_value(0x110000));
}

TEST(utf8, rejects_what_is_not_the_shortest_encoding_of_a_scalar_value) {
  const std::string_view invalid[] = {
      "\x80",
      "\xbf",  // continuation without a lead
      "\xc0\x80",
      "\xc1\xbf",  // overlong, two bytes
      "\xe0\x80\x80",
      "\xe0\x9f\xbf",  // overlong, three bytes
      "\xf0\x80\x80\x80",
      "\xf0\x8f\xbf\xbf",  // overlong, four bytes
      "\xed\xa0\x80",
      "\xed\xbf\xbf",  // surrogates
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",  // beyond U+10FFFF
      "\xf8\x88\x80\x80\x80",
      "\xfe",
      "\xff",  // no lead bytes
      "\xc2",
      "\xe2\x82",
      "\xf0\x9f\x92",  // cut off
      "\xc2\xc2",
      "\xe2\x28\xa1",
      "\xf0\x9f\x28",  // continuation missing
  };
  for (const std::string_view bytes : invalid) {
    EXPECT_FALSE(is_valid_utf8(bytes));
    EXPECT_FALSE(decode_utf8(bytes).has_value());
    EXPECT_FALSE(is_valid_utf8("12345678" + std::string(bytes) + "12345678"));
  }
}

TEST(utf8, accepts_long_texts_and_none) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_FALSE(decode_utf8("").has_value());
  EXPECT_TRUE(is_valid_utf8(std::string_view("with\0zero", 9)));
  for (size_t ascii = 0; ascii < 40; ++ascii) {
    EXPECT_TRUE(is_valid_utf8(std::string(ascii, 'a') + "€" + std::string(ascii, 'b')));
    EXPECT_FALSE(is_valid_utf8(std::string(ascii, 'a') + "\xff" + std::string(ascii, 'b')));
  }
}

}  // namespace
}  // namespace heddle::engine
