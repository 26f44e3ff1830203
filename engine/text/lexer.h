// SPDX-License-Identifier: Apache-2.0
// Lexer: cuts WebAssembly text (modules and .wast scripts) into tokens, on demand, without copying.
//
// The first lexical error is sticky: from then on every token is `end`, failed() is true and error() says
// what, where and shows the line. Comments and annotations are skipped; annotations that give bytes their
// meaning (@custom, @name, @metadata.code.branch_hint) are set aside on request. A Lexer is a small value:
// copy it to look ahead without bound. Not thread-safe; the source must outlive it. (Spec 6.3)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "heddle/result.h"

namespace heddle::engine {

enum class TokenKind : uint8_t {
  end,  ///< end of the source, or the place of the first error
  left_paren,
  right_paren,
  keyword,     ///< starts with a lower-case letter: func, i32.add, offset=8, nan:canonical
  integer,     ///< 7, -0x1_f
  floating,    ///< 1.5, 1e3, inf, -nan:0x7f, 0x1p3
  string,      ///< with its quotes and escapes: decode_string() gives the bytes
  identifier,  ///< $name or $"name": identifier_name() gives the name
  reserved,    ///< anything else that is one token; never legal outside annotations
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< exactly as in the source
  uint64_t offset = 0;    ///< in bytes from the source's beginning
  uint32_t line = 1;      ///< 1-based
  uint32_t column = 1;    ///< 1-based, in bytes

  [[nodiscard]] bool is(TokenKind other) const { return kind == other; }
  [[nodiscard]] bool is_keyword(std::string_view word) const {
    return kind == TokenKind::keyword && text == word;
  }
};

/// An annotation that was set aside: `(@id contents)`.
struct Annotation {
  std::string_view id;  ///< custom, name or metadata.code.branch_hint
  uint64_t begin = 0;   ///< offset of the contents
  uint64_t end = 0;     ///< offset of the closing parenthesis
  Token where;          ///< kind `reserved`; for error messages
  uint32_t contents_line = 1;
  uint64_t contents_line_start = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source), end_(source.size()) {}

  /// The token that next() will return. The reference lives until the next call of next().
  const Token& peek() {
    if (ahead_count_ < 1) fill(1);
    return ahead_[0];
  }
  /// The token after that one.
  const Token& peek_second() {
    if (ahead_count_ < 2) fill(2);
    return ahead_[1];
  }
  Token next();

  /// At '(': passes the whole balanced form, whatever tokens it holds. False (and failed()) if it is not
  /// closed.
  bool skip_form();
  /// skip_form(), and a lexer of its own over the form, with the same line numbers.
  Lexer take_form();
  /// A lexer of the same source over [begin, end), whose first byte stands in `line`.
  [[nodiscard]] Lexer section(uint64_t begin, uint64_t end, uint32_t line, uint64_t line_start) const;

  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// REQUIRES: failed().
  [[nodiscard]] const Error& error() const { return error_; }
  /// Records the first error, at `token`; later ones are ignored.
  void fail(const Token& token, std::string message, ErrorKind kind = ErrorKind::malformed);
  void fail(Error error);
  /// An error of kind `malformed` at `token`: line, column and the source line.
  [[nodiscard]] Error error_at(const Token& token, std::string message,
                               ErrorKind kind = ErrorKind::malformed) const;

  /// The @custom, @name and @metadata.code.branch_hint annotations that stand right before peek(), or just
  /// those with this id; removed from the lexer.
  std::vector<Annotation> take_annotations(std::string_view id = {});
  /// From now on each of them must be taken before the token behind it is consumed; else next() fails with
  /// "misplaced @... annotation".
  void expect_annotations_taken(bool expected = true) { annotations_matter_ = expected; }
  [[nodiscard]] bool has_annotations() const { return !annotations_.empty(); }

 private:
  void fill(int count);
  Token scan();
  Token scan_word(uint64_t start);
  bool scan_string_body(uint64_t& position, bool in_identifier);
  bool scan_escape(uint64_t& position);
  bool skip_space();
  bool skip_comment_character(bool strict);
  bool skip_line_comment(bool strict);
  bool skip_block_comment(bool strict);
  bool skip_annotation();
  bool skip_balanced(const Token& start, bool strict);
  bool skip_loose_string();
  void rewind(const Token& token);
  [[nodiscard]] Token token_at(TokenKind kind, uint64_t begin, uint64_t end) const;
  Token fail_here(uint64_t offset, std::string message);
  [[nodiscard]] uint8_t byte_at(uint64_t offset) const {
    return offset < end_ ? static_cast<uint8_t>(source_[offset]) : 0;
  }

  std::string_view source_;
  uint64_t position_ = 0;
  uint64_t end_ = 0;
  uint64_t line_start_ = 0;  ///< offset of the current line's first byte
  uint32_t line_ = 1;
  int ahead_count_ = 0;
  bool failed_ = false;
  bool annotations_matter_ = false;
  Token ahead_[2];
  std::vector<Annotation> annotations_;
  Error error_;
};

/// The bytes a string token stands for. REQUIRES: token.kind == string.
[[nodiscard]] std::string decode_string(const Token& token);

/// The name of an identifier token, without '$' and quotes. REQUIRES: token.kind == identifier.
[[nodiscard]] std::string identifier_name(const Token& token);

/// Whether `byte` may stand in a plain identifier or keyword. (Spec 6.3.5 idchar)
[[nodiscard]] bool is_identifier_character(uint8_t byte) noexcept;

}  // namespace heddle::engine
