// SPDX-License-Identifier: Apache-2.0
// TokenStream: the lexer as the parsers use it, with expectations that record the first error.
//
// After an error every token is `end`, so that parsers run out by themselves; loops must stop there.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/text/lexer.h"

namespace heddle::engine {

/// The identifier and the name a definition binds: `$id (@name "name")`, both optional.
struct Binding {
  std::string_view id;    ///< empty if there is none
  std::string_view name;  ///< what the name section gets; empty if nothing
  Token where;
};

class TokenStream {
 public:
  /// `names` keeps the decoded names that Bindings and name_of() point into.
  TokenStream(Lexer lexer, std::deque<std::string>& names) : lexer_(std::move(lexer)), decoded_names_(names) {
    lexer_.expect_annotations_taken();
  }

  const Token& peek() { return lexer_.peek(); }
  const Token& peek_second() { return lexer_.peek_second(); }
  Token next() { return lexer_.next(); }
  Lexer& lexer() { return lexer_; }

  [[nodiscard]] bool failed() const { return lexer_.failed(); }
  [[nodiscard]] const Error& error() const { return lexer_.error(); }
  void fail(const Token& token, std::string message, ErrorKind kind = ErrorKind::malformed) {
    lexer_.fail(token, std::move(message), kind);
  }
  /// "unexpected token", or "unknown operator" if it is not even a word of the language.
  void unexpected(const Token& token);

  bool at(TokenKind kind) { return peek().is(kind); }
  /// At '(' and then this keyword?
  bool at_open(std::string_view keyword) {
    return at(TokenKind::left_paren) && peek_second().is_keyword(keyword);
  }
  bool accept(TokenKind kind);
  bool accept_keyword(std::string_view keyword);
  /// Consumes '(' and the keyword, if both are there.
  bool accept_open(std::string_view keyword);
  Token expect(TokenKind kind);
  void expect_open(std::string_view keyword);
  void expect_close() { expect(TokenKind::right_paren); }
  void expect_end() { expect(TokenKind::end); }

  std::string expect_string();
  /// A string that must be UTF-8.
  std::string expect_name();
  /// uN; the message of a value that does not fit says "i32 constant out of range" with the bits' number.
  uint64_t expect_unsigned(unsigned bits);

  /// An optional identifier and @name annotation. `what` is defined, for error messages.
  Binding parse_binding(std::string_view what);
  /// The name of an identifier token; lives as long as the stream's names.
  std::string_view name_of(const Token& identifier);

 private:
  std::string_view take_name_annotation(std::string_view what);

  Lexer lexer_;
  std::deque<std::string>& decoded_names_;
};

/// A token that is no word of the text format at all: "unknown operator".
[[nodiscard]] bool is_unknown_word(const Token& token);

/// Whether `text` is a word of the text format: a mnemonic or one of the grammar's own keywords.
[[nodiscard]] bool is_known_keyword(std::string_view text);

}  // namespace heddle::engine
