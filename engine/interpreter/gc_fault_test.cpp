// SPDX-License-Identifier: Apache-2.0
// Rows 20 and 21 of the fault checklist: objects and tables at their limits, types that are confused.
#include <string>

#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

WorldOptions small_heap(bool stress = false) {
  WorldOptions options;
  options.gc_stress = stress;
  options.limits.gc_bytes = uint64_t{4} << 20;
  return options;
}

void expect_sound(World& world) {
  world.store->heap().collect();
  EXPECT_TRUE(world.store->heap().verify());
}

constexpr const char* kArrays = R"((module
  (type $b (array (mut i8))) (type $v (array (mut v128))) (type $r (array (mut anyref)))
  (type $f (array (mut funcref)))
  (data $d "abcdefgh") (elem $e func $nothing $nothing)
  (func $nothing)
  (table $t 1 10 anyref) (table $funcs 1 funcref)
  (func (export "default") (param i32) (drop (array.new_default $v (local.get 0))))
  (func (export "filled") (param i32) (drop (array.new $v (v128.const i64x2 1 2) (local.get 0))))
  (func (export "references") (param i32) (drop (array.new $r (ref.i31 (i32.const 1)) (local.get 0))))
  (func (export "data") (param i32) (drop (array.new_data $b $d (i32.const 1) (local.get 0))))
  (func (export "elements") (param i32) (drop (array.new_elem $f $e (i32.const 1) (local.get 0))))
  (func (export "fill") (param i32)
    (array.fill $b (array.new_default $b (i32.const 9)) (i32.const 1) (i32.const 7) (local.get 0)))
  (func (export "copy") (param i32) (local $a (ref $b))
    (local.set $a (array.new_default $b (i32.const 9)))
    (array.copy $b $b (local.get $a) (local.get 0) (local.get $a) (i32.const 2) (i32.const 3)))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null any) (local.get 0)))
  (func (export "grow functions") (param i32) (result i32)
    (table.grow $funcs (ref.func $nothing) (local.get 0))))";

/// Row 20: lengths that no heap holds are traps, ranges beyond the end too, and tables say -1.
TEST(GcFaults, row_20_lengths_at_the_limits) {
  World world(small_heap());
  Instance& instance = world.instantiate(std::string(kArrays) + ")");
  for (const Slot length :
       {Slot{0xffffffff}, Slot{0x80000000}, Slot{0x7fffffff}, Slot{0x10000000}, Slot{1} << 20}) {
    for (const char* name : {"default", "filled", "references"})
      EXPECT_EQ(world.call(instance, name, {length}), trapped(TrapKind::out_of_memory)) << name << length;
    EXPECT_EQ(world.call(instance, "data", {length}), trapped(TrapKind::memory_out_of_bounds));
    EXPECT_EQ(world.call(instance, "elements", {length}), trapped(TrapKind::table_out_of_bounds));
    EXPECT_EQ(world.call(instance, "fill", {length}), trapped(TrapKind::array_out_of_bounds));
    EXPECT_EQ(world.call(instance, "copy", {length}), trapped(TrapKind::array_out_of_bounds));
    EXPECT_EQ(world.call(instance, "grow", {length}), returned({0xffffffff}));
  }
  EXPECT_EQ(world.call(instance, "grow functions", {0xffffffff}), returned({0xffffffff}));
  for (const char* name : {"default", "filled", "references", "fill", "copy"})
    EXPECT_EQ(world.call(instance, name, {5}), returned({})) << name;
  expect_sound(world);
}

