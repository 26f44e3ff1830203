// SPDX-License-Identifier: Apache-2.0
// Tests of objects in running code: fields of every size, casts, roots in every place, quotas.
#include <string>

#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

WorldOptions stressed() {
  WorldOptions options;
  options.gc_stress = true;
  return options;
}

/// A structure with these fields, made by struct.new from 1, 2, 3 ..., and the sum of its fields.
std::string sum_of_fields(const std::vector<std::string>& types) {
  std::string fields, values, sum = "(i64.const 0)";
  for (size_t i = 0; i < types.size(); ++i) {
    const bool packed = types[i] == "i8" || types[i] == "i16";
    const std::string operand = packed ? "i32" : types[i];
    fields += " (field (mut " + types[i] + "))";
    values += " (" + operand + ".const " + std::to_string(i + 1) + ")";
    std::string get =
        std::string("(struct.get") + (packed ? "_u" : "") + " $t " + std::to_string(i) + " (local.get $s))";
    if (operand == "i32") get = "(i64.extend_i32_u " + get + ")";
    if (operand == "f32" || operand == "f64") get = "(i64.trunc_" + operand + "_s " + get + ")";
    sum = "(i64.add " + sum + " " + get + ")";
  }
  return "(module (type $t (struct" + fields +
         ")) (func (export \"sum\") (result i64) (local $s (ref null $t)) (local $other (ref null $t))"
         "(local.set $s (struct.new $t" +
         values + ")) (local.set $other (struct.new $t" + values + "))" + sum + "))";
}

