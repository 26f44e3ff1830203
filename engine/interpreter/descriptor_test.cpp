// SPDX-License-Identifier: Apache-2.0
// Tests of structures with descriptors in running code: collections, layouts, branches, constants.
#include <string>

#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

WorldOptions stressed() {
  WorldOptions options;
  options.gc_stress = true;
  options.features.add(Feature::custom_descriptors);
  return options;
}

/// An object of `count` fields of `type`, made from 1, 2, 3 ... with a descriptor that holds 1000: their sum.
std::string described_sum(const std::string& type, int count) {
  std::string fields, values, sum = "(i64.extend_i32_u (struct.get $d 0 (ref.get_desc $s (local.get $o))))";
  for (int i = 0; i < count; ++i) {
    const bool packed = type == "i8";
    fields += " (field " + type + ")";
    values += std::string(" (") + (packed ? "i32" : type) + ".const " + std::to_string(i + 1) + ")";
    std::string get =
        std::string("(struct.get") + (packed ? "_u" : "") + " $s " + std::to_string(i) + " (local.get $o))";
    if (packed || type == "i32") get = "(i64.extend_i32_u " + get + ")";
    sum = "(i64.add " + sum + " " + get + ")";
  }
  return "(module (rec (type $s (descriptor $d) (struct" + fields +
         ")) (type $d (describes $s) (struct (field i32)))) (type $garbage (array i64))"
         "(func (export \"sum\") (result i64) (local $o (ref null $s))"
         "(local.set $o (struct.new_desc $s" +
         values +
         " (struct.new $d (i32.const 1000))))"
         "(drop (array.new_default $garbage (i32.const 3)))" +
         sum + "))";
}

TEST(DescriptorRun, objects_of_all_sizes_keep_their_descriptor) {
  World world(stressed());
  for (const char* type : {"i8", "i32", "i64"}) {
    for (const int count : {0, 1, 2, 3, 4, 5, 9, 31, 200, 2'000}) {  // the last is too large for a cell
      Instance& instance = world.instantiate(described_sum(type, count));
      uint64_t sum = 1000;
      for (int i = 1; i <= count; ++i) sum += type == std::string("i8") ? i & 0xff : i;
      EXPECT_EQ(world.call(instance, "sum"), returned({sum})) << count << " of " << type;
    }
  }
}

constexpr const char* kChain = R"((module
  (rec
    (type $base (sub (struct (field $x (mut i32)))))
    (type $mid (sub $base (descriptor $mid.d) (struct (field $x (mut i32)) (field $y (mut i64)))))
    (type $mid.d (sub (describes $mid) (struct (field i32))))
    (type $leaf (sub $mid (descriptor $leaf.d) (struct (field $x (mut i32)) (field $y (mut i64)) (field v128))))
    (type $leaf.d (sub $mid.d (describes $leaf) (struct (field i32) (field i32)))))
  (type $other (struct (field i64) (field i64)))
  (func $leaf (param i32) (result (ref (exact $leaf)))
    (struct.new_desc $leaf (local.get 0) (i64.const 7) (v128.const i64x2 1 2)
      (struct.new $leaf.d (i32.const 50) (i32.const 60))))
  (func (export "as base") (result i32) (struct.get $base $x (call $leaf (i32.const 3))))
  (func (export "as mid") (result i64) (struct.get $mid $y (call $leaf (i32.const 3))))
  (func (export "descriptor of mid") (result i32)
    (struct.get $mid.d 0 (ref.get_desc $mid (call $leaf (i32.const 3)))))
  (func (export "descriptor of leaf") (result i32)
    (struct.get $leaf.d 1 (ref.get_desc $leaf (call $leaf (i32.const 3)))))
  (func (export "vector") (result i64)
    (i64x2.extract_lane 1 (struct.get $leaf 2 (call $leaf (i32.const 3)))))
  (func (export "null") (result i32) (struct.get $mid.d 0 (ref.get_desc $mid (ref.null none))))
  (func (export "default") (result i32) (local $l (ref $leaf))
    (local.set $l (struct.new_default_desc $leaf (struct.new $leaf.d (i32.const 1) (i32.const 2))))
    (i32.add (struct.get $mid.d 0 (ref.get_desc $mid (local.get $l))) (struct.get $base $x (local.get $l))))
  (func (export "null default") (drop (struct.new_default_desc $mid (ref.null none))))
  (func (export "cast") (param $which i32) (result i32)
    (local $d (ref $mid.d)) (local $m anyref)
    (local.set $d (struct.new $mid.d (i32.const 9)))
    (local.set $m (struct.new_desc $mid (i32.const 77) (i64.const 0) (ref.cast (ref (exact $mid.d)) (local.get $d))))
    (if (i32.eq (local.get $which) (i32.const 1)) (then (local.set $m (struct.new_default $other))))
    (if (i32.eq (local.get $which) (i32.const 2)) (then (local.set $m (struct.new_default $base))))
    (if (i32.eq (local.get $which) (i32.const 3)) (then (local.set $m (ref.i31 (i32.const 5)))))
    (if (i32.eq (local.get $which) (i32.const 4)) (then (local.set $m (call $leaf (i32.const 8)))))
    (if (i32.eq (local.get $which) (i32.const 5)) (then (local.set $m (ref.null none))))
    (struct.get $mid $x (ref.cast_desc_eq (ref $mid) (local.get $m) (local.get $d))))
  (func (export "extern") (param externref)
    (drop (ref.cast_desc_eq (ref $mid) (any.convert_extern (local.get 0)) (struct.new $mid.d (i32.const 9)))))))";

