// SPDX-License-Identifier: Apache-2.0
// Exceptions beyond the official suites: what stays as it was when one is caught, how far it goes, what is no
// exception.
#include <thread>

#include "engine/interpreter/disassemble.h"
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

constexpr ValueType kI32 = ValueType::Kind::i32;

TEST(exceptions, operands_below_the_label_are_kept) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i64))
    (func $throw (param i64) (throw $e (local.get 0)))
    (func (export "here") (param i32 f64 i64) (result f64) (local $r f64)
      (i32.add (local.get 0) (i32.const 1))
      (f64.mul (local.get 1) (f64.const 2))
      (f64.const 0.25)
      (local.get 1)
      (block $h (result i64)
        (i64.const 5)
        (try_table (catch $e $h) (throw $e (i64.add (local.get 2) (i64.const 1))))
        (unreachable))
      (f64.convert_i64_s)
      (f64.add) (f64.add) (f64.add) (local.set $r)
      (f64.convert_i32_s) (f64.add (local.get $r)))
    (func (export "called") (param i32 f64 i64) (result f64) (local $r f64)
      (i32.add (local.get 0) (i32.const 1))
      (f64.mul (local.get 1) (f64.const 2))
      (f64.const 0.25)
      (local.get 1)
      (block $h (result i64)
        (i64.const 5)
        (try_table (catch $e $h) (call $throw (i64.add (local.get 2) (i64.const 1))))
        (unreachable))
      (f64.convert_i64_s)
      (f64.add) (f64.add) (f64.add) (local.set $r)
      (f64.convert_i32_s) (f64.add (local.get $r)))))");
  const auto slot = [](double value) { return std::bit_cast<Slot>(value); };
  for (const char* name : {"here", "called"}) {
    EXPECT_EQ(world.call(instance, name, {3, slot(10), 6}), returned({slot(4 + 20 + 0.25 + 10 + 7)})) << name;
  }
}

TEST(exceptions, locals_have_their_latest_values) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e)
    (memory 1)
    (func $throw (throw $e))
    (func (export "run") (param $n i32) (result i32 i32 i64 f32)
      (local $i i32) (local $j i64) (local $k f32) (local $address i32)
      (block $h
        (try_table (catch_all $h)
          (loop $again
            (local.set $j (i64.add (local.get $j) (i64.const 3)))
            (local.set $k (f32.add (local.get $k) (f32.const 0.5)))
            (i32.store (local.get $address) (local.get $i))
            (local.set $address (i32.add (local.get $address) (i32.const 4)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (if (i32.eq (local.get $i) (local.get $n)) (then (call $throw)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))))
      (local.get $i) (local.get $address) (local.get $j) (local.get $k))))");
  EXPECT_EQ(world.call(instance, "run", {7}), returned({7, 28, 21, std::bit_cast<uint32_t>(3.5F)}));
  EXPECT_EQ(world.call(instance, "run", {0}).results[0], 1000u) << "nothing thrown";
}

TEST(exceptions, payloads_of_every_type) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (type $f (func))
    (tag $e (param i32 i64 f32 f64 funcref externref))
    (func $g (export "g"))
    (func $throw (param i32 i64 f32 f64 externref)
      (throw $e (local.get 0) (local.get 1) (local.get 2) (local.get 3) (ref.func $g) (local.get 4)))
    (func (export "run") (param i32 i64 f32 f64 externref) (result i32 i64 f32 f64 funcref externref)
      (block $h (result i32 i64 f32 f64 funcref externref)
        (try_table (catch $e $h)
          (call $throw (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
        (unreachable)))))");
  const Slot function = reinterpret_cast<Slot>(&world.function(instance, "g"));
  const Outcome outcome = world.call(instance, "run", {1, 2, 3, 4, 40});
  EXPECT_EQ(outcome, returned({1, 2, 3, 4, function, 40}));
}

