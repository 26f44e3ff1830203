// SPDX-License-Identifier: Apache-2.0
// Macros that hand an Error on to the caller: HEDDLE_TRY and HEDDLE_TRY_ASSIGN.
#pragma once

#include <heddle/result.h>

#include <utility>

/// Evaluates a Result; if it failed, returns its error from the enclosing function, which returns some
/// Result.
#define HEDDLE_TRY(...)                                                  \
  do {                                                                   \
    if (auto heddle_try_result = (__VA_ARGS__); !heddle_try_result.ok()) \
      return std::move(heddle_try_result).error();                       \
  } while (false)

/// HEDDLE_TRY_ASSIGN(auto index, cursor.read_u32()): like HEDDLE_TRY, and on success gives the value to the
/// declaration or variable on the left. Two statements: not for the body of an `if` without braces.
#define HEDDLE_TRY_ASSIGN(lhs, ...) \
  HEDDLE_TRY_ASSIGN_AS(HEDDLE_TRY_NAME(heddle_try_result_, __LINE__), lhs, __VA_ARGS__)

#define HEDDLE_TRY_ASSIGN_AS(result, lhs, ...)        \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) return std::move(result).error(); \
  lhs = std::move(result).value()

#define HEDDLE_TRY_NAME(prefix, line) HEDDLE_TRY_NAME_(prefix, line)
#define HEDDLE_TRY_NAME_(prefix, line) prefix##line