TEST(DescriptorRun, a_chain_of_types_with_the_descriptor_in_its_middle) {
  World world(stressed());
  Instance& instance = world.instantiate(kChain);
  EXPECT_EQ(world.call(instance, "as base"), returned({3}));
  EXPECT_EQ(world.call(instance, "as mid"), returned({7}));
  EXPECT_EQ(world.call(instance, "descriptor of mid"), returned({50}));
  EXPECT_EQ(world.call(instance, "descriptor of leaf"), returned({60}));
  EXPECT_EQ(world.call(instance, "vector"), returned({2}));
  EXPECT_EQ(world.call(instance, "default"), returned({1}));
  EXPECT_EQ(world.call(instance, "null"), trapped(TrapKind::null_reference));
  EXPECT_EQ(world.call(instance, "null default"), trapped(TrapKind::null_descriptor));
}

TEST(DescriptorRun, only_the_object_with_that_descriptor_passes) {
  World world(stressed());
  Instance& instance = world.instantiate(kChain);
  EXPECT_EQ(world.call(instance, "cast", {0}), returned({77}));
  for (const Slot which : {1, 2, 3, 4, 5})
    EXPECT_EQ(world.call(instance, "cast", {which}), trapped(TrapKind::descriptor_cast_failure)) << which;
  EXPECT_EQ(world.call(instance, "extern", {gc::make_host(40)}), trapped(TrapKind::descriptor_cast_failure));
}

/// Values below the reference travel with it, and loops are left.
TEST(DescriptorRun, branches_carry_what_the_label_takes) {
  World world(stressed());
  Instance& instance = world.instantiate(R"((module
    (rec (type $s (descriptor $d) (struct (field i32))) (type $d (describes $s) (struct)))
    (func (export "find") (param $at i32) (result i32)
      (local $d (ref null (exact $d))) (local $n i32)
      (local.set $d (struct.new $d))
      (block $found (result i32 (ref $s))
        (i32.const 1000)
        (ref.null none)
        (loop $again (param i32 anyref) (result i32 (ref $s))
          (br_on_cast_desc_eq $found anyref (ref $s) (local.get $d))
          (drop)
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (if (result anyref) (i32.eq (local.get $n) (local.get $at))
            (then (struct.new_desc $s (local.get $n) (local.get $d)))
            (else (struct.new_desc $s (i32.const -1) (struct.new $d))))
          (br $again)))
      (struct.get $s 0)
      (i32.add))
    (func (export "skip") (param $times i32) (result i32)
      (local $d (ref null (exact $d)))
      (local.set $d (struct.new $d))
      (i32.const 0)
      (ref.null none)
      (loop $again (param i32 anyref) (result i32)
        (drop)
        (i32.add (i32.const 1))
        (if (result anyref) (i32.eqz (local.tee $times (i32.sub (local.get $times) (i32.const 1))))
          (then (struct.new_default_desc $s (local.get $d)))
          (else (ref.i31 (i32.const 4))))
        (br_on_cast_desc_eq_fail $again anyref (ref $s) (local.get $d))
        (drop)))
    (func (export "forever") (local $d (ref (exact $d)))
      (local.set $d (struct.new $d))
      (ref.null none)
      (loop $again (param (ref null $s))
        (br_on_cast_desc_eq $again (ref null $s) (ref null $s) (local.get $d))
        (drop)))))");
  EXPECT_EQ(world.call(instance, "find", {5}), returned({1005}));
  EXPECT_EQ(world.call(instance, "skip", {9}), returned({9}));
  world.store->interrupt();
  EXPECT_EQ(world.call(instance, "forever"), trapped(TrapKind::interrupted));
}

