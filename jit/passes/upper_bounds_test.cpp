// SPDX-License-Identifier: Apache-2.0
// What is known of loops' counters, and that nothing is claimed of those that go around.
#include "jit/passes/upper_bounds.h"

#include <algorithm>

#include "jit/build/test_build.h"
#include "jit/passes/callees.h"
#include "jit/passes/passes.h"

namespace heddle::jit {
namespace {

/// The addresses that a function's loads use, as they come, with the greatest that each can be.
std::vector<uint64_t> bounds_of(const std::string& body) {
  const auto loaded = test::load_text(
      "(module (memory 1) (func (param $n i32) (param $m i32) (local $i i32) (local $p i32) " + body + "))");
  Function function;
  EXPECT_TRUE(build(*loaded.module, 0, {}, function).ok());
  Callees callees;
  callees.use(*loaded.module);
  Dominators dominators;
  run_passes(function, {}, callees, dominators);
  const UpperBounds bounds(function, dominators);
  std::vector<uint64_t> found;
  for (const BlockId block : function.order) {
    for (const Value value : function.blocks[block].nodes) {
      const Node& node = function.nodes[value];
      if (node.operation == Operation::i32_load) found.push_back(bounds.of(function.arguments_of(node)[0]));
    }
  }
  return found;
}

/// Of the only load, of what is in local $p.
uint64_t bound_of(const std::string& body) {
  const auto found = bounds_of(body);
  EXPECT_EQ(found.size(), 1u) << body;
  return found.empty() ? 0 : found[0];
}

constexpr const char* kLoad =
    "(drop (i32.load (local.get $p)))(local.set $p (i32.add (local.get $p) (i32.const 16)))";
constexpr uint64_t kAny = UINT32_MAX;

std::string loop(const std::string& first, const std::string& step, const std::string& stays) {
  return "(local.set $i (i32.const " + first + "))(loop $next " + kLoad + "(br_if $next (" + stays +
         "(local.tee $i (i32.add (local.get $i) (i32.const " + step + ")))";
}

TEST(jit_upper_bounds, masks_and_shifts) {
  EXPECT_EQ(bound_of("(drop (i32.load (i32.and (local.get $n) (i32.const 1023))))"), 1023u);
  EXPECT_EQ(bound_of("(drop (i32.load (i32.shr_u (local.get $n) (i32.const 20))))"), 4095u);
  EXPECT_EQ(bound_of("(drop (i32.load (i32.mul (i32.and (local.get $n) (i32.const 7)) (i32.const 100))))"),
            700u);
  EXPECT_EQ(bound_of("(drop (i32.load (i32.add (local.get $n) (i32.const 1))))"), kAny);
  EXPECT_EQ(bound_of("(drop (i32.load (i32.mul (local.get $n) (i32.const 2))))"), kAny);
}

TEST(jit_upper_bounds, counted_upwards) {
  EXPECT_LE(bound_of(loop("0", "1", "i32.ne") + "(i32.const 10))))"), 176u);
  EXPECT_GE(bound_of(loop("0", "1", "i32.ne") + "(i32.const 10))))"), 144u);
  EXPECT_LE(bound_of(loop("0", "8", "i32.lt_u") + "(i32.const 240))))"), 16u * 32);
  EXPECT_LE(bound_of(loop("-0", "8", "i32.lt_s") + "(i32.const 240))))"), 16u * 32);
  EXPECT_LE(bound_of(loop("3", "8", "i32.le_u") + "(i32.const 240))))"), 16u * 33);
}

TEST(jit_upper_bounds, counted_downwards) {
  EXPECT_LE(bound_of("(local.set $i (i32.const 10)) (loop $next " + std::string(kLoad) +
                     "(br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"),
            176u);
}

TEST(jit_upper_bounds, what_goes_around_has_none) {
  EXPECT_EQ(bound_of(loop("0", "3", "i32.ne") + "(i32.const 10))))"), kAny) << "misses the limit";
  EXPECT_EQ(bound_of(loop("10", "1", "i32.ne") + "(i32.const 10))))"), kAny)
      << "starts at it, and is tested late";
  EXPECT_EQ(bound_of(loop("11", "1", "i32.ne") + "(i32.const 10))))"), kAny) << "starts behind it";
  EXPECT_EQ(bound_of(loop("0", "16", "i32.lt_u") + "(i32.const -4))))"), kAny) << "steps over it";
  EXPECT_EQ(bound_of(loop("0", "16", "i32.lt_s") + "(i32.const 0x7ffffffc))))"), kAny) << "becomes negative";
  EXPECT_EQ(bound_of(loop("-1000", "1", "i32.lt_s") + "(i32.const 10))))"), kAny) << "starts below zero";
  EXPECT_EQ(bound_of(loop("0", "-1", "i32.lt_u") + "(i32.const 10))))"), kAny) << "goes down";
  EXPECT_EQ(bound_of(loop("0", "1", "i32.ne") + "(local.get $n))))"), kAny) << "up to something unknown";
  EXPECT_EQ(bound_of("(local.set $p (local.get $n))" + loop("0", "1", "i32.ne") + "(i32.const 10))))"), kAny)
      << "from anywhere";
}

TEST(jit_upper_bounds, a_test_that_not_every_round_passes_says_nothing) {
  EXPECT_EQ(bound_of("(loop $next " + std::string(kLoad) +
                     "(local.set $i (i32.add (local.get $i) (i32.const 1)))"
                     "(br_if $next (local.get $m))"
                     "(br_if $next (i32.ne (local.get $i) (i32.const 10))))"),
            kAny);
}

TEST(jit_upper_bounds, loops_in_loops) {
  const auto found = bounds_of(
      "(local $j i32) (loop $rows (local.set $j (i32.const 0))"
      "  (loop $columns"
      "    (drop (i32.load (i32.add (local.get $p) (local.get $j))))"
      "    (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 4))) (i32.const 256))))"
      "  (local.set $p (i32.add (local.get $p) (i32.const 256)))"
      "  (br_if $rows (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GE(found[0], 99u * 256 + 252);
  EXPECT_LE(found[0], 102u * 256 + 300);
}

}  // namespace
}  // namespace heddle::jit