/// Row 20: objects that hold each other die together, in one collection.
TEST(GcFaults, row_20_cycles) {
  for (const bool stress : {false, true}) {
    World world(small_heap(stress));
    Instance& instance = world.instantiate(R"((module
      (type $s (struct (field (mut (ref null $s))) (field (mut arrayref)) (field (mut externref))))
      (type $a (array (mut anyref)))
      (global $kept (mut (ref null $s)) (ref.null $s))
      (func $ring (param $n i32) (result (ref $s)) (local $first (ref $s)) (local $last (ref $s))
        (local.set $last (local.tee $first (struct.new_default $s)))
        (loop $again
          (struct.set $s 1 (local.get $last) (array.new $a (local.get $last) (i32.const 3)))
          (struct.set $s 2 (local.get $last) (extern.convert_any (local.get $first)))
          (local.set $last (struct.new $s (local.get $last) (ref.null array) (ref.null extern)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (struct.set $s 0 (local.get $first) (local.get $last))
        (local.get $last))
      (func (export "keep") (param i32) (global.set $kept (call $ring (local.get 0))))
      (func (export "drop") (global.set $kept (ref.null $s)))
      (func (export "rings") (param i32)
        (loop (drop (call $ring (i32.const 50)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))");
    EXPECT_EQ(world.call(instance, "keep", {100}), returned({}));
    EXPECT_EQ(world.call(instance, "rings", {stress ? Slot{20} : Slot{5'000}}), returned({}));
    expect_sound(world);
    EXPECT_GE(world.store->heap().statistics().live_bytes, 101u * 32);
    EXPECT_EQ(world.call(instance, "drop"), returned({}));
    EXPECT_EQ(world.call(instance, "rings", {1}), returned({}));  // over what the stack still shows
    EXPECT_EQ(world.call(instance, "drop"), returned({}));
    expect_sound(world);
    EXPECT_LT(world.store->heap().statistics().live_bytes, 60u * 80);
  }
}

/// Row 20: 31 bits, with and without their sign.
TEST(GcFaults, row_20_i31_edges) {
  World world(small_heap(true));
  Instance& instance = world.instantiate(R"((module
    (func (export "s") (param i32) (result i32) (i31.get_s (ref.i31 (local.get 0))))
    (func (export "u") (param i32) (result i32) (i31.get_u (ref.i31 (local.get 0))))
    (func (export "null") (result i32) (i31.get_u (ref.null i31)))
    (func (export "eq") (param i32 i32) (result i32) (ref.eq (ref.i31 (local.get 0)) (ref.i31 (local.get 1))))
    (func (export "object") (param i32) (result i32)
      (ref.test (ref struct) (any.convert_extern (extern.convert_any (ref.i31 (local.get 0))))))))");
  const auto value = [&](const char* name, Slot in) {
    return world.call(instance, name, {in}).results.at(0);
  };
  EXPECT_EQ(value("s", 0x3fffffff), 0x3fffffffu);
  EXPECT_EQ(value("s", 0x40000000), 0xc0000000u);
  EXPECT_EQ(value("s", 0xffffffff), 0xffffffffu);
  EXPECT_EQ(value("s", 0x80000000), 0u);
  EXPECT_EQ(value("u", 0x40000000), 0x40000000u);
  EXPECT_EQ(value("u", 0xffffffff), 0x7fffffffu);
  EXPECT_EQ(value("object", 0xfffffff8), 0u);
  EXPECT_EQ(world.call(instance, "eq", {0x80000001, 1}), returned({1}));
  EXPECT_EQ(world.call(instance, "null"), trapped(TrapKind::null_reference));
}

/// Row 20: ten thousand casts of one reference, down and up a chain of 63 supertypes.
TEST(GcFaults, row_20_chains_of_casts) {
  std::string text = "(module (type $t0 (sub (struct (field i32))))";
  for (int i = 1; i < 64; ++i)
    text += "(type $t" + std::to_string(i) + " (sub $t" + std::to_string(i - 1) + " (struct (field i32))))";
  text += "(func (export \"run\") (result i32) (struct.new $t63 (i32.const 42))";
  for (int i = 0; i < 10'000; ++i)
    text += " (ref.cast (ref " + std::string(i % 3 == 0 ? "null " : "") + "$t" + std::to_string(i * 31 % 64) +
            "))";
  text +=
      " (ref.cast (ref $t63)) (struct.get $t63 0))"
      "(func (export \"wrong\") (result anyref) (ref.cast (ref $t63) (struct.new $t62 (i32.const 1)))))";
  World world(small_heap(true));
  Instance& instance = world.instantiate(text);
  EXPECT_EQ(world.call(instance, "run"), returned({42}));
  EXPECT_EQ(world.call(instance, "wrong"), trapped(TrapKind::cast_failure));
}

/// Row 20: a list, a wide array and a stack of frames that hold objects, as deep as the quota and the stack
/// let them be; with a full heap the guest traps and goes on.
TEST(GcFaults, row_20_deep_and_full) {
  World world(small_heap());
  Instance& instance = world.instantiate(R"((module
    (type $s (struct (field (ref null $s)) (field i64)))
    (global $list (mut (ref null $s)) (ref.null $s))
    (func (export "list")
      (loop (global.set $list (struct.new $s (global.get $list) (i64.const 5))) (br 0)))
    (func $frames (export "frames") (param (ref null $s)) (result i64)
      (i64.add (call $frames (struct.new $s (local.get 0) (i64.const 1))) (struct.get $s 1 (local.get 0))))
    (func (export "drop") (global.set $list (ref.null $s)))))");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(world.call(instance, "list"), trapped(TrapKind::out_of_memory));
    expect_sound(world);
    EXPECT_GT(world.store->heap().statistics().live_bytes, uint64_t{3} << 20);
    EXPECT_EQ(world.call(instance, "drop"), returned({}));
    EXPECT_EQ(world.call(instance, "frames", {0}), trapped(TrapKind::call_stack_exhausted));
    expect_sound(world);
  }
}

/// Row 21: a function is called through another module's table by its canonical type, or not at all; objects
/// are what their module's types say, wherever they are looked at.
TEST(GcFaults, row_21_types_across_modules) {
  World world;
  Instance& maker = world.instantiate(R"((module
    (rec (type $pair (struct (field i32))) (type $f (func (param (ref null $pair)) (result i32))))
    (type $open (sub (func (result i32)))) (type $below (sub $open (func (result i32))))
    (table (export "table") 4 funcref)
    (elem (i32.const 0) func $get $open $below)
    (func $get (type $f) (struct.get $pair 0 (local.get 0)))
    (func $open (type $open) (i32.const 7))
    (func $below (export "below") (type $below) (i32.const 8))
    (func (export "make") (param i32) (result anyref) (struct.new $pair (local.get 0)))))");
  const External imports[] = {world.exported(maker, "table"), world.exported(maker, "make")};
  Instance& user = world.instantiate(R"((module
    (type $other (struct (field i32)))
    (rec (type $pair (struct (field i32))) (type $f (func (param (ref null $pair)) (result i32))))
    (rec (type $same (struct (field i32))) (type $g (func (param (ref null $same)) (result i32))) (type (func)))
    (type $open (sub (func (result i32)))) (type $below (sub $open (func (result i32))))
    (type $closed (func (result i32)))
    (import "" "table" (table 1 funcref)) (import "" "make" (func $make (param i32) (result anyref)))
    (func (export "equal") (result i32)
      (call_indirect (type $f) (ref.cast (ref $pair) (call $make (i32.const 5))) (i32.const 0)))
    (func (export "another group") (result i32) (call_indirect (type $g) (ref.null $same) (i32.const 0)))
    (func (export "another object") (result anyref) (ref.cast (ref $other) (call $make (i32.const 5))))
    (func (export "its twin") (result anyref) (ref.cast (ref $same) (call $make (i32.const 5))))
    (func (export "open") (param i32) (result i32) (call_indirect (type $open) (local.get 0)))
    (func (export "below") (param i32) (result i32) (call_indirect (type $below) (local.get 0)))
    (func (export "closed") (param i32) (result i32) (call_indirect (type $closed) (local.get 0)))))",
                                     imports);
  const Outcome mismatch = trapped(TrapKind::indirect_call_type_mismatch);
  EXPECT_EQ(world.call(user, "equal"), returned({5}));
  EXPECT_EQ(world.call(user, "another group"), mismatch);
  EXPECT_EQ(world.call(user, "another object"), trapped(TrapKind::cast_failure));
  EXPECT_EQ(world.call(user, "its twin"), trapped(TrapKind::cast_failure));
  EXPECT_EQ(world.call(user, "open", {1}), returned({7}));
  EXPECT_EQ(world.call(user, "open", {2}), returned({8}));
  EXPECT_EQ(world.call(user, "below", {2}), returned({8}));
  EXPECT_EQ(world.call(user, "below", {1}), mismatch);
  EXPECT_EQ(world.call(user, "closed", {1}), mismatch);
  EXPECT_EQ(world.call(user, "open", {0}), mismatch);

  const External below = world.exported(maker, "below");
  const auto link = [&](const char* type) {
    return world.store
        ->instantiate(
            world.load(std::string("(module (type $open (sub (func (result i32)))) (type $below (sub "
                                   "$open (func (result i32)))) (import \"\" \"\" (func (type ") +
                       type + "))))"),
            {&below, 1}, &world.trap)
        .ok();
  };
  EXPECT_TRUE(link("$open"));
  EXPECT_TRUE(link("$below"));
  const auto closed = world.load("(module (import \"\" \"\" (func (result i32))))");
  EXPECT_FALSE(world.store->instantiate(closed, {&below, 1}, &world.trap).ok());
}

}  // namespace
}  // namespace heddle::engine
