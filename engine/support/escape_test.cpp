// SPDX-License-Identifier: Apache-2.0
// Escaping for terminals: printable text passes, everything else becomes visible.
#include "engine/support/escape.h"

#include <gtest/gtest.h>

#include "engine/support/utf8.h"

namespace heddle::engine {
namespace {

TEST(escape, keeps_printable_text) {
  for (const char* text : {"", "memory", "a b", "\\n stays", "\"quoted\"", "größe", "名前", "🧵", "~"}) {
    EXPECT_EQ(escape_for_terminal(text), text);
  }
}

TEST(escape, shows_control_characters) {
  EXPECT_EQ(escape_for_terminal("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(escape_for_terminal(std::string_view("\0", 1)), "\\u{0}");
  EXPECT_EQ(escape_for_terminal("\x1b[2J"), "\\u{1b}[2J");
  EXPECT_EQ(escape_for_terminal("\x7f"), "\\u{7f}");
  EXPECT_EQ(escape_for_terminal("\xc2\x9b"), "\\u{9b}");  // CSI, as one C1 code point
}

TEST(escape, shows_invisible_code_points) {
  EXPECT_EQ(escape_for_terminal("\u202e"), "\\u{202e}");
  EXPECT_EQ(escape_for_terminal("\u2066x\u2069"), "\\u{2066}x\\u{2069}");
  EXPECT_EQ(escape_for_terminal("\u2028"), "\\u{2028}");
  EXPECT_EQ(escape_for_terminal("\ufeff"), "\\u{feff}");
  EXPECT_EQ(escape_for_terminal("\uffff"), "\\u{ffff}");
}

TEST(escape, shows_bytes_that_are_not_utf8) {
  EXPECT_EQ(escape_for_terminal("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escape_for_terminal("a\xe2\x82"), "a\\xe2\\x82");
  EXPECT_EQ(escape_for_terminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(escape_for_terminal("\xc0\x8a"), "\\xc0\\x8a");           // an overlong newline
}

TEST(escape, result_of_any_bytes_is_printable_and_escapes_to_itself) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second), 'z'};
      const std::string escaped = escape_for_terminal(text);
      ASSERT_TRUE(is_valid_utf8(escaped));
      ASSERT_EQ(escape_for_terminal(escaped), escaped);
    }
  }
}

}  // namespace
}  // namespace heddle::engine
