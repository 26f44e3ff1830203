// SPDX-License-Identifier: Apache-2.0
// TokenStream: expectations, and which words the text format knows.
#include "engine/text/token_stream.h"

#include <algorithm>

#include "engine/opcodes/opcode.h"
#include "engine/support/utf8.h"
#include "engine/text/number.h"

namespace heddle::engine {

namespace {

/// The grammar's own words, sorted; mnemonics come from the opcode table.
constexpr std::string_view kKeywords[] = {
    "any",
    "anyref",
    "array",
    "arrayref",
    "binary",
    "catch_all_ref",
    "catch_ref",
    "data",
    "declare",
    "definition",
    "describes",
    "descriptor",
    "do",
    "elem",
    "eq",
    "eqref",
    "exact",
    "exn",
    "exnref",
    "export",
    "extern",
    "externref",
    "f32",
    "f32x4",
    "f64",
    "f64x2",
    "field",
    "final",
    "func",
    "funcref",
    "global",
    "i16",
    "i16x8",
    "i31",
    "i31ref",
    "i32",
    "i32x4",
    "i64",
    "i64x2",
    "i8",
    "i8x16",
    "import",
    "instance",
    "item",
    "local",
    "memory",
    "module",
    "mut",
    "nan:arithmetic",
    "nan:canonical",
    "noexn",
    "noextern",
    "nofunc",
    "none",
    "null",
    "nullexnref",
    "nullexternref",
    "nullfuncref",
    "nullref",
    "offset",
    "pagesize",
    "param",
    "quote",
    "rec",
    "ref",
    "result",
    "shared",
    "start",
    "struct",
    "structref",
    "sub",
    "table",
    "tag",
    "then",
    "type",
    "v128",
};
static_assert(std::is_sorted(std::begin(kKeywords), std::end(kKeywords)));

std::string quoted(std::string_view prefix, const Token& token) {
  constexpr size_t kLongest = 80;  // a token may be as long as the file
  std::string message(prefix);
  message += ' ';
  message += token.text.substr(0, kLongest);
  if (token.text.size() > kLongest) message += "...";
  return message;
}

}  // namespace

bool is_known_keyword(std::string_view text) {
  for (const std::string_view prefix : {"offset=", "align="}) {
    if (text.starts_with(prefix)) {
      const std::string_view number = text.substr(prefix.size());
      return !number.empty() && number[0] != '+' && number[0] != '-' && is_integer_literal(number);
    }
  }
  return std::binary_search(std::begin(kKeywords), std::end(kKeywords), text) ||
         find_opcode(text) != kNoOpcode;
}

bool is_unknown_word(const Token& token) {
  return token.is(TokenKind::reserved) || (token.is(TokenKind::keyword) && !is_known_keyword(token.text));
}

void TokenStream::unexpected(const Token& token) {
  if (is_unknown_word(token)) return fail(token, quoted("unknown operator", token));
  fail(token,
       token.is(TokenKind::end) ? "unexpected token: end of the text" : quoted("unexpected token", token));
}

bool TokenStream::accept(TokenKind kind) {
  if (!at(kind)) return false;
  next();
  return true;
}

bool TokenStream::accept_keyword(std::string_view keyword) {
  if (!peek().is_keyword(keyword)) return false;
  next();
  return true;
}

bool TokenStream::accept_open(std::string_view keyword) {
  if (!at_open(keyword)) return false;
  next();
  next();
  return true;
}

Token TokenStream::expect(TokenKind kind) {
  const Token token = next();
  if (!token.is(kind)) unexpected(token);
  return token;
}

void TokenStream::expect_open(std::string_view keyword) {
  expect(TokenKind::left_paren);
  const Token token = next();
  if (!token.is_keyword(keyword)) unexpected(token);
}

std::string TokenStream::expect_string() {
  const Token token = expect(TokenKind::string);
  return failed() ? std::string() : decode_string(token);
}

std::string TokenStream::expect_name() {
  const Token token = expect(TokenKind::string);
  if (failed()) return {};
  std::string name = decode_string(token);
  if (!is_valid_utf8(name)) fail(token, "malformed UTF-8 encoding");
  return name;
}

uint64_t TokenStream::expect_unsigned(unsigned bits) {
  const Token token = next();
  if (!token.is(TokenKind::integer) || token.text[0] == '+' || token.text[0] == '-')
    return unexpected(token), 0;
  const auto value = parse_unsigned(token.text, bits);
  if (!value) fail(token, "i" + std::to_string(bits) + " constant out of range");
  return value.value_or(0);
}

std::string_view TokenStream::name_of(const Token& identifier) {
  if (!identifier.is(TokenKind::identifier)) return {};  // after an error
  if (identifier.text[1] != '"') return identifier.text.substr(1);
  return decoded_names_.emplace_back(identifier_name(identifier));
}

Binding TokenStream::parse_binding(std::string_view what) {
  Binding binding;
  binding.where = peek();
  if (lexer_.has_annotations()) binding.name = take_name_annotation(what);
  if (at(TokenKind::identifier)) {
    binding.id = name_of(next());
    peek();
    if (lexer_.has_annotations()) {
      const std::string_view name = take_name_annotation(what);
      if (!name.empty()) binding.name = name;
    }
  }
  if (binding.name.empty()) binding.name = binding.id;
  return binding;
}

/// The string of the one @name annotation that stands here, if any.
std::string_view TokenStream::take_name_annotation(std::string_view what) {
  std::string_view result;
  size_t names = 0;
  for (const Annotation& annotation : lexer_.take_annotations("name")) {
    Lexer contents = lexer_.section(annotation.begin, annotation.end, annotation.contents_line,
                                    annotation.contents_line_start);
    const Token token = contents.next();
    if (!token.is(TokenKind::string) || !contents.peek().is(TokenKind::end)) {
      fail(annotation.where, "@name annotation: one string expected");
      return {};
    }
    result = decoded_names_.emplace_back(decode_string(token));
    if (!is_valid_utf8(result)) fail(annotation.where, "@name annotation: malformed UTF-8 encoding");
    if (++names > 1) fail(annotation.where, "@name annotation: multiple " + std::string(what) + " names");
  }
  return result;
}

}  // namespace heddle::engine
