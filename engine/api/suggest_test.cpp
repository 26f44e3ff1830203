// SPDX-License-Identifier: Apache-2.0
// Tests of "did you mean".
#include "engine/api/suggest.h"

#include <gtest/gtest.h>

#include <string>

namespace heddle::detail {
namespace {

TEST(suggest, finds_what_was_meant) {
  EXPECT_EQ(closest_name("fob", {"fib", "main", "memory"}), "fib");
  EXPECT_EQ(closest_name("_strat", {"_start", "star"}), "_start");
  EXPECT_EQ(closest_name("mian", {"main"}), "main");
  EXPECT_EQ(closest_name("run", {"run_all", "ran", "runs"}), "ran");
  EXPECT_EQ(closest_name("alpha", {"omega"}), "");
  EXPECT_EQ(closest_name("", {"x", "long"}), "x");
  EXPECT_EQ(closest_name("x", {}), "");
  EXPECT_EQ(closest_name(std::string(1000, 'a'), {"a"}), "");
  EXPECT_EQ(
      closest_name(
          "a", {std::string_view("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")}),
      "");
}

}  // namespace
}  // namespace heddle::detail