TEST(exceptions, a_clause_may_return) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $one (param i32))
    (tag $two (param i32 f64))
    (func (export "one") (param i32) (result i32)
      (try_table (catch $one 0) (throw $one (i32.add (local.get 0) (i32.const 1))))
      (i32.const 7))
    (func (export "two") (param i32) (result i32 f64)
      (i32.const 50)
      (try_table (catch $two 0)
        (if (local.get 0) (then (throw $two (local.get 0) (f64.const 2)))))
      (f64.const 3))
    (func (export "legacy") (param i32) (result i32)
      (try (do (throw $one (local.get 0))) (catch $one (br 1)))
      (i32.const 7))))");
  EXPECT_EQ(world.call(instance, "one", {4}), returned({5}));
  EXPECT_EQ(world.call(instance, "two", {4}), returned({4, std::bit_cast<Slot>(2.0)}));
  EXPECT_EQ(world.call(instance, "two", {0}), returned({50, std::bit_cast<Slot>(3.0)}));
  EXPECT_EQ(world.call(instance, "legacy", {4}), returned({4}));
}

TEST(exceptions, a_clause_may_lead_to_a_loop) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i32 i32))
    (func (export "run") (param $n i32) (result i32)
      (i32.const 0) (i32.const 0)
      (loop $again (param i32 i32) (result i32)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (param i32 i32) (result i32) (i32.eqz (local.get $n))
          (then (i32.add))
          (else
            (try_table (param i32 i32) (result i32) (catch $e $again)
              (i32.const 3) (i32.add)
              (throw $e)))))))
  )");
  EXPECT_EQ(world.call(instance, "run", {11}), returned({30}));
}

constexpr std::string_view kDeep = R"((module
  (tag $e (param i32))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 77))))
    (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
  (func $rethrown (param i32) (result i32)
    (block $h (result exnref)
      (try_table (catch_all_ref $h)
        (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 78))))
        (return (call $rethrown (i32.sub (local.get 0) (i32.const 1)))))
      (unreachable))
    (throw_ref))
  (func (export "top") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (drop (call $down (local.get 0))))
      (i32.const -1)))
  (func (export "chain") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (drop (call $rethrown (local.get 0))))
      (i32.const -1)))))";