TEST(GcRun, structures_of_all_shapes_hold_what_they_were_made_of) {
  const char* const kinds[] = {"i8", "i16", "i32", "i64", "f32", "f64"};
  World world(stressed());
  const auto check = [&](const std::vector<std::string>& types) {
    Instance& instance = world.instantiate(sum_of_fields(types));
    const uint64_t n = types.size();
    EXPECT_EQ(world.call(instance, "sum"), returned({n * (n + 1) / 2})) << types.back() << " last of " << n;
  };
  for (const char* first : kinds) {
    check({first});
    for (const char* second : kinds) {
      check({first, second});
      for (const char* third : kinds) check({first, second, third, first, second});
    }
  }
  check(std::vector<std::string>(9, "i8"));
  check(std::vector<std::string>(200, "i64"));
  check(std::vector<std::string>(2'000, "i64"));  // too large for a cell
}

TEST(GcRun, a_deep_chain_of_types) {
  std::string types = "(type $t0 (sub (struct)))";
  std::string body;
  for (int i = 1; i < 40; ++i) {
    types += "(type $t" + std::to_string(i) + " (sub " + (i == 39 ? "final " : "") + "$t" +
             std::to_string(i - 1) + " (struct)))";
  }
  for (int made : {0, 17, 39}) {
    std::string sum = "(i32.const 0)";
    for (int i = 0; i < 40; ++i)
      sum = "(i32.add " + sum + " (ref.test (ref $t" + std::to_string(i) + ") (local.get 0)))";
    body += "(func (export \"f" + std::to_string(made) +
            "\") (result i32) (local anyref) (local.set 0 (struct.new $t" + std::to_string(made) + ")) " +
            sum + ")";
  }
  World world;
  Instance& instance = world.instantiate("(module " + types + body + ")");
  EXPECT_EQ(world.call(instance, "f0"), returned({1}));
  EXPECT_EQ(world.call(instance, "f17"), returned({18}));
  EXPECT_EQ(world.call(instance, "f39"), returned({40}));
}

constexpr const char* kList = R"((module
  (type $node (struct (field i32) (field (ref null $node))))
  (global $head (mut (ref null $node)) (ref.null $node))
  (func (export "build") (param $n i32)
    (global.set $head (ref.null $node))
    (loop $again
      (global.set $head (struct.new $node (local.get $n) (global.get $head)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sum") (result i64) (local $p (ref null $node)) (local $s i64)
    (local.set $p (global.get $head))
    (block $done
      (loop $next
        (br_if $done (ref.is_null (local.get $p)))
        (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (struct.get $node 0 (local.get $p)))))
        (local.set $p (struct.get $node 1 (local.get $p)))
        (br $next)))
    (local.get $s))
  (func (export "garbage") (param $n i32)
    (loop $again
      (drop (struct.new $node (local.get $n) (ref.null $node)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))";

TEST(GcRun, a_list_of_a_million_nodes) {
  World world;
  Instance& instance = world.instantiate(kList);
  ASSERT_EQ(world.call(instance, "build", {1'000'000}), returned({}));
  EXPECT_EQ(world.call(instance, "sum"), returned({500'000'500'000}));
  world.store->heap().collect();
  EXPECT_EQ(world.store->heap().statistics().live_bytes, 32'000'000u);
  EXPECT_EQ(world.call(instance, "sum"), returned({500'000'500'000}));
  ASSERT_EQ(world.call(instance, "build", {1}), returned({}));
  ASSERT_EQ(world.call(instance, "garbage", {3'000'000}), returned({}));
  EXPECT_LT(world.store->heap().statistics().live_bytes, 1000u);
}

TEST(GcRun, the_quota_is_a_trap_and_the_store_goes_on) {
  WorldOptions options;
  options.limits.gc_bytes = uint64_t{2} << 20;
  World world(options);
  Instance& instance = world.instantiate(kList);
  EXPECT_EQ(world.call(instance, "build", {1'000'000}), trapped(TrapKind::out_of_memory));
  EXPECT_FALSE(world.trap.frames.empty());
  ASSERT_EQ(world.call(instance, "build", {100}), returned({}));
  EXPECT_EQ(world.call(instance, "garbage", {1'000'000}), returned({}));
  EXPECT_EQ(world.call(instance, "sum"), returned({5050}));
}

TEST(GcRun, arrays_that_no_heap_holds_are_traps) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (type $b (array (mut i8))) (type $l (array (mut i64)))
    (func (export "bytes") (param i32) (result i32) (array.len (array.new_default $b (local.get 0))))
    (func (export "longs") (param i32) (result i32) (array.len (array.new $l (i64.const 1) (local.get 0))))))");
  EXPECT_EQ(world.call(instance, "bytes", {0xffffffff}), trapped(TrapKind::out_of_memory));
  EXPECT_EQ(world.call(instance, "longs", {0xffffffff}), trapped(TrapKind::out_of_memory));
  EXPECT_EQ(world.call(instance, "bytes", {100'000'000}), returned({100'000'000}));
  EXPECT_EQ(world.call(instance, "longs", {0}), returned({0}));
}

// Everything that can hold the only reference, under collection before every allocation.
TEST(GcRun, roots_in_every_place) {
  World world(stressed());
  External callback = world.host({ValueType::ref(HeapType::Kind::any, true)},
                                 {ValueType::ref(HeapType::Kind::any, true)}, [&](ExecContext&, Slot*) {
                                   world.store->heap().collect();
                                   return true;
                                 });
  const External imports[] = {callback};
  Instance& instance = world.instantiate(R"((module
    (type $s (struct (field (mut i32)) (field (mut anyref))))
    (type $a (array (mut anyref)))
    (func $host (import "" "host") (param anyref) (result anyref))
    (global $g anyref (struct.new $s (i32.const 100) (array.new_fixed $a 2 (ref.i31 (i32.const 5)) (ref.null any))))
    (global $h anyref (global.get $g))
    (table $t 4 anyref (struct.new $s (i32.const 1000) (ref.i31 (i32.const 1))))
    (table $e 1 externref)
    (elem $seg (ref $s) (struct.new $s (i32.const 10000) (ref.null any)) (struct.new_default $s))
    (func $value (param anyref) (result i32) (struct.get $s 0 (ref.cast (ref $s) (local.get 0))))
    (func $make (param i32) (result (ref $s)) (struct.new $s (local.get 0) (struct.new_default $s)))
    (func $sum3 (param anyref anyref anyref) (result i32)
      (drop (call $make (i32.const 9)))
      (i32.add (call $value (local.get 0)) (i32.add (call $value (local.get 1)) (call $value (local.get 2)))))
    (func (export "operands") (result i32)
      (call $sum3 (call $make (i32.const 1)) (call $make (i32.const 2)) (call $make (i32.const 3))))
    (func (export "globals") (result i32) (call $value (global.get $h)))
    (func (export "tables") (result i32)
      (table.set $e (i32.const 0) (extern.convert_any (call $make (i32.const 7))))
      (table.fill $t (i32.const 1) (call $make (i32.const 20)) (i32.const 2))
      (i32.add (call $value (any.convert_extern (table.get $e (i32.const 0))))
        (i32.add (call $value (table.get $t (i32.const 0))) (call $value (table.get $t (i32.const 2))))))
    (func (export "segments") (result i32)
      (call $value (array.get $a (array.new_elem $a $seg (i32.const 0) (i32.const 2)) (i32.const 0))))
    (func (export "host") (result i32)
      (i32.add (call $value (call $make (i32.const 4))) (call $value (call $host (call $make (i32.const 5))))))
    (func (export "below") (result i32)
      (call $make (i32.const 6)) (call $host (ref.null any)) (drop) (call $value))))",
                                         imports);
  EXPECT_EQ(world.call(instance, "operands"), returned({6}));
  EXPECT_EQ(world.call(instance, "globals"), returned({100}));
  EXPECT_EQ(world.call(instance, "tables"), returned({1027}));
  EXPECT_EQ(world.call(instance, "segments"), returned({10'000}));
  EXPECT_EQ(world.call(instance, "host"), returned({9}));
  EXPECT_EQ(world.call(instance, "below"), returned({6}));
}

/// A cast reads a slot, and what uses its operand next an accumulator: the producer must fill both.
TEST(GcRun, casts_leave_their_operand_where_its_producer_put_it) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (type $s (sub (struct (field (mut i32)) (field (mut anyref)))))
    (func $make (param i32) (result (ref $s))
      (struct.new $s (i32.const 0) (struct.new $s (local.get 0) (ref.null any))))
    (func (export "cast") (param i32) (result i32) (local $r (ref $s))
      (local.set $r (call $make (local.get 0)))
      (drop (i32.add (i32.const 0x74) (local.get 0)))
      (struct.get $s 0 (ref.cast (ref null $s) (struct.get $s 1 (local.get $r)))))
    (func (export "non_null") (param i32) (result i32) (local $r (ref $s))
      (local.set $r (call $make (local.get 0)))
      (drop (i32.add (i32.const 0x74) (local.get 0)))
      (struct.get $s 0 (ref.cast (ref $s) (ref.as_non_null (struct.get $s 1 (local.get $r))))))
    (func (export "branch") (param i32) (result i32) (local $r (ref $s))
      (local.set $r (call $make (local.get 0)))
      (drop (i32.add (i32.const 0x74) (local.get 0)))
      (block $out (result anyref)
        (return (struct.get $s 0 (br_on_cast_fail $out anyref (ref $s) (struct.get $s 1 (local.get $r))))))
      (drop) (i32.const -1))))");
  for (const char* name : {"cast", "non_null", "branch"})
    EXPECT_EQ(world.call(instance, name, {42}), returned({42})) << name;
}

TEST(GcRun, branches_on_casts_carry_what_the_label_takes) {
  World world(stressed());
  Instance& instance = world.instantiate(R"((module
    (type $s (struct (field i32))) (type $a (array i8))
    (func $pick (param $which i32) (result anyref)
      (if (i32.eqz (local.get $which)) (then (return (struct.new $s (i32.const 11)))))
      (if (i32.eq (local.get $which) (i32.const 1)) (then (return (ref.i31 (i32.const -3)))))
      (if (i32.eq (local.get $which) (i32.const 2)) (then (return (array.new_default $a (i32.const 13)))))
      (ref.null any))
    (func (export "kind") (param $which i32) (result i32) (local $x i32)
      (local.set $x (i32.const 1000))
      (block $null (result i32 anyref)
        (block $array (result i32 (ref $a))
          (block $i31 (result i32 (ref i31))
            (block $struct (result i32 (ref $s))
              (local.get $x) (call $pick (local.get $which))
              (br_on_cast $struct anyref (ref $s))
              (br_on_cast $i31 anyref (ref i31))
              (br_on_cast_fail $null anyref (ref $a))
              (br $array))
            (struct.get $s 0) (i32.add) (return))
          (i31.get_s) (i32.add) (return))
        (array.len) (i32.add) (return))
      (drop) (drop) (i32.const -1))))");
  EXPECT_EQ(world.call(instance, "kind", {0}), returned({1011}));
  EXPECT_EQ(world.call(instance, "kind", {1}), returned({997}));
  EXPECT_EQ(world.call(instance, "kind", {2}), returned({1013}));
  EXPECT_EQ(world.call(instance, "kind", {3}), returned({0xffffffff}));
}

}  // namespace
}  // namespace heddle::engine
