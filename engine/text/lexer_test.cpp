// SPDX-License-Identifier: Apache-2.0
// The lexer: kinds of tokens, strings, comments, annotations, places of errors.
#include "engine/text/lexer.h"

#include <gtest/gtest.h>

namespace heddle::engine {
namespace {

/// The kinds of all tokens, one letter each.
std::string kinds(std::string_view source) {
  Lexer lexer(source);
  std::string out;
  while (!lexer.peek().is(TokenKind::end)) out += ".()kifs$r"[static_cast<size_t>(lexer.next().kind)];
  if (lexer.failed()) out += "!" + lexer.error().message;
  return out;
}

TEST(text_lexer, kinds_of_tokens) {
  EXPECT_EQ(kinds(""), "");
  EXPECT_EQ(kinds("(func $f \"x\" 1 -0x1f 1.5 inf nan nan:0x1 +1e3)"), "(k$siifffff)");
  EXPECT_EQ(kinds("i32.add offset=8 nan:canonical infinity"), "kkkk");
  EXPECT_EQ(kinds("1x 0x Upper @a # 1__2"), "rrrrrr");
  EXPECT_EQ(kinds(", ; [ ] { }"), "rrrrrr");
  EXPECT_EQ(kinds("\"a\"\"b\" a\"b\" $a\"b\" \"a\"1"), "rrrr");
  EXPECT_EQ(kinds("$\"a b\" $a$b $|"), "$$$");
}

TEST(text_lexer, spaces_and_comments) {
  EXPECT_EQ(kinds("a;;b\nc"), "kk");
  EXPECT_EQ(kinds("a;;b\rc"), "kk");
  EXPECT_EQ(kinds("a;;b"), "k");
  EXPECT_EQ(kinds("a(;b(;c;)d;)e"), "kk");
  EXPECT_EQ(kinds("(; ;; ;)a"), "k");
  EXPECT_EQ(kinds("a(;b"), "k!unclosed comment");
  EXPECT_EQ(kinds(";; \xff"), "!malformed UTF-8 encoding");
  EXPECT_EQ(kinds("(; \xc3\xa9 ;)"), "");
  EXPECT_EQ(kinds("a\f"), "k!illegal character");
  EXPECT_EQ(kinds("a\xc3\xa9"), "k!illegal character");
  EXPECT_EQ(kinds("a\x80"), "k!malformed UTF-8 encoding");
}

std::string decoded(std::string_view source) {
  Lexer lexer(source);
  const Token token = lexer.next();
  if (lexer.failed()) return "!" + lexer.error().message;
  return token.is(TokenKind::string) ? decode_string(token) : "?";
}

TEST(text_lexer, strings) {
  EXPECT_EQ(decoded("\"\""), "");
  EXPECT_EQ(decoded("\"a\\t\\n\\r\\\"\\'\\\\\\00\\fF\""), std::string("a\t\n\r\"'\\\0\xff", 9));
  EXPECT_EQ(decoded("\"\\u{e9}\\u{10_ffff}\""), "\xc3\xa9\xf4\x8f\xbf\xbf");
  EXPECT_EQ(decoded("\"\xc3\xa9\""), "\xc3\xa9");
  EXPECT_EQ(decoded("\"a"), "!unclosed string");
  EXPECT_EQ(decoded("\"a\nb\""), "!unclosed string");
  EXPECT_EQ(decoded("\"a\\"), "!illegal escape");
  EXPECT_EQ(decoded("\"\\x\""), "!illegal escape");
  EXPECT_EQ(decoded("\"\\4\""), "!illegal escape");
  EXPECT_EQ(decoded("\"\\u{d800}\""), "!illegal escape");
  EXPECT_EQ(decoded("\"\\u{}\""), "!illegal escape");
  EXPECT_EQ(decoded("\"\\u{1_}\""), "!illegal escape");
  EXPECT_EQ(decoded("\"\\u{110000}\"").substr(0, 15), "!illegal escape");
  EXPECT_EQ(decoded("\"\x01\"").substr(0, 18), "!illegal character");
  EXPECT_EQ(decoded("\"\xff\""), "!malformed UTF-8 encoding");
}

TEST(text_lexer, identifiers) {
  Lexer lexer("$a-b $\"c d\\41\"");
  EXPECT_EQ(identifier_name(lexer.next()), "a-b");
  EXPECT_EQ(identifier_name(lexer.next()), "c dA");
  EXPECT_EQ(kinds("$"), "!empty identifier");
  EXPECT_EQ(kinds("$\"\""), "!empty identifier");
  EXPECT_EQ(kinds("$ a"), "!empty identifier");
  EXPECT_EQ(kinds("$\"\\ff\""), "!malformed UTF-8 encoding");
}

TEST(text_lexer, annotations_are_skipped_or_set_aside) {
  EXPECT_EQ(kinds("a(@x ( ) \")\" (; ) ;) ;; )\n)b"), "kk");
  EXPECT_EQ(kinds("(@)"), "!empty annotation id");
  EXPECT_EQ(kinds("(@x"), "!unclosed annotation");
  EXPECT_EQ(kinds("(@x \x01)"), "!illegal character");
  Lexer lexer("a (@name \"n\") (@other) (@custom \"c\") b");
  lexer.next();
  EXPECT_TRUE(lexer.peek().is_keyword("b"));
  const auto names = lexer.take_annotations("name");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names[0].id, "name");
  EXPECT_EQ(lexer.source().substr(names[0].begin, names[0].end - names[0].begin), " \"n\"");
  EXPECT_EQ(lexer.take_annotations().size(), 1u);
}

TEST(text_lexer, annotations_that_matter_must_be_taken) {
  Lexer lexer("(@custom \"c\") b");
  lexer.expect_annotations_taken();
  lexer.next();
  ASSERT_TRUE(lexer.failed());
  EXPECT_EQ(lexer.error().message, "misplaced @custom annotation");
  EXPECT_EQ(lexer.error().column, 1u);
}

TEST(text_lexer, places) {
  Lexer lexer("a\n  b\n\xc3\xa9");
  EXPECT_EQ(lexer.next().line, 1u);
  const Token b = lexer.next();
  EXPECT_EQ(b.line, 2u);
  EXPECT_EQ(b.column, 3u);
  EXPECT_EQ(b.offset, 4u);
  const Error error = lexer.error_at(b, "reason");
  EXPECT_EQ(error.excerpt, "  b");
  lexer.next();
  ASSERT_TRUE(lexer.failed());
  EXPECT_EQ(lexer.error().line, 3u);
}

TEST(text_lexer, forms_are_passed_whole) {
  Lexer lexer("(a (b \")\" (; ) ;) \xff)) c");
  EXPECT_TRUE(lexer.skip_form());
  EXPECT_TRUE(lexer.next().is_keyword("c"));
  Lexer open("(a (b)");
  EXPECT_FALSE(open.skip_form());
  EXPECT_TRUE(open.failed());
}

TEST(text_lexer, deep_nesting_costs_no_stack) {
  constexpr size_t kDepth = 200000;
  std::string source;
  for (size_t i = 0; i < kDepth; ++i) source += "(;";
  for (size_t i = 0; i < kDepth; ++i) source += ";)";
  for (size_t i = 0; i < kDepth; ++i) source += "(@a ";
  for (size_t i = 0; i < kDepth; ++i) source += ")";
  EXPECT_EQ(kinds(source), "");
}

}  // namespace
}  // namespace heddle::engine
