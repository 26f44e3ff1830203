// SPDX-License-Identifier: Apache-2.0
// The lexer's scanning: spaces, comments, annotations, words and strings.
#include "engine/text/lexer.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/support/utf8.h"
#include "engine/text/number.h"

namespace heddle::engine {

namespace {

enum CharacterClass : uint8_t {
  kOther = 0,
  kIdentifier = 1,
  kSpace = 2,
  kPunctuation = 4,
  kPlainInString = 8
};

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0x20; c < 0x7f; ++c) classes[c] = kPlainInString;
  classes['"'] = classes['\\'] = kOther;
  for (int c = 0x21; c < 0x7f; ++c) {
    const bool excluded = c == '"' || c == '(' || c == ')' || c == ',' || c == ';' || c == '[' || c == ']' ||
                          c == '{' || c == '}';
    if (!excluded) classes[c] |= kIdentifier;
  }
  for (char c : {' ', '\t', '\n', '\r'}) classes[static_cast<uint8_t>(c)] |= kSpace;
  for (char c : {',', ';', '[', ']', '{', '}'}) classes[static_cast<uint8_t>(c)] |= kPunctuation;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool is_hex_digit(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

uint32_t hex_value(uint8_t c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// What a run of identifier characters is. Most words are keywords, identifiers or short decimal numbers.
TokenKind classify_word(std::string_view word) {
  const char first = word.front();
  if (first == '$') return word.size() > 1 ? TokenKind::identifier : TokenKind::reserved;
  if (first >= 'a' && first <= 'z') {
    const bool is_float = (first == 'i' || first == 'n') && is_float_literal(word);
    return is_float ? TokenKind::floating : TokenKind::keyword;
  }
  if (first != '+' && first != '-' && (first < '0' || first > '9')) return TokenKind::reserved;
  if (is_integer_literal(word)) return TokenKind::integer;
  return is_float_literal(word) ? TokenKind::floating : TokenKind::reserved;
}

/// Appends the bytes of a string's body, whose escapes are known to be right.
void append_unescaped(std::string& out, std::string_view body) {
  for (size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
      continue;
    }
    const char kind = body[i + 1];
    i += 2;
    switch (kind) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case '"':
      case '\'':
      case '\\': out += kind; break;
      case 'u': {
        uint32_t code_point = 0;
        for (++i; body[i] != '}'; ++i) {
          if (body[i] != '_') code_point = code_point * 16 + hex_value(static_cast<uint8_t>(body[i]));
        }
        ++i;
        append_utf8(out, code_point);
        break;
      }
      default:
        out += static_cast<char>(hex_value(static_cast<uint8_t>(kind)) * 16 +
                                 hex_value(static_cast<uint8_t>(body[i++])));
    }
  }
}

}  // namespace

bool is_identifier_character(uint8_t byte) noexcept { return (kClasses[byte] & kIdentifier) != 0; }

std::string decode_string(const Token& token) {
  assert(token.is(TokenKind::string));
  std::string out;
  out.reserve(token.text.size());
  append_unescaped(out, token.text.substr(1, token.text.size() - 2));
  return out;
}

std::string identifier_name(const Token& token) {
  assert(token.is(TokenKind::identifier));
  if (token.text[1] != '"') return std::string(token.text.substr(1));
  std::string out;
  append_unescaped(out, token.text.substr(2, token.text.size() - 3));
  return out;
}

void Lexer::fill(int count) {
  while (ahead_count_ < count) {
    const Token token = scan();
    ahead_[ahead_count_++] = token;
  }
}

Token Lexer::next() {
  const Token token = peek();
  ahead_[0] = ahead_[1];
  --ahead_count_;
  if (annotations_.empty() || annotations_.front().where.offset > token.offset) return token;
  const Annotation annotation = annotations_.front();
  std::erase_if(annotations_, [&token](const Annotation& a) { return a.where.offset < token.offset; });
  if (!annotations_matter_) return token;
  fail(annotation.where, "misplaced @" + std::string(annotation.id) + " annotation");
  return peek();
}

std::vector<Annotation> Lexer::take_annotations(std::string_view id) {
  const uint64_t limit = peek().offset;
  const auto is_taken = [limit, id](const Annotation& annotation) {
    return annotation.where.offset < limit && (id.empty() || annotation.id == id);
  };
  std::vector<Annotation> taken;
  std::copy_if(annotations_.begin(), annotations_.end(), std::back_inserter(taken), is_taken);
  std::erase_if(annotations_, is_taken);
  return taken;
}

Error Lexer::error_at(const Token& token, std::string message, ErrorKind kind) const {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  error.line = token.line;
  error.column = token.column;
  const uint64_t start = token.offset - (token.column - 1);
  const size_t end = std::min(source_.find_first_of("\n\r", token.offset), source_.size());
  error.excerpt = std::string(source_.substr(start, end - start));
  return error;
}

void Lexer::fail(const Token& token, std::string message, ErrorKind kind) {
  fail(failed_ ? Error() : error_at(token, std::move(message), kind));
}

void Lexer::fail(Error error) {
  if (!failed_) {
    error_ = std::move(error);
    failed_ = true;
  }
  position_ = end_;
  ahead_count_ = 0;
  annotations_.clear();
}

