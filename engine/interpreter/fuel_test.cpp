// SPDX-License-Identifier: Apache-2.0
// Fuel: what runs out, where, that it is the same every time, and that slices of it change nothing.
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

constexpr std::string_view kCount = R"((module
  (global $rounds (export "rounds") (mut i64) (i64.const 0))
  (memory 1)
  (func $work (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))
  (func (export "count") (param $n i32) (result i32) (local $i i32) (local $x i32)
    (block $out (loop $l
      (global.set $rounds (i64.add (global.get $rounds) (i64.const 1)))
      (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $x (call $work (i32.add (local.get $x) (local.get $i))))
      (i32.store (i32.const 8) (local.get $x))
      (if (i32.and (local.get $x) (i32.const 1)) (then (local.set $x (i32.shr_u (local.get $x) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l)))
    (local.get $x)))
)";

constexpr std::string_view kNothing = "(module (func (export \"f\")))";

struct Fuelled {
  explicit Fuelled(std::string_view text) : world({.fuel = true}), instance(&world.instantiate(text)) {}

  Outcome run(int64_t fuel, std::string_view name, std::initializer_list<Slot> arguments = {}) {
    world.store->context().set_fuel(fuel);
    return world.call(*instance, name, arguments);
  }
  [[nodiscard]] int64_t left() const { return world.store->context().fuel_left(); }

  World world;
  Instance* instance;
};

TEST(interpreter_fuel, none_runs_nothing) {
  Fuelled fuelled(kCount);
  EXPECT_EQ(fuelled.run(0, "count", {1}), trapped(TrapKind::out_of_fuel));
  EXPECT_EQ(fuelled.world.exported(*fuelled.instance, "rounds").global->value[0], 0u);
  EXPECT_EQ(fuelled.world.trap.message, "all fuel consumed");
  ASSERT_EQ(fuelled.world.trap.frames.size(), 1u);
  Fuelled nothing(kNothing);
  EXPECT_EQ(nothing.run(0, "f"), trapped(TrapKind::out_of_fuel));
  EXPECT_EQ(nothing.run(1, "f"), returned({}));
}

TEST(interpreter_fuel, is_counted_exactly_and_stops_at_the_same_place) {
  constexpr int64_t kPlenty = 1'000'000;
  Fuelled first(kCount);
  const Outcome result = first.run(kPlenty, "count", {20});
  EXPECT_EQ(result.trap, TrapKind::none);
  const int64_t cost = kPlenty - first.left();
  EXPECT_GT(cost, 20 * 20);
  EXPECT_LT(cost, 20 * 40);
  EXPECT_EQ(first.run(cost, "count", {20}), result);
  EXPECT_EQ(first.left(), 0);
  EXPECT_EQ(first.run(cost - 1, "count", {20}), trapped(TrapKind::out_of_fuel));

  for (int64_t fuel = 0; fuel < cost; fuel += 7) {
    Fuelled a(kCount), b(kCount);
    (void)b.world.load(kNothing);
    EXPECT_EQ(a.run(fuel, "count", {20}), trapped(TrapKind::out_of_fuel));
    EXPECT_EQ(b.run(fuel, "count", {20}), trapped(TrapKind::out_of_fuel));
    EXPECT_EQ(a.left(), b.left()) << fuel;
    EXPECT_EQ(a.world.trap.to_string(), b.world.trap.to_string()) << fuel;
    EXPECT_EQ(a.world.exported(*a.instance, "rounds").global->value[0],
              b.world.exported(*b.instance, "rounds").global->value[0]);
  }
}

TEST(interpreter_fuel, more_of_it_goes_further) {
  Slot last = 0;
  for (int64_t fuel = 0; fuel < 2000; fuel += 50) {
    Fuelled fuelled(kCount);
    (void)fuelled.run(fuel, "count", {1000});
    const Slot rounds = fuelled.world.exported(*fuelled.instance, "rounds").global->value[0];
    EXPECT_GE(rounds, last);
    last = rounds;
  }
  EXPECT_GT(last, 20u);
}

TEST(interpreter_fuel, the_largest_amount_does_not_overflow) {
  Fuelled fuelled(kCount);
  EXPECT_EQ(fuelled.run(INT64_MAX, "count", {5}).trap, TrapKind::none);
  EXPECT_LT(fuelled.left(), INT64_MAX);
  EXPECT_GT(fuelled.left(), INT64_MAX - 1000);
}

/// Every construct that can run for ever runs out.
TEST(interpreter_fuel, ends_whatever_runs_for_ever) {
  Fuelled fuelled(R"((module (type $f (func))
    (table funcref (elem $tail_indirect))
    (func (export "loop") (loop (br 0)))
    (func (export "loop with values") (param i32) (i32.const 1) (loop (param i32) (br 0)))
    (func (export "br_if") (loop (br_if 0 (i32.const 1))))
    (func (export "br_table") (loop (br_table 0 0 0 (i32.const 1))))
    (func (export "counter") (local i32)
      (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2))) (i32.const 1)))))
    (func $tail (export "return_call") (return_call $tail))
    (func $tail_indirect (export "return_call_indirect") (return_call_indirect (type $f) (i32.const 0)))
    (func $tail_reference (export "return_call_ref") (return_call_ref $f (ref.func $tail_reference)))
    (func (export "nested") (loop (loop (loop (br 2))))) (elem declare func $tail_reference)))");
  for (const char* name : {"loop", "br_if", "br_table", "counter", "return_call", "return_call_indirect",
                           "return_call_ref", "nested"}) {
    EXPECT_EQ(fuelled.run(100'000, name), trapped(TrapKind::out_of_fuel)) << name;
    EXPECT_LT(fuelled.left(), 100) << name;
  }
  EXPECT_EQ(fuelled.run(100'000, "loop with values", {1}), trapped(TrapKind::out_of_fuel));
}

TEST(interpreter_fuel, changes_no_result) {
  Fuelled with(kCount);
  World without;
  Instance& instance = without.instantiate(kCount);
  for (Slot n = 0; n < 50; ++n) {
    EXPECT_EQ(with.run(INT64_MAX, "count", {n}), without.call(instance, "count", {n}));
  }
}

/// Grants slices of one length.
struct Slices final : Refueler {
  explicit Slices(int64_t units) : length(units) {}
  int64_t next_slice() noexcept override {
    ++asked;
    if (as_asked) as_asked();
    return length;
  }

  const int64_t length;
  int64_t asked = 0;
  std::function<void()> as_asked;
};

TEST(interpreter_fuel, slices_change_neither_results_nor_what_is_left_nor_where_it_ends) {
  for (const int64_t length : {INT64_MIN, int64_t{0}, int64_t{1}, int64_t{7}, int64_t{100}, INT64_MAX}) {
    SCOPED_TRACE(length);
    Slices slices(length);
    Fuelled whole(kCount), sliced(kCount);
    sliced.world.store->context().set_refueler(&slices);
    EXPECT_EQ(sliced.left(), 0);
    for (const int64_t fuel : {int64_t{0}, int64_t{1}, int64_t{333}, int64_t{500}, INT64_MAX}) {
      EXPECT_EQ(sliced.run(fuel, "count", {20}), whole.run(fuel, "count", {20})) << fuel;
      EXPECT_EQ(sliced.left(), whole.left()) << fuel;
      EXPECT_EQ(sliced.world.trap.to_string(), whole.world.trap.to_string()) << fuel;
    }
  }
}

TEST(interpreter_fuel, a_refueler_is_asked_after_every_slice) {
  Fuelled fuelled(kCount);
  const auto asked_with = [&](int64_t length) {
    Slices slices(length);
    fuelled.world.store->context().set_refueler(&slices);
    EXPECT_EQ(fuelled.run(INT64_MAX, "count", {100}).trap, TrapKind::none);
    fuelled.world.store->context().set_refueler(nullptr);
    return slices.asked;
  };
  const int64_t cost = INT64_MAX - (fuelled.run(INT64_MAX, "count", {100}), fuelled.left());
  const int64_t each_stretch = asked_with(1);
  EXPECT_GE(each_stretch, 300) << "each round has at least three stretches";
  EXPECT_LT(each_stretch, cost);
  const int64_t each_fifty = asked_with(50);
  EXPECT_GE(each_fifty, cost / 50);
  EXPECT_LT(each_fifty, each_stretch / 2);
  EXPECT_EQ(asked_with(INT64_MAX), 1);
  EXPECT_EQ(fuelled.left(), INT64_MAX - cost) << "what is left survives the refueler";
}

TEST(interpreter_fuel, without_enough_of_it_nobody_is_asked) {
  Fuelled fuelled(kNothing);
  Slices slices(1);
  fuelled.world.store->context().set_refueler(&slices);
  EXPECT_EQ(fuelled.run(0, "f"), trapped(TrapKind::out_of_fuel));
  EXPECT_EQ(slices.asked, 0);
}

constexpr std::string_view kAtomics = R"((module
  (import "" "add" (func $add (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "f") (result i32)
    (i32.atomic.store (i32.const 0) (i32.const 10))
    (i32.atomic.store (i32.const 0) (i32.add (i32.atomic.load (i32.const 0)) (i32.const 1)))
    (atomic.fence)
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 5) (i64.const 0)))
    (i32.add (i32.atomic.rmw.add (i32.const 0) (i32.const 1))
             (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 12) (i32.const 13)))
    (call $add (call $add (i32.const 1)))
    (drop))))";