TEST(exceptions, through_a_hundred_thousand_frames) {
  World world({.limits = {.stack_bytes = 64 << 20}});
  Instance& instance = world.instantiate(kDeep);
  EXPECT_EQ(world.call(instance, "top", {100'000}), returned({77}));
  EXPECT_EQ(world.call(instance, "down", {100'000}), trapped(TrapKind::exception));
  EXPECT_EQ(world.trap.frames.size(), 64u);
  EXPECT_EQ(world.trap.omitted_frames, 100'001u - 64);
  EXPECT_EQ(world.trap.frames[0].function, "down");
  EXPECT_EQ(world.call(instance, "top", {5}), returned({77})) << "the store goes on";
}

TEST(exceptions, caught_and_thrown_again_in_every_frame) {
  World world({.limits = {.stack_bytes = 64 << 20}});
  Instance& instance = world.instantiate(kDeep);
  EXPECT_EQ(world.call(instance, "chain", {100'000}), returned({78}));
}

TEST(exceptions, nothing_else_is_caught) {
  World world({.fuel = true});
  world.store->context().fuel = 1'000'000;
  Instance& instance = world.instantiate(R"((module
    (func $recurse (call $recurse) (call $recurse))
    (func $burn (loop $l (br $l)))
    (func (export "run") (param i32) (local $null exnref)
      (block $h
        (try_table (catch_all $h)
          (block $4 (block $3 (block $2 (block $1 (block $0
            (br_table $0 $1 $2 $3 $4 (local.get 0)))
            unreachable)
            (drop (i32.div_u (i32.const 1) (i32.const 0))) (return))
            (call $recurse) (return))
            (call $burn) (return))
          (throw_ref (local.get $null)))))))");
  const TrapKind kinds[] = {TrapKind::unreachable, TrapKind::integer_divide_by_zero,
                            TrapKind::call_stack_exhausted, TrapKind::out_of_fuel, TrapKind::null_reference};
  for (Slot i = 0; i < std::size(kinds); ++i) {
    world.store->context().fuel = 1'000'000;
    EXPECT_EQ(world.call(instance, "run", {i}), trapped(kinds[i])) << i;
  }
}

/// Fault checklist, row 22: stale exnrefs.
TEST(exceptions, references_outlive_whoever_caught_them) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i32))
    (global $kept (mut exnref) (ref.null exn))
    (table $many 2 exnref)
    (func (export "keep") (param i32)
      (block $h (result exnref)
        (try_table (catch_all_ref $h) (throw $e (local.get 0)))
        (unreachable))
      (global.set $kept)
      (table.set $many (i32.const 1) (global.get $kept)))
    (func $again (param $from i32)
      (if (local.get $from) (then (throw_ref (table.get $many (local.get $from)))))
      (throw_ref (global.get $kept)))
    (func (export "again") (param i32) (result i32)
      (block $h (result i32) (try_table (catch $e $h) (call $again (local.get 0))) (i32.const -1)))))");
  EXPECT_EQ(world.call(instance, "again", {0}), trapped(TrapKind::null_reference));
  for (Slot value = 1; value < 100; ++value) {
    EXPECT_EQ(world.call(instance, "keep", {value}), returned({}));
    EXPECT_EQ(world.call(instance, "again", {1}), returned({value}));
    EXPECT_EQ(world.call(instance, "again", {0}), returned({value})) << "thrown twice";
  }
  EXPECT_EQ(world.call(instance, "again", {2}), trapped(TrapKind::table_out_of_bounds));
}

/// Fault checklist, row 22: a million throws.
TEST(exceptions, a_million_of_them_need_no_more_room_than_one) {
  World world({.limits = {.gc_bytes = 4 << 20}});
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i64 i64))
    (func (export "run") (param $n i64) (result i64)
      (local $sum i64)
      (loop $again
        (block $h (result i64 i64)
          (try_table (catch $e $h) (throw $e (local.get $n) (i64.const 1)))
          (unreachable))
        (local.set $sum (i64.add (i64.add (local.get $sum))))
        (br_if $again (i32.wrap_i64 (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))
      (local.get $sum))))");
  EXPECT_EQ(world.call(instance, "run", {1'000'000}), returned({500'001'500'000}));
}

/// Fault checklist, row 22: a full heap.
TEST(exceptions, without_room_for_one_the_guest_traps) {
  World world({.limits = {.gc_bytes = 1 << 20}});
  Instance& instance = world.instantiate(R"((module
    (tag $link (param exnref i64))
    (global $chain (mut exnref) (ref.null exn))
    (func (export "grow")
      (loop $again
        (block $h (result exnref)
          (try_table (catch_all_ref $h) (throw $link (global.get $chain) (i64.const 1)))
          (unreachable))
        (global.set $chain)
        (br $again)))
    (func (export "length") (result i64) (local $n i64)
      (loop $again
        (if (ref.is_null (global.get $chain)) (then (return (local.get $n))))
        (block $h (result exnref i64)
          (try_table (catch $link $h) (throw_ref (global.get $chain)))
          (unreachable))
        (local.set $n (i64.add (local.get $n)))
        (global.set $chain)
        (br $again))
      (unreachable))))");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(world.call(instance, "grow"), trapped(TrapKind::out_of_memory));
    const Outcome length = world.call(instance, "length");
    EXPECT_EQ(length.trap, TrapKind::none);
    EXPECT_GT(length.results[0], 10'000u) << "nothing that is referred to was lost";
  }
}

TEST(exceptions, payloads_survive_collections) {
  const World first;
  first.engine->gc_stress = true;
  World world(first.engine);
  Instance& instance = world.instantiate(R"((module
    (type $s (struct (field (mut i32)) (field (ref null $s))))
    (tag $e (param (ref $s) externref i32))
    (func $garbage (param i32) (result (ref $s))
      (loop $l
        (drop (struct.new $s (i32.const -1) (ref.null $s)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (struct.new $s (i32.const 3) (ref.null $s)))
    (func $throw (param i32)
      (throw $e
        (struct.new $s (local.get 0) (struct.new $s (i32.const 1000) (call $garbage (i32.const 9))))
        (extern.convert_any (struct.new $s (i32.const 50) (ref.null $s)))
        (i32.const 7)))
    (func (export "run") (param i32) (result i32)
      (local $x exnref) (local $y externref) (local $z (ref null $s))
      (block $h (result (ref $s) externref i32 exnref)
        (try_table (catch_ref $e $h) (call $throw (local.get 0)))
        (unreachable))
      (local.set $x)
      (drop) (drop) (drop)
      (drop (call $garbage (i32.const 20)))
      (block $h (result (ref $s) externref i32)
        (try_table (catch $e $h) (throw_ref (local.get $x)))
        (unreachable))
      (drop (call $garbage (i32.const 20)))
      (local.set 0) (local.set $y) (local.set $z)
      (i32.add (local.get 0)
        (i32.add
          (struct.get $s 0 (ref.cast (ref $s) (any.convert_extern (local.get $y))))
          (struct.get $s 0 (struct.get $s 1 (struct.get $s 1 (local.get $z)))))))))");
  EXPECT_EQ(world.call(instance, "run", {5}), returned({7 + 50 + 3}));
}

/// A catch that leads back to its own throw passes no branch.
constexpr std::string_view kForever = R"((module
  (tag $e)
  (func (export "run") (loop $again (try_table (catch_all $again) (throw $e)))) ))";

TEST(exceptions, an_endless_catch_can_be_interrupted) {
  World world;
  Instance& instance = world.instantiate(kForever);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    world.store->interrupt();
  });
  EXPECT_EQ(world.call(instance, "run"), trapped(TrapKind::interrupted));
  stopper.join();
}

TEST(exceptions, an_endless_catch_burns_fuel) {
  World world({.fuel = true});
  world.store->context().fuel = 1000;
  EXPECT_EQ(world.call(world.instantiate(kForever), "run"), trapped(TrapKind::out_of_fuel));
}

TEST(exceptions, catchers_get_their_instance_and_memory_back) {
  World world;
  Instance& thrower = world.instantiate(R"((module
    (tag (export "tag") (param i32))
    (memory (data "\05"))
    (func (export "throw") (param i32)
      (throw 0 (i32.add (local.get 0) (i32.load8_u (i32.const 0)))))
    (func $tail (export "tail") (param i32) (return_call 0 (local.get 0)))
    (func (export "tail again") (param i32) (return_call $tail (local.get 0)))))");
  const External imports[] = {world.exported(thrower, "tag"), world.exported(thrower, "throw"),
                              world.exported(thrower, "tail"), world.exported(thrower, "tail again")};
  Instance& catcher = world.instantiate(R"((module
    (type $f (func (param i32)))
    (import "" "tag" (tag $e (param i32)))
    (import "" "throw" (func $throw (type $f)))
    (import "" "tail" (func $tail (type $f)))
    (import "" "again" (func $again (type $f)))
    (tag $own (param i32))
    (global $g (mut i32) (i32.const 100))
    (memory (data "\07"))
    (table $t funcref (elem $throw $tail $again $hand_on))
    (func $hand_on (param i32) (return_call $throw (local.get 0)))
    (func (export "run") (param i32 i32) (result i32)
      (block $h (result i32)
        (block $never (result i32)
          (try_table (catch $own $never) (catch $e $h)
            (call_indirect $t (type $f) (local.get 1) (local.get 0)))
          (i32.const -1))
        (unreachable))
      (i32.add (i32.load8_u (i32.const 0)))
      (i32.add (global.get $g)))
    (func $inner (param i32) (try_table (call $throw (local.get 0))))
    (func (export "nested") (param i32) (result i32)
      (block $h (result i32)
        (try_table (catch $e $h) (call $inner (local.get 0)))
        (i32.const -1))
      (i32.add (i32.load8_u (i32.const 0)))) ))",
                                        imports);
  for (Slot i = 0; i < 4; ++i) {
    EXPECT_EQ(world.call(catcher, "run", {i, 1000}), returned({1000 + 5 + 7 + 100})) << i;
  }
  EXPECT_EQ(world.call(catcher, "nested", {1000}), returned({1000 + 5 + 7}));
}

