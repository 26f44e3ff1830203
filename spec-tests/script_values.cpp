// SPDX-License-Identifier: Apache-2.0
// Constants and result patterns of scripts: numbers, lanes, references, either.
#include "spec-tests/script_values.h"

#include <algorithm>

#include "engine/support/try.h"

namespace heddle::spec {

using engine::Lexer;
using engine::Token;
using engine::TokenKind;

Result<Token> expect_token(Lexer& lexer, TokenKind kind, const char* what) {
  const Token token = lexer.next();
  if (token.kind == kind) return token;
  if (lexer.failed()) return lexer.error();
  return lexer.error_at(token, std::string("expected ") + what);
}

namespace {

/// The references a script can name, and how a bare form (no number) is meant.
struct ReferenceForm {
  std::string_view keyword;
  ReferenceKind kind;
  ReferencePattern bare;
  bool takes_number;
};
constexpr ReferenceForm kReferenceForms[] = {
    {"ref.extern", ReferenceKind::extern_, ReferencePattern::kind_only, true},
    {"ref.host", ReferenceKind::host, ReferencePattern::kind_only, true},
    {"ref.func", ReferenceKind::func, ReferencePattern::kind_only, false},
    {"ref.exn", ReferenceKind::exn, ReferencePattern::kind_only, false},
    {"ref.i31", ReferenceKind::i31, ReferencePattern::kind_only, false},
    {"ref.struct", ReferenceKind::struct_, ReferencePattern::kind_only, false},
    {"ref.array", ReferenceKind::array, ReferencePattern::kind_only, false},
    {"ref.any", ReferenceKind::other, ReferencePattern::any, false},
    {"ref.eq", ReferenceKind::other, ReferencePattern::eq, false},
};

NanClass nan_class(std::string_view word) {
  if (word == "nan:canonical") return NanClass::canonical;
  if (word == "nan:arithmetic") return NanClass::arithmetic;
  return NanClass::none;
}

std::optional<uint64_t> number_bits(ValueKind kind, std::string_view text) {
  switch (kind) {
    case ValueKind::i32:
      if (const auto value = engine::parse_integer(text, 32)) return static_cast<uint32_t>(*value);
      return std::nullopt;
    case ValueKind::i64:
      if (const auto value = engine::parse_integer(text, 64)) return static_cast<uint64_t>(*value);
      return std::nullopt;
    case ValueKind::f32:
      if (const auto bits = engine::parse_f32(text)) return *bits;
      return std::nullopt;
    default: return engine::parse_f64(text);
  }
}

Result<Pattern> parse_scalar(Lexer& lexer, ValueKind kind) {
  const Token token = lexer.next();
  Pattern pattern;
  pattern.value.kind = kind;
  const bool is_float = kind == ValueKind::f32 || kind == ValueKind::f64;
  if (is_float) pattern.nan[0] = nan_class(token.text);
  if (pattern.nan[0] != NanClass::none) return pattern;
  const auto bits = number_bits(kind, token.text);
  if (!bits) return lexer.error_at(token, "expected a number of the constant's type");
  pattern.value = Value::number(kind, *bits);
  return pattern;
}

Result<Pattern> parse_vector(Lexer& lexer) {
  const Token name = lexer.next();
  Pattern pattern;
  pattern.value.kind = ValueKind::v128;
  pattern.shape = engine::find_lane_shape(name.text);
  if (pattern.shape == nullptr) return lexer.error_at(name, "expected a shape such as i32x4");
  for (unsigned lane = 0; lane < pattern.shape->lanes; ++lane) {
    const Token token = lexer.next();
    const NanClass nan = pattern.shape->is_float ? nan_class(token.text) : NanClass::none;
    if (nan != NanClass::none) {
      pattern.nan[lane] = nan;
    } else if (!engine::parse_lane(token.text, *pattern.shape, lane, pattern.value.bytes)) {
      return lexer.error_at(token, "expected a lane of the shape");
    }
  }
  return pattern;
}

/// After "ref.null": an optional heap type, (ref.null func) or (ref.null $t).
Result<Pattern> parse_null(Lexer& lexer) {
  constexpr std::string_view kObjectTypes[] = {"any", "eq", "i31", "struct", "array", "none"};
  Pattern pattern;
  pattern.reference = ReferencePattern::null;
  bool of_objects = false;
  if (!lexer.peek().is(TokenKind::right_paren)) {
    const Token type = lexer.next();
    of_objects = std::ranges::find(kObjectTypes, type.text) != std::end(kObjectTypes);
  }
  pattern.value = Value::reference_to(ReferenceKind::null, of_objects ? Value::kObjectNull : 0);
  return pattern;
}

Result<Pattern> parse_reference(Lexer& lexer, const Token& keyword) {
  if (keyword.text == "ref.null") return parse_null(lexer);
  for (const ReferenceForm& form : kReferenceForms) {
    if (form.keyword != keyword.text) continue;
    Pattern pattern;
    pattern.value = Value::reference_to(form.kind);
    pattern.reference = form.bare;
    if (lexer.peek().is(TokenKind::right_paren)) return pattern;
    const Token number = lexer.next();
    const auto value = engine::parse_unsigned(number.text, 64);
    if (!value) return lexer.error_at(number, "expected a number");
    if (form.takes_number) {
      pattern.reference = ReferencePattern::same;
      pattern.value = Value::reference_to(form.kind, *value);
    }
    return pattern;
  }
  return lexer.error_at(keyword, "expected a constant or a result pattern");
}

/// Behind the '(' of a pattern that is no `either`, up to and including its ')'.
Result<Pattern> parse_pattern_rest(Lexer& lexer, const Token& keyword) {
  static constexpr std::pair<std::string_view, ValueKind> kScalars[] = {{"i32.const", ValueKind::i32},
                                                                        {"i64.const", ValueKind::i64},
                                                                        {"f32.const", ValueKind::f32},
                                                                        {"f64.const", ValueKind::f64}};
  std::optional<Result<Pattern>> pattern;
  for (const auto& [text, kind] : kScalars) {
    if (keyword.text == text) pattern.emplace(parse_scalar(lexer, kind));
  }
  if (!pattern) {
    pattern.emplace(keyword.text == "v128.const" ? parse_vector(lexer) : parse_reference(lexer, keyword));
  }
  if (!pattern->ok()) return *std::move(pattern);
  HEDDLE_TRY(expect_token(lexer, TokenKind::right_paren, "')'"));
  return *std::move(pattern);
}

}  // namespace

Result<Value> parse_constant(Lexer& lexer) {
  HEDDLE_TRY(expect_token(lexer, TokenKind::left_paren, "'('"));
  const Token keyword = lexer.next();
  HEDDLE_TRY_ASSIGN(const Pattern pattern, parse_pattern_rest(lexer, keyword));
  const bool is_value = pattern.value.kind != ValueKind::reference ||
                        pattern.reference == ReferencePattern::same ||
                        pattern.reference == ReferencePattern::null;
  for (const NanClass nan : pattern.nan) {
    if (nan != NanClass::none) return lexer.error_at(keyword, "a class of NaN is no argument");
  }
  if (!is_value) return lexer.error_at(keyword, "expected a constant");
  return pattern.value;
}

Result<Expected> parse_expected(Lexer& lexer) {
  // (either a (either b c)) means a or b or c: the nesting is only counted.
  Expected alternatives;
  uint64_t open = 0;
  do {
    if (open > 0 && lexer.peek().is(TokenKind::right_paren)) {
      lexer.next();
      --open;
      continue;
    }
    HEDDLE_TRY(expect_token(lexer, TokenKind::left_paren, "a result pattern"));
    const Token keyword = lexer.next();
    if (keyword.is_keyword("either")) {
      ++open;
      continue;
    }
    HEDDLE_TRY_ASSIGN(Pattern pattern, parse_pattern_rest(lexer, keyword));
    alternatives.push_back(pattern);
  } while (open > 0);
  return alternatives;
}

}  // namespace heddle::spec
