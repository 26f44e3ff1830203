// SPDX-License-Identifier: Apache-2.0
// What the lexer passes over: spaces, comments, annotations and whole balanced forms. Nothing here recurses.
#include <algorithm>
#include <array>

#include "engine/support/utf8.h"
#include "engine/text/lexer.h"

namespace heddle::engine {

namespace {

/// Characters that mean nothing to whoever looks for a form's end.
constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c) plain[c] = true;
  plain['\t'] = plain['\r'] = true;
  for (const char c : {'(', ')', ';', '"'}) plain[static_cast<uint8_t>(c)] = false;
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain();

constexpr std::string_view kKeptAnnotations[] = {"custom", "name", "metadata.code.branch_hint"};

}  // namespace

/// Passes spaces, comments and annotations. False after an error.
bool Lexer::skip_space() {
  while (position_ < end_) {
    switch (source_[position_]) {
      case ' ':
      case '\t':
      case '\r': ++position_; break;
      case '\n':
        ++line_;
        line_start_ = ++position_;
        break;
      case ';':
        if (byte_at(position_ + 1) != ';') return true;
        if (!skip_line_comment(true)) return false;
        break;
      case '(': {
        const uint8_t second = byte_at(position_ + 1);
        if (second == ';') {
          if (!skip_block_comment(true)) return false;
        } else if (second == '@') {
          if (!skip_annotation()) return false;
        } else {
          return true;
        }
        break;
      }
      default: return true;
    }
  }
  return true;
}

/// Passes one character of a comment. False if it must be UTF-8 and is not.
bool Lexer::skip_comment_character(bool strict) {
  const auto byte = static_cast<uint8_t>(source_[position_]);
  if (byte < 0x80 || !strict) {
    ++position_;
    if (byte == '\n') {
      ++line_;
      line_start_ = position_;
    }
    return true;
  }
  const auto decoded = decode_utf8(source_.substr(position_, std::min<uint64_t>(4, end_ - position_)));
  if (!decoded) return fail_here(position_, "malformed UTF-8 encoding"), false;
  position_ += decoded->length;
  return true;
}

bool Lexer::skip_line_comment(bool strict) {
  while (position_ < end_ && source_[position_] != '\n' && source_[position_] != '\r') {
    if (!skip_comment_character(strict)) return false;
  }
  return true;
}

bool Lexer::skip_block_comment(bool strict) {
  const Token start = token_at(TokenKind::reserved, position_, position_ + 2);
  uint64_t depth = 0;
  while (position_ < end_) {
    const uint8_t second = byte_at(position_ + 1);
    if (source_[position_] == '(' && second == ';') {
      position_ += 2;
      ++depth;
    } else if (source_[position_] == ';' && second == ')') {
      position_ += 2;
      if (--depth == 0) return true;
    } else if (!skip_comment_character(strict)) {
      return false;
    }
  }
  fail(start, "unclosed comment");
  return false;
}

/// At "(@".
bool Lexer::skip_annotation() {
  const Token where = token_at(TokenKind::reserved, position_, position_ + 2);
  position_ += 2;
  const uint64_t id_start = position_;
  std::string id;
  if (byte_at(position_) == '"') {
    uint64_t end = position_;
    if (!scan_string_body(end, false)) {
      const bool broken_utf8 = error_.message.starts_with("malformed UTF-8");
      if (!broken_utf8) error_ = error_at(where, "empty annotation id");
      return false;
    }
    id = decode_string(token_at(TokenKind::string, position_, end));
    position_ = end;
    if (!is_valid_utf8(id)) return fail_here(id_start, "malformed UTF-8 encoding"), false;
  } else {
    while (is_identifier_character(byte_at(position_)) && position_ < end_) ++position_;
    id = std::string(source_.substr(id_start, position_ - id_start));
  }
  if (id.empty()) return fail_here(where.offset, "empty annotation id"), false;
  Annotation annotation;
  annotation.where = where;
  annotation.begin = position_;
  annotation.contents_line = line_;
  annotation.contents_line_start = line_start_;
  if (!skip_balanced(where, true)) return false;
  const auto* kept = std::find(std::begin(kKeptAnnotations), std::end(kKeptAnnotations), id);
  if (kept != std::end(kKeptAnnotations)) {
    annotation.id = *kept;
    annotation.end = position_ - 1;
    annotations_.push_back(annotation);
  }
  return true;
}

/// Passes everything up to the parenthesis that closes the one already passed at `start`. Strict: in an
/// annotation, whose tokens must be tokens; otherwise bad characters are left to whoever reads the form.
bool Lexer::skip_balanced(const Token& start, bool strict) {
  uint64_t depth = 1;
  while (true) {
    uint64_t position = position_;
    while (position < end_ && kPlain[static_cast<uint8_t>(source_[position])]) ++position;
    position_ = position;
    if (position_ == end_) break;
    const auto byte = static_cast<uint8_t>(source_[position_]);
    const uint8_t second = byte_at(position_ + 1);
    if (byte == '(' && second == ';') {
      if (!skip_block_comment(strict)) return false;
    } else if (byte == ';' && second == ';') {
      if (!skip_line_comment(strict)) return false;
    } else if (byte == '"') {
      if (!(strict ? scan_string_body(position_, false) : skip_loose_string())) return false;
    } else if (byte == '(') {
      ++depth;
      ++position_;
    } else if (byte == ')') {
      ++position_;
      if (--depth == 0) return true;
    } else {
      if (strict && byte != '\n' && byte != ';') {
        const bool utf8 =
            decode_utf8(source_.substr(position_, std::min<uint64_t>(4, end_ - position_))).has_value();
        return fail_here(position_, utf8 ? "illegal character" : "malformed UTF-8 encoding"), false;
      }
      ++position_;
      if (byte == '\n') {
        ++line_;
        line_start_ = position_;
      }
    }
  }
  fail(start, strict ? "unclosed annotation" : "unexpected token: this form is not closed");
  return false;
}

/// Passes a string whose escapes and characters nobody has checked. It ends at the latest with its line.
bool Lexer::skip_loose_string() {
  const Token start = token_at(TokenKind::string, position_, position_ + 1);
  for (++position_; position_ < end_; ++position_) {
    const char c = source_[position_];
    if (c == '"') return ++position_, true;
    if (c == '\n') break;
    if (c == '\\') ++position_;
  }
  position_ = std::min(position_, end_);
  fail(start, "unclosed string");
  return false;
}

void Lexer::rewind(const Token& token) {
  position_ = token.offset;
  line_ = token.line;
  line_start_ = token.offset - (token.column - 1);
  ahead_count_ = 0;
  while (!annotations_.empty() && annotations_.back().where.offset > token.offset) annotations_.pop_back();
}

bool Lexer::skip_form() {
  const Token start = peek();
  if (!start.is(TokenKind::left_paren)) return fail(start, "unexpected token"), false;
  rewind(start);
  annotations_.clear();
  ++position_;
  return skip_balanced(start, false);
}

Lexer Lexer::take_form() {
  const Token start = peek();
  const bool closed = skip_form();
  Lexer form =
      section(start.offset, closed ? position_ : start.offset, start.line, start.offset - (start.column - 1));
  if (!closed) form.fail(start, error_.message);
  return form;
}

Lexer Lexer::section(uint64_t begin, uint64_t end, uint32_t line, uint64_t line_start) const {
  Lexer lexer(source_);
  lexer.position_ = begin;
  lexer.end_ = end;
  lexer.line_ = line;
  lexer.line_start_ = line_start;
  return lexer;
}

}  // namespace heddle::engine