/// Direct calls have no reload behind them there, and name their frame's header themselves.
TEST(exceptions, pass_through_modules_that_catch_nothing) {
  World world({.limits = {.stack_bytes = 16 << 20}});
  Instance& thrower = world.instantiate(R"((module
    (tag (export "tag") (param i32))
    (func (export "throw") (param i32) (throw 0 (local.get 0)))))");
  const External from_thrower[] = {world.exported(thrower, "throw")};
  Instance& middle = world.instantiate(R"((module
    (import "" "throw" (func $throw (param i32)))
    (type $f (func (param i32)))
    (table $t funcref (elem $down))
    (func $down (export "down") (param i32) (local i64 i64)
      (if (i32.eqz (local.get 0)) (then (call $throw (i32.const 40))))
      (if (i32.and (local.get 0) (i32.const 1))
        (then (call $down (i32.sub (local.get 0) (i32.const 1))))
        (else (call_indirect $t (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
      (unreachable))))",
                                       from_thrower);
  const External imports[] = {world.exported(thrower, "tag"), world.exported(middle, "down")};
  Instance& catcher = world.instantiate(R"((module
    (import "" "tag" (tag $e (param i32)))
    (import "" "down" (func $down (param i32)))
    (func (export "run") (param i32) (result i32) (local $kept i32)
      (local.set $kept (i32.const 2))
      (block $h (result i32)
        (try_table (catch $e $h) (call $down (local.get 0)))
        (i32.const -1))
      (i32.add (local.get $kept)))))",
                                        imports);
  for (const Slot depth : {0, 1, 2, 9, 10, 50'000}) {
    EXPECT_EQ(world.call(catcher, "run", {depth}), returned({42})) << depth;
  }
  EXPECT_EQ(world.call(middle, "down", {3}), trapped(TrapKind::exception));
  ASSERT_EQ(world.trap.frames.size(), 5u);
  EXPECT_EQ(world.trap.frames[4].function, "down");
}

