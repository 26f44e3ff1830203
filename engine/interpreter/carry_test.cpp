// SPDX-License-Identifier: Apache-2.0
// Tests of conditional branches that carry an operand which the other path goes on using.
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

TEST(InterpreterCarry, both_paths_of_a_branch_see_the_operand) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (func (export "i32") (param $x i32) (param $c i32) (result i32)
      (i32.add (i32.const 100) (block (result i32)
        (i32.clz (br_if 0 (i32.add (local.get $x) (i32.const 1)) (local.get $c))))))
    (func (export "i64") (param $x i64) (param $c i32) (result i64)
      (i64.add (i64.const 100) (block (result i64)
        (i64.clz (br_if 0 (i64.add (local.get $x) (i64.const 1)) (local.get $c))))))
    (func (export "f64") (param $x f64) (param $c i32) (result i32)
      (i32.trunc_f64_s (f64.add (f64.const 100) (block (result f64)
        (f64.neg (br_if 0 (f64.add (local.get $x) (f64.const 1)) (local.get $c)))))))))");
  EXPECT_EQ(world.call(instance, "i32", {5, 1}), returned({106}));
  EXPECT_EQ(world.call(instance, "i32", {5, 0}), returned({129}));
  EXPECT_EQ(world.call(instance, "i64", {5, 1}), returned({106}));
  EXPECT_EQ(world.call(instance, "i64", {5, 0}), returned({161}));
  const Slot five = std::bit_cast<Slot>(5.0);
  EXPECT_EQ(world.call(instance, "f64", {five, 1}), returned({106}));
  EXPECT_EQ(world.call(instance, "f64", {five, 0}), returned({94}));
}

TEST(InterpreterCarry, both_arms_of_an_if_see_its_parameter) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (func (export "run") (param $c i32) (param $x i64) (result i32) (local $y i32)
      (i64.gt_s (i64.const 1) (local.get $x))
      (local.get $c)
      (if (param i32) (then (local.set $c)) (else (local.set $y)))
      (i32.add (i32.mul (i32.const 10) (local.get $c)) (local.get $y)))))");
  EXPECT_EQ(world.call(instance, "run", {0, 0}), returned({1}));
  EXPECT_EQ(world.call(instance, "run", {5, 0}), returned({10}));
  EXPECT_EQ(world.call(instance, "run", {5, 1}), returned({0}));
}

}  // namespace
}  // namespace heddle::engine
