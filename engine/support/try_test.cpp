// SPDX-License-Identifier: Apache-2.0
// HEDDLE_TRY and HEDDLE_TRY_ASSIGN hand errors on and let values through.
#include "engine/support/try.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace heddle::engine {
namespace {

Error refusal(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

Result<void> check(bool succeeds) {
  if (!succeeds) return refusal("check");
  return {};
}

Result<std::unique_ptr<int>> make(int value) {
  if (value < 0) return refusal("make");
  return std::make_unique<int>(value);
}

Result<int> sum(bool succeeds, int first, int second) {
  HEDDLE_TRY(check(succeeds));
  HEDDLE_TRY_ASSIGN(const std::unique_ptr<int> a, make(first));
  std::unique_ptr<int> b;
  HEDDLE_TRY_ASSIGN(b, make(second));
  return *a + *b;
}

TEST(try_macros, lets_values_through) {
  const auto result = sum(true, 1, 2);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value(), 3);
}

TEST(try_macros, hands_the_first_error_on) {
  EXPECT_EQ(sum(false, -1, 2).error().message, "check");
  EXPECT_EQ(sum(true, -1, 2).error().message, "make");
  EXPECT_EQ(sum(true, 1, -2).error().message, "make");
}

TEST(try_macros, evaluates_once) {
  int evaluations = 0;
  const auto function = [&]() -> Result<void> {
    if (evaluations == 0)
      HEDDLE_TRY(check((++evaluations, true)));
    else
      ADD_FAILURE() << "the macro is one statement, so this else belongs to the if above";
    return {};
  };
  EXPECT_TRUE(function().ok());
  EXPECT_EQ(evaluations, 1);
}

}  // namespace
}  // namespace heddle::engine