TEST(exceptions, tags_of_two_instances_of_one_module_differ) {
  World world;
  const auto module = world.load(R"((module
    (import "" "other" (func $other))
    (tag $e)
    (func $throw (export "throw") (throw $e))
    (func (export "run") (result i32)
      (block $mine (block $others
        (try_table (catch $e $mine) (catch_all $others) (call $other))
        (return (i32.const 0)))
        (return (i32.const 1)))
      (i32.const 2))))");
  const External nothing[] = {world.host({}, {}, [](ExecContext&, Slot*) { return true; })};
  Instance& first = world.instantiate(module, nothing);
  const External throws[] = {world.exported(first, "throw")};
  Instance& second = world.instantiate(module, throws);
  EXPECT_EQ(world.call(first, "run"), returned({0}));
  EXPECT_EQ(world.call(second, "run"), returned({1}));
}

/// Fault checklist, row 22: uncaught.
TEST(exceptions, an_uncaught_one_says_where_it_was_thrown) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i32))
    (func $inner (throw $e (i32.const 4)))
    (func $middle (try_table (call $inner)))
    (func (export "outer") (call $middle))
    (func (export "again") (result exnref)
      (block $h (result exnref) (try_table (catch_all_ref $h) (call $middle)) (unreachable))
      (throw_ref))))");
  EXPECT_EQ(world.call(instance, "outer"), trapped(TrapKind::exception));
  ASSERT_EQ(world.trap.frames.size(), 3u);
  EXPECT_EQ(world.trap.frames[0].function, "inner");
  EXPECT_EQ(world.trap.frames[2].function, "outer");
  gc::Exception* exception = world.store->take_exception();
  ASSERT_NE(exception, nullptr);
  EXPECT_EQ(tag_name(tag_of(*exception)), "e");
  EXPECT_EQ(*exception->payload(), 4u);
  EXPECT_EQ(world.call(instance, "again"), trapped(TrapKind::exception));
  ASSERT_EQ(world.trap.frames.size(), 1u) << "from where it was thrown last";
  EXPECT_EQ(world.trap.frames[0].function, "again");
}