TEST(DescriptorRun, constant_expressions) {
  World world(stressed());
  Instance& instance = world.instantiate(R"((module
    (rec (type $s (descriptor $d) (struct (field i32) (field v128)))
         (type $d (describes $s) (descriptor $m) (struct (field i64)))
         (type $m (describes $d) (struct (field i32))))
    (global $m (ref (exact $m)) (struct.new $m (i32.const 30)))
    (global $s (ref (exact $s))
      (struct.new_desc $s (i32.const 1) (v128.const i64x2 2 3) (struct.new_desc $d (i64.const 20) (global.get $m))))
    (table $t 2 (ref null $s) (struct.new_default_desc $s (struct.new_default_desc $d (struct.new_default $m))))
    (func (export "sum") (result i64)
      (i64.add (i64.extend_i32_u (struct.get $s 0 (global.get $s)))
        (i64.add (struct.get $d 0 (ref.get_desc $s (global.get $s)))
          (i64.extend_i32_u (struct.get $m 0 (ref.get_desc $d (ref.get_desc $s (global.get $s))))))))
    (func (export "table") (result i64) (struct.get $d 0 (ref.get_desc $s (table.get $t (i32.const 1)))))))");
  EXPECT_EQ(world.call(instance, "sum"), returned({51}));
  EXPECT_EQ(world.call(instance, "table"), returned({0}));
}

TEST(DescriptorRun, without_room_the_guest_traps) {
  WorldOptions options = stressed();
  options.gc_stress = false;
  options.limits.gc_bytes = uint64_t{1} << 20;
  World world(options);
  Instance& instance = world.instantiate(R"((module
    (rec (type $s (descriptor $d) (struct (field (ref null $s)))) (type $d (describes $s) (struct)))
    (global $list (mut (ref null $s)) (ref.null none))
    (func (export "new")
      (loop (global.set $list (struct.new_desc $s (global.get $list) (struct.new $d))) (br 0)))
    (func (export "default") (local $d (ref null (exact $d)))
      (loop (local.set $d (struct.new $d)) (drop (struct.new_default_desc $s (local.get $d))) (br 0)))))");
  EXPECT_EQ(world.call(instance, "new"), trapped(TrapKind::out_of_memory));
  EXPECT_EQ(world.call(instance, "default"), trapped(TrapKind::out_of_memory));
}

TEST(DescriptorRun, exact_functions) {
  World world(stressed());
  Instance& instance = world.instantiate(R"((module
    (type $f (sub (func))) (type $g (sub $f (func))) (type $final (func (result i32)))
    (func $a (type $f)) (func $b (type $g)) (func $c (type $final) (i32.const 0))
    (elem declare func $a $b $c)
    (func (export "kind") (param i32) (result i32) (local funcref)
      (if (i32.eqz (local.get 0)) (then (local.set 1 (ref.func $a))))
      (if (i32.eq (local.get 0) (i32.const 1)) (then (local.set 1 (ref.func $b))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (local.set 1 (ref.func $c))))
      (i32.add
        (i32.add (ref.test (ref (exact $f)) (local.get 1))
                 (i32.mul (i32.const 10) (ref.test (ref $f) (local.get 1))))
        (i32.add (i32.mul (i32.const 100) (ref.test (ref null (exact $g)) (local.get 1)))
                 (i32.mul (i32.const 1000) (ref.test (ref $final) (local.get 1))))))))");
  EXPECT_EQ(world.call(instance, "kind", {0}), returned({11}));
  EXPECT_EQ(world.call(instance, "kind", {1}), returned({110}));
  EXPECT_EQ(world.call(instance, "kind", {2}), returned({1000}));
  EXPECT_EQ(world.call(instance, "kind", {3}), returned({100}));
}

}  // namespace
}  // namespace heddle::engine
