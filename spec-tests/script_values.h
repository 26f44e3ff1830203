// SPDX-License-Identifier: Apache-2.0
// Reading the constants and result patterns of scripts.
#pragma once

#include <optional>

#include "engine/text/lexer.h"
#include "spec-tests/match_result.h"

namespace heddle::spec {

/// At the '(' of a constant, (i32.const 1) or (ref.extern 2): reads it whole.
[[nodiscard]] Result<Value> parse_constant(engine::Lexer& lexer);

/// At the '(' of a result pattern: a constant, a class of NaN or references, or (either ...).
[[nodiscard]] Result<Expected> parse_expected(engine::Lexer& lexer);

/// Takes the next token, which must be of that kind.
[[nodiscard]] Result<engine::Token> expect_token(engine::Lexer& lexer, engine::TokenKind kind,
                                                 const char* what);

}  // namespace heddle::spec