/// Fault checklist, row 22: in a start function.
TEST(exceptions, a_start_function_may_throw) {
  World world;
  world.instantiate("(module (tag $e) (func $f (throw $e)) (start $f))");
  EXPECT_EQ(world.trap.kind, TrapKind::exception);
  ASSERT_EQ(world.trap.frames.size(), 1u);
}

/// Fault checklist, row 22: through the host.
TEST(exceptions, host_functions_pass_swallow_and_throw) {
  World world;
  Function* guest = nullptr;
  bool swallow = false;
  auto call_guest = world.host({kI32}, {kI32}, [&](ExecContext& context, Slot* slots) {
    Trap trap;
    if (world.store->call(*guest, {slots, 1}, &trap)) return true;
    slots[0] = 55;
    return swallow || context.fail(trap.kind, trap.message);
  });
  auto liar = world.host({}, {}, [](ExecContext& context, Slot*) {
    context.exception = nullptr;
    return context.fail(TrapKind::exception);
  });
  const External imports[] = {call_guest, liar};
  Instance& instance = world.instantiate(R"((module
    (import "" "host" (func $host (param i32) (result i32)))
    (import "" "liar" (func $liar))
    (tag $e (param i32))
    (func (export "throw") (param i32) (result i32) (throw $e (i32.mul (local.get 0) (i32.const 2))))
    (func $through (param i32) (result i32) (i32.add (call $host (local.get 0)) (i32.const 1)))
    (func $tail (param i32) (result i32) (return_call $host (local.get 0)))
    (func (export "run") (param i32) (result i32)
      (block $h (result i32) (try_table (result i32) (catch $e $h) (call $through (local.get 0)))))
    (func (export "tail") (param i32) (result i32)
      (block $h (result i32) (try_table (result i32) (catch $e $h) (call $tail (local.get 0)))))
    (func (export "liar") (block $h (try_table (catch_all $h) (call $liar))))))",
                                         imports);
  guest = &world.function(instance, "throw");
  EXPECT_EQ(world.call(instance, "run", {21}), returned({42}));
  EXPECT_EQ(world.call(instance, "tail", {22}), returned({44}));
  EXPECT_EQ(world.call(instance, "liar"), trapped(TrapKind::exception)) << "caught by none, no harm done";
  swallow = true;
  EXPECT_EQ(world.call(instance, "run", {21}), returned({56}));
  EXPECT_EQ(world.store->context().trap.kind, TrapKind::none);
}

TEST(exceptions, in_unreachable_code) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $e (param i32))
    (func (export "run") (result i32)
      (return (i32.const 9))
      (try (do (try (do (throw 0 (i32.const 1))) (catch 0 (drop)) (catch_all (rethrow 0))))
        (catch 0 (drop) (try (do) (delegate 0))))
      (block $h (result i32 exnref)
        (try_table (catch_ref 0 $h) (throw_ref (ref.null exn)))
        (unreachable))
      (throw_ref))))");
  EXPECT_EQ(world.call(instance, "run"), returned({9}));
}

