// SPDX-License-Identifier: Apache-2.0
// What is found of loops: their ranges, and the locals that they assign.
#include "jit/build/loops.h"

#include <gtest/gtest.h>

#include "jit/build/test_build.h"

namespace heddle::jit {
namespace {

std::vector<uint32_t> locals_of(const Loops& loops, size_t which) {
  const auto locals = loops.locals_of(loops.ranges[which]);
  return {locals.begin(), locals.end()};
}

TEST(jit_loops, list_the_locals_they_assign) {
  const auto loaded = test::load_text(R"((module (func (param i32 i32 i32 i32)
      i32.const 0 local.set 3
      loop
        i32.const 0 local.tee 2 drop
        loop i32.const 0 local.set 1 i32.const 1 local.set 1 end
        loop end
        block i32.const 0 local.set 0 end
      end)))");
  const Loops loops = find_loops(*loaded.module, 0);
  ASSERT_EQ(loops.ranges.size(), 3u);
  EXPECT_EQ(locals_of(loops, 0), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(locals_of(loops, 1), std::vector<uint32_t>{1});
  EXPECT_TRUE(locals_of(loops, 2).empty());
  EXPECT_LT(loops.ranges[0].begin, loops.ranges[1].begin);
  EXPECT_LT(loops.ranges[1].end, loops.ranges[2].begin);
  EXPECT_LT(loops.ranges[2].end, loops.ranges[0].end);
  EXPECT_EQ(innermost_loop(*loaded.module, 0, loops.ranges[1].end - 1)->begin, loops.ranges[1].begin);
  EXPECT_EQ(innermost_loop(*loaded.module, 0, loops.ranges[1].end)->begin, loops.ranges[0].begin);
  EXPECT_FALSE(innermost_loop(*loaded.module, 0, loops.ranges[0].begin - 1));
}

TEST(jit_loops, may_be_found_nest_by_nest) {
  const auto loaded = test::load_text(R"((module (func (param i32 i32)
      loop i32.const 0 local.set 1 loop i32.const 0 local.set 0 end end
      i32.const 0 local.set 0
      loop i32.const 0 local.set 1 end)))");
  const Loops all = find_loops(*loaded.module, 0);
  ASSERT_EQ(all.ranges.size(), 3u);
  const engine::ByteRange body = loaded.module->functions[0].body;
  const auto behind = [&](const LoopRange& loop) {  // two bytes: the opcode, and that it has no type
    const uint64_t skipped = loop.begin + 2 - body.offset;
    return engine::Cursor(loaded.module->view(body).subspan(skipped), loop.begin + 2);
  };
  Loops loops;
  loops.reset(body.size);
  EXPECT_FALSE(loops.has(all.ranges[0].begin));
  loops.add_nest(behind(all.ranges[0]), all.ranges[0].begin);
  EXPECT_TRUE(loops.has(all.ranges[1].begin));
  EXPECT_FALSE(loops.has(all.ranges[2].begin));
  loops.add_nest(behind(all.ranges[2]), all.ranges[2].begin);
  ASSERT_EQ(loops.ranges.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(loops.at(all.ranges[i].begin).end, all.ranges[i].end);
    EXPECT_EQ(locals_of(loops, i), locals_of(all, i));
  }
}

/// Every loop of a nest assigns every local.
TEST(jit_loops, of_a_nest_list_no_more_than_the_body_justifies) {
  constexpr size_t kLoops = 5'000, kLocals = 5'000;
  std::string text = "(module (func (local";
  for (size_t i = 0; i < kLocals; ++i) text += " i32";
  text += ")";
  for (size_t i = 0; i < kLoops; ++i) text += " loop";
  for (size_t i = 0; i < kLocals; ++i) text += " i32.const 0 local.set " + std::to_string(i);
  for (size_t i = 0; i < kLoops; ++i) text += " end";
  const auto loaded = test::load_text(text + "))");
  const Loops loops = find_loops(*loaded.module, 0);
  ASSERT_EQ(loops.ranges.size(), kLoops);
  EXPECT_TRUE(loops.ranges.front().assigns_any);
  EXPECT_EQ(loops.ranges.back().local_count, kLocals);
  EXPECT_LT(loops.locals.size(), 40 * loaded.module->functions[0].body.size);
}

}  // namespace
}  // namespace heddle::jit
