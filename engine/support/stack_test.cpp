// SPDX-License-Identifier: Apache-2.0
// Stack: pushes, growth, and values pushed from inside.
#include "engine/support/stack.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

namespace heddle::engine {
namespace {

TEST(stack, keeps_its_values_while_it_grows) {
  Stack<uint32_t> stack;
  EXPECT_TRUE(stack.empty());
  for (uint32_t i = 0; i < 1000; ++i) stack.push() = i;
  ASSERT_EQ(stack.size(), 1000u);
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(stack[i], i);
  EXPECT_EQ(std::accumulate(stack.begin(), stack.end(), 0u), 999u * 1000 / 2);
}

TEST(stack, takes_a_value_of_its_own) {
  Stack<uint32_t> stack;
  stack.push_back(7);
  for (int i = 0; i < 500; ++i) stack.push_back(stack[0]);  // also when that grows it
  for (const uint32_t value : stack) ASSERT_EQ(value, 7u);
}

TEST(stack, forgets_from_the_end) {
  Stack<uint32_t> stack;
  for (uint32_t i = 0; i < 10; ++i) stack.push_back(i);
  stack.pop_back();
  EXPECT_EQ(stack.back(), 8u);
  stack.shrink_to(3);
  EXPECT_EQ(stack.size(), 3u);
  EXPECT_EQ(stack.back(), 2u);
  stack.clear();
  EXPECT_TRUE(stack.empty());
  EXPECT_EQ(stack.begin(), stack.end());
}

}  // namespace
}  // namespace heddle::engine