TEST(exceptions, legacy_arms_keep_operands_and_their_exception) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (tag $a (param i32 i64))
    (tag $b)
    (func $throw (param i32) (if (local.get 0) (then (throw $a (i32.const 1) (i64.const 2)))) (throw $b))
    (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
    (func (export "run") (param i32) (result i32 i64 i32)
      (i32.add (local.get 0) (i32.const 100))
      (try (result i64 i32)
        (do (call $throw (local.get 0)) (i64.const 0) (i32.const 0))
        (catch $a (call $swap))
        (catch_all (i64.const 10) (i32.const 11))))
    (func (export "rethrow") (param i32) (result i32)
      (try (result i32)
        (do
          (try (result i32)
            (do (call $throw (i32.const 1)) (i32.const 0))
            (catch $a
              (drop) (drop)
              (try (result i32)
                (do (call $throw (i32.const 0)) (i32.const 0))
                (catch_all
                  (if (local.get 0) (then (rethrow 1)))
                  (rethrow 1))))))
        (catch $a (drop))
        (catch $b (i32.const 77))))))");
  EXPECT_EQ(world.call(instance, "run", {1}), returned({101, 2, 1}));
  EXPECT_EQ(world.call(instance, "run", {0}), returned({100, 10, 11}));
  EXPECT_EQ(world.call(instance, "rethrow", {1}), returned({77}));
  EXPECT_EQ(world.call(instance, "rethrow", {0}), returned({1}));
}

/// A listing without what only a throw reads: the regions, and where sites say they are.
std::string without_regions(const std::string& listing) {
  std::string kept;
  for (size_t begin = 0; begin < listing.size();) {
    const size_t end = listing.find('\n', begin);
    const std::string line = listing.substr(begin, end - begin);
    if (line.find("catch_region") == std::string::npos)
      kept += line.substr(0, line.find(", catch by")) + "\n";
    begin = end + 1;
  }
  return kept;
}

/// The tail call makes calls outside of try blocks have reloads, too.
TEST(exceptions, a_try_block_is_no_instruction) {
  constexpr std::string_view kSource = R"((module
    (tag $e)
    (func $callee (param i32) (result i32) (local.get 0))
    (func (param i32 f64) (result f64) (local i32)
      (f64.add (local.get 1) (f64.const 1))
      (loop $again (param f64) (result f64)
        (block $out
          (TRY
            (br_if $out (i32.eqz (local.get 0)))
            (local.set 2 (i32.add (call $callee (local.get 0)) (local.get 2)))
            (i32.store (local.get 2) (call $callee (i32.const 3)))))
        (f64.mul (local.get 1))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (try_table (catch_all 0)))
    (func (result i32) (return_call $callee (i32.const 0)))
    (memory 1)))";
  std::string listings[2];
  for (int i = 0; i < 2; ++i) {
    std::string text(kSource);
    text.replace(text.find("TRY"), 3, i == 0 ? "block" : "try_table (catch $e $out) (catch_all $out)");
    const World world({.fuel = true});
    listings[i] = disassemble(*world.load(text), 1);
  }
  EXPECT_NE(listings[1].find("catch_region"), std::string::npos);
  EXPECT_EQ(listings[0], without_regions(listings[1]));
}

/// A function that throws inside `depth` blocks.
std::string nested(std::string_view open, std::string_view inner, std::string_view close, int depth) {
  std::string text = "(module (tag $e) (func (export \"run\") (result i32) ";
  for (int i = 0; i < depth; ++i) text += open;
  text += inner;
  for (int i = 0; i < depth; ++i) text += close;
  return text + "i32.const 5))";
}

TEST(exceptions, deep_nesting_is_no_recursion) {
  World world;
  Instance& tables =
      world.instantiate(nested("block try_table (catch_all 0) ", "throw $e ", "end end throw $e ", 20'000));
  EXPECT_EQ(world.call(tables, "run"), trapped(TrapKind::exception));
  // Each hands on to the one around it, and all the throws in there find the end of the chain at once.
  std::string throws;
  for (int i = 0; i < 20'000; ++i) throws += "block local.get 0 br_if 0 throw $e end ";
  std::string text = nested("try ", throws, "delegate 0 ", 20'000);
  text.replace(text.find("(result"), 0, "(param i32) ");
  Instance& delegates = world.instantiate(text);
  EXPECT_EQ(world.call(delegates, "run", {0}), trapped(TrapKind::exception));
  EXPECT_EQ(world.call(delegates, "run", {1}), returned({5}));
}

}  // namespace
}  // namespace heddle::engine
