// SPDX-License-Identifier: Apache-2.0
// Blocks of one function in the memory of those of another.
#include "jit/ir/block_list.h"

#include <gtest/gtest.h>

#include "jit/ir/ir.h"

namespace heddle::jit {
namespace {

TEST(jit_block_list, gives_empty_blocks_in_the_memory_of_those_before) {
  BlockList<Block> blocks;
  Block& first = blocks.emplace_back();
  first.nodes.assign(100, 7);
  first.is_cold = true;
  first.loop_header = 3;
  const Value* const memory = first.nodes.data();
  blocks.emplace_back();
  ASSERT_EQ(blocks.size(), 2u);

  blocks.clear();
  EXPECT_EQ(blocks.size(), 0u);
  EXPECT_EQ(blocks.begin(), blocks.end());
  const Block& again = blocks.emplace_back();
  EXPECT_EQ(blocks.size(), 1u);
  EXPECT_TRUE(again.nodes.empty());
  EXPECT_EQ(again.nodes.data(), memory);
  EXPECT_FALSE(again.is_cold);
  EXPECT_EQ(again.loop_header, kNoBlock);
}

}  // namespace
}  // namespace heddle::jit