Token Lexer::fail_here(uint64_t offset, std::string message) {
  if (!failed_) {
    error_ = error_at(token_at(TokenKind::end, offset, offset), std::move(message));
    failed_ = true;
  }
  position_ = end_;
  return token_at(TokenKind::end, offset, offset);
}

Token Lexer::token_at(TokenKind kind, uint64_t begin, uint64_t end) const {
  Token token;
  token.kind = kind;
  token.text = source_.substr(begin, end - begin);
  token.offset = begin;
  token.line = line_;
  token.column = static_cast<uint32_t>(begin - line_start_ + 1);
  return token;
}

Token Lexer::scan() {
  if (failed_ || !skip_space() || position_ == end_) return token_at(TokenKind::end, position_, position_);
  const uint64_t start = position_;
  const auto byte = static_cast<uint8_t>(source_[start]);
  if (byte == '(') return ++position_, token_at(TokenKind::left_paren, start, start + 1);
  if (byte == ')') return ++position_, token_at(TokenKind::right_paren, start, start + 1);
  if ((kClasses[byte] & kPunctuation) != 0) {
    return ++position_, token_at(TokenKind::reserved, start, start + 1);
  }
  return scan_word(start);
}

/// A run of identifier characters and strings: one string, one word, or something reserved.
Token Lexer::scan_word(uint64_t start) {
  uint64_t position = start;
  int strings = 0;
  uint64_t string_start = 0;
  while (position < end_) {
    const auto byte = static_cast<uint8_t>(source_[position]);
    if ((kClasses[byte] & kIdentifier) != 0) {
      ++position;
    } else if (byte == '"') {
      ++strings;
      string_start = position;
      const bool names_something = position == start + 1 && source_[start] == '$';
      if (!scan_string_body(position, names_something)) return token_at(TokenKind::end, position_, position_);
    } else {
      break;
    }
  }
  if (position == start) {
    const bool utf8 = decode_utf8(source_.substr(start, std::min<uint64_t>(4, end_ - start))).has_value();
    return fail_here(start, utf8 ? "illegal character" : "malformed UTF-8 encoding");
  }
  position_ = position;
  if (strings == 0) {
    const std::string_view word = source_.substr(start, position - start);
    if (word == "$") return fail_here(start, "empty identifier");
    return token_at(classify_word(word), start, position);
  }
  const bool whole = strings == 1 && source_[position - 1] == '"';
  if (whole && string_start == start) return token_at(TokenKind::string, start, position);
  if (whole && string_start == start + 1 && source_[start] == '$') {
    const Token token = token_at(TokenKind::identifier, start, position);
    const std::string name = identifier_name(token);
    if (name.empty()) return fail_here(start, "empty identifier");
    if (!is_valid_utf8(name)) return fail_here(start, "malformed UTF-8 encoding");
    return token;
  }
  return token_at(TokenKind::reserved, start, position);
}

/// Moves `position` from a string's opening quote behind its closing one. `in_identifier`: a broken string
/// then means that what stands before it has no name.
bool Lexer::scan_string_body(uint64_t& position, bool in_identifier) {
  const uint64_t start = position++;
  while (true) {
    while (position < end_ && (kClasses[static_cast<uint8_t>(source_[position])] & kPlainInString) != 0) {
      ++position;
    }
    const uint8_t byte = byte_at(position);
    const bool line_ends = position >= end_ || byte == '\n' || byte == '\r';
    if (!line_ends && byte == '"') return ++position, true;
    if (!line_ends && byte == '\\') {
      if (!scan_escape(position)) return false;
      continue;
    }
    if (!line_ends && byte >= 0x80) {
      const auto decoded = decode_utf8(source_.substr(position, std::min<uint64_t>(4, end_ - position)));
      if (!decoded) return fail_here(position, "malformed UTF-8 encoding"), false;
      position += decoded->length;
      continue;
    }
    if (in_identifier) return fail_here(start - 1, "empty identifier"), false;
    if (line_ends) return fail_here(start, "unclosed string"), false;
    return fail_here(position, "illegal character in string"), false;
  }
}

/// At a backslash within a string. (Spec 6.3.3)
bool Lexer::scan_escape(uint64_t& position) {
  const uint64_t start = position;
  const uint8_t kind = byte_at(position + 1);
  position += 2;
  switch (kind) {
    case 't':
    case 'n':
    case 'r':
    case '"':
    case '\'':
    case '\\': return true;
    case 'u': break;
    default:
      if (is_hex_digit(kind) && is_hex_digit(byte_at(position))) return ++position, true;
      return fail_here(start, "illegal escape"), false;
  }
  if (byte_at(position++) != '{') return fail_here(start, "illegal escape"), false;
  uint32_t code_point = 0;
  bool after_digit = false;
  for (; byte_at(position) != '}'; ++position) {
    const uint8_t c = byte_at(position);
    if (c == '_' && after_digit && is_hex_digit(byte_at(position + 1))) {
      after_digit = false;
      continue;
    }
    if (!is_hex_digit(c)) return fail_here(start, "illegal escape"), false;
    code_point = code_point * 16 + hex_value(c);
    if (code_point > 0x10ffff) return fail_here(start, "illegal escape: code point out of range"), false;
    after_digit = true;
  }
  ++position;
  if (!after_digit || !is_scalar_value(code_point)) return fail_here(start, "illegal escape"), false;
  return true;
}

}  // namespace heddle::engine
