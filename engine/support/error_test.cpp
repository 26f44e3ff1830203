// SPDX-License-Identifier: Apache-2.0
// How errors read: place, reason, excerpt and caret, and nothing that could command a terminal.
#include <gtest/gtest.h>
#include <heddle/result.h>

#include <algorithm>

namespace heddle {
namespace {

Error text_error(std::string message, uint32_t line, uint32_t column, std::string excerpt) {
  Error error;
  error.message = std::move(message);
  error.line = line;
  error.column = column;
  error.excerpt = std::move(excerpt);
  return error;
}

TEST(error, names_every_kind) {
  EXPECT_STREQ(to_string(ErrorKind::malformed), "malformed");
  EXPECT_STREQ(to_string(ErrorKind::invalid), "invalid");
  EXPECT_STREQ(to_string(ErrorKind::unsupported), "unsupported");
  EXPECT_STREQ(to_string(ErrorKind::limit), "limit");
  EXPECT_STREQ(to_string(ErrorKind::link), "link");
  EXPECT_STREQ(to_string(ErrorKind::usage), "usage");
  EXPECT_STREQ(to_string(ErrorKind::resource), "resource");
}

TEST(error, shows_offset_and_section) {
  Error error;
  error.message = "unexpected end";
  error.offset = 0x1f2;
  error.section = "code[3]";
  EXPECT_EQ(error.to_string(), "malformed at 0x1f2 in code[3]: unexpected end");
  error.section.clear();
  EXPECT_EQ(error.to_string(), "malformed at 0x1f2: unexpected end");
  error.offset = 0;
  EXPECT_EQ(error.to_string(), "malformed at 0x0: unexpected end");
}

TEST(error, needs_no_place) {
  Error error;
  error.kind = ErrorKind::link;
  error.message = "unknown import";
  EXPECT_EQ(error.to_string(), "link: unknown import");
}

TEST(error, points_at_the_column) {
  EXPECT_EQ(text_error("unknown operator", 4, 12, "  (func    i32.ad)\n").to_string(),
            "malformed at 4:12: unknown operator\n"
            "    (func    i32.ad)\n"
            "             ^");
}

TEST(error, points_below_tabs_escapes_and_long_letters) {
  EXPECT_EQ(text_error("m", 1, 2, "\tx").to_string(), "malformed at 1:2: m\n   x\n   ^");
  EXPECT_EQ(text_error("m", 1, 2, "\x1bx").to_string(), "malformed at 1:2: m\n  \\u{1b}x\n        ^");
  EXPECT_EQ(text_error("m", 1, 3, "\u00e9x").to_string(), "malformed at 1:3: m\n  \u00e9x\n   ^");
}

TEST(error, points_past_the_end) {
  EXPECT_EQ(text_error("m", 1, 3, "ab").to_string(), "malformed at 1:3: m\n  ab\n    ^");
  EXPECT_EQ(text_error("m", 1, 4000, "ab").to_string(), "malformed at 1:4000: m\n  ab\n    ^");
}

TEST(error, leaves_out_what_is_unknown) {
  EXPECT_EQ(text_error("m", 7, 0, "ab").to_string(), "malformed at 7: m\n  ab");
  EXPECT_EQ(text_error("m", 7, 3, "").to_string(), "malformed at 7:3: m");
}

TEST(error, cuts_long_lines_around_the_caret) {
  const std::string shown = text_error("m", 1, 500001, std::string(1000000, 'x')).to_string();
  EXPECT_LT(shown.size(), 300u);
  EXPECT_NE(shown.find("\n  ...xxx"), std::string::npos);
  EXPECT_NE(shown.find("xxx...\n"), std::string::npos);
  EXPECT_EQ(shown.substr(shown.rfind('\n') + 1), std::string(2 + 3 + 60, ' ') + "^");
}

TEST(error, cuts_between_code_points) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "\u20ac";  // three bytes each
  for (uint32_t column = 1; column <= line.size(); ++column) {
    const std::string shown = text_error("m", 1, column, line).to_string();
    const bool between = (column - 1) % 3 == 0;
    EXPECT_EQ(shown.find("\\x") == std::string::npos, between) << column;
  }
}

TEST(error, neutralises_what_a_guest_named) {
  Error error;
  error.message =
      "unknown import \"\x1b[31mred\r\n\x9b"
      "0m\xff\"";
  error.section = "import\x07";
  EXPECT_EQ(error.to_string(),
            "malformed in import\\u{7}: unknown import \"\\u{1b}[31mred\\r\\n\\x9b0m\\xff\"");

  const std::string shown = text_error("a\nb", 1, 1, "\x1b]0;title\x07\u202e\xc2\x9b").to_string();
  const auto controls = std::count_if(shown.begin(), shown.end(), [](char c) { return c >= 0 && c < ' '; });
  EXPECT_EQ(controls, 2) << "only the newlines before the excerpt and the caret: " << shown;
}

}  // namespace
}  // namespace heddle