TEST(interpreter_fuel, others_may_come_between_any_two_atomics_or_calls_of_the_host) {
  for (const bool preempt : {false, true}) {
    World world({.fuel = true, .preempt_at_atomics = preempt});
    std::shared_ptr<Memory> memory;
    const External imports[] = {world.host({ValueType(ValueType::Kind::i32)},
                                           {ValueType(ValueType::Kind::i32)}, [&](ExecContext&, Slot* slots) {
                                             *reinterpret_cast<uint32_t*>(memory->base()) += 1;
                                             slots[0] += 1;
                                             return true;
                                           })};
    Instance& instance = world.instantiate(kAtomics, imports);
    memory = world.exported(instance, "memory").memory;
    std::vector<uint32_t> seen;
    Slices slices(1);
    slices.as_asked = [&] { seen.push_back(*reinterpret_cast<const uint32_t*>(memory->base())); };
    world.store->context().set_fuel(INT64_MAX);
    world.store->context().set_refueler(&slices);
    EXPECT_EQ(world.call(instance, "f"), returned({11 + 12}));
    world.store->context().set_refueler(nullptr);
    const std::vector<uint32_t> after_each = {0, 10, 10, 11, 11, 11, 11, 12, 13, 14, 15};
    EXPECT_EQ(seen, preempt ? after_each : std::vector<uint32_t>{0});
  }
}

TEST(interpreter_fuel, a_start_function_needs_some) {
  World world({.fuel = true});
  world.instantiate("(module (func $f) (start $f))");
  EXPECT_EQ(world.trap.kind, TrapKind::out_of_fuel);
  world.store->context().fuel = 10;
  world.instantiate("(module (func $f) (start $f))");
  EXPECT_EQ(world.trap.kind, TrapKind::none);
}

}  // namespace
}  // namespace heddle::engine
