// SPDX-License-Identifier: Apache-2.0
// Guests do the same in compiled code as in the interpreter, however functions of both call each other.
#include <thread>

#include "engine/api/access.h"
#include "engine/runtime/store.h"
#include "jit/tiering/test_tiers.h"

namespace heddle::jit {

namespace {

/// Every mode gives the same as the interpreter. `call` makes the text.
void expect_alike(uint32_t functions, const std::function<std::string(TierWorld&)>& call,
                  const Config& base = {}, const StoreLimits& limits = {}) {
  std::string expected;
  for (Mode mode : all_modes(functions)) {
    SCOPED_TRACE(mode.name);
    mode.config.gc_stress = base.gc_stress;
    mode.config.memory_mode = base.memory_mode;
    TierWorld world(mode, limits);
    const std::string text = call(world);
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected);
  }
}

constexpr std::string_view kTraps = R"((module
  (memory 1)
  (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $load (param i32) (result i32) (i32.load offset=8 (local.get 0)))
  (func $stop (unreachable))
  (func $choose (param i32) (result i32)
    (block (block (block (block (br_table 0 1 2 3 (local.get 0)))
      (return (call $divide (i32.const 7) (i32.const 0))))
      (return (call $divide (i32.const 0x80000000) (i32.const -1))))
      (return (call $load (i32.const 65530))))
    (call $stop) (i32.const 0))
  (func $run (export "run") (param i32) (result i32) (i32.add (call $choose (local.get 0)) (i32.const 1)))))";

TEST(tiers, traps_have_the_same_kind_place_and_frames) {
  for (const MemoryMode memory : {MemoryMode::automatic, MemoryMode::checked}) {
    for (int32_t which = 0; which < 4; ++which) {
      Config config;
      config.memory_mode = memory;
      expect_alike(
          5,
          [&](TierWorld& world) {
            return describe(world.instantiate(kTraps).function("run")->call({which}));
          },
          config);
    }
  }
}

constexpr std::string_view kValues = R"((module
  (func $mix (param i32 i64 f32 f64 i32 i64 i32 i64 i32 i64 i32 f64 f64 f64 f64 f64 f64 f64 f64) (result i64 f64 i32 f32)
    (i64.add (local.get 1) (i64.add (local.get 5) (i64.add (local.get 7) (i64.add (local.get 9)
      (i64.extend_i32_u (i32.add (local.get 0) (i32.add (local.get 4) (i32.add (local.get 6)
        (i32.add (local.get 8) (local.get 10))))))))))
    (f64.add (local.get 3) (f64.add (local.get 11) (f64.add (local.get 17) (local.get 18))))
    (local.get 10)
    (local.get 2))
  (func $pass (param i32 i64 f32 f64 i32 i64 i32 i64 i32 i64 i32 f64 f64 f64 f64 f64 f64 f64 f64) (result i64 f64 i32 f32)
    (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
      (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12) (local.get 13) (local.get 14)
      (local.get 15) (local.get 16) (local.get 17) (local.get 18)))
  (func $run (export "run") (result i64 f64 i32 f32)
    (call $pass (i32.const -1) (i64.const 2) (f32.const 3.5) (f64.const 4.25) (i32.const 5) (i64.const -6) (i32.const 7)
      (i64.const 8) (i32.const 9) (i64.const 10) (i32.const -11) (f64.const 1) (f64.const 2) (f64.const 3) (f64.const 4)
      (f64.const 5) (f64.const 6) (f64.const 7) (f64.const 8)))))";

TEST(tiers, hand_over_more_values_than_there_are_registers) {
  expect_alike(3,
               [](TierWorld& world) { return describe(world.instantiate(kValues).function("run")->call()); });
}

constexpr std::string_view kVectors = R"((module
  (func $sum (param v128 i32 v128) (result v128 v128 i32)
    (i32x4.add (local.get 0) (local.get 2)) (i32x4.splat (local.get 1)) (local.get 1))
  (func $run (export "run") (result i32 i32 i32) (local v128 v128 i32)
    (call $sum (v128.const i32x4 1 2 3 4) (i32.const 9) (v128.const i32x4 10 20 30 40))
    (local.set 2) (local.set 1) (local.set 0)
    (i32x4.extract_lane 3 (local.get 0)) (i32x4.extract_lane 2 (local.get 1)) (local.get 2))))";

TEST(tiers, hand_over_vectors) {
  expect_alike(
      2, [](TierWorld& world) { return describe(world.instantiate(kVectors).function("run")->call()); });
}

constexpr std::string_view kRecursion = R"((module
  (func $even (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1)) (else (call $odd (i64.sub (local.get 0) (i64.const 1))))))
  (func $odd (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0)) (else (call $even (i64.sub (local.get 0) (i64.const 1))))))
  (func (export "run") (param i64) (result i64) (call $even (local.get 0)))))";

TEST(tiers, recursion_ends_in_the_trap_and_is_fine_before) {
  for (const Mode& mode : all_modes(3)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(kRecursion);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(describe(instance.function("run")->call({int64_t{1000}})), "1");
      const CallResult deep = instance.function("run")->call({int64_t{1} << 40});
      ASSERT_TRUE(deep.trapped());
      EXPECT_EQ(deep.trap().kind, TrapKind::call_stack_exhausted);
      EXPECT_EQ(deep.trap().frames.size(), 64u);
      EXPECT_GT(deep.trap().omitted_frames, 100u);
    }
  }
}

TEST(tiers, a_stores_limit_of_stack_also_limits_native_recursion) {
  StoreLimits limits;
  limits.stack_bytes = 64 << 10;
  TierWorld small(compiled(), limits);
  TierWorld large(compiled());
  const auto depth = [](TierWorld& world) {
    return world.instantiate(kRecursion).function("run")->call({int64_t{1} << 40}).trap().omitted_frames;
  };
  EXPECT_LT(depth(small) * 4, depth(large));
}

constexpr std::string_view kExceptions = R"((module
  (tag $a (param i32))
  (tag $b)
  (func $throw (param i32)
    (if (i32.and (local.get 0) (i32.const 1)) (then (throw $a (local.get 0))))
    (if (i32.and (local.get 0) (i32.const 2)) (then (throw $b))))
  (func $between (param i32) (result i32) (call $throw (local.get 0)) (i32.const 100))
  (func $catch_b (param i32) (result i32)
    (block $h (try_table (catch $b $h) (return (call $between (local.get 0)))))
    (i32.const 200))
  (func $catch_a (param i32) (result i32)
    (block $h (result i32) (try_table (result i32) (catch $a $h) (call $catch_b (local.get 0))) (return))
    (i32.add (i32.const 1000)))
  (func (export "run") (param i32) (result i32) (local $i i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (call $catch_a (i32.and (local.get $i) (i32.const 3)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (local.get $s))
  (func (export "uncaught") (param i32) (result i32) (call $between (local.get 0)))))";

TEST(tiers, exceptions_pass_through_frames_of_both) {
  expect_alike(6, [](TierWorld& world) {
    const Instance instance = world.instantiate(kExceptions);
    std::string text = describe(instance.function("run")->call({50}));
    text += '\n' + describe(instance.function("uncaught")->call({1}));
    return text + '\n' + describe(instance.function("run")->call({3}));
  });
}

constexpr std::string_view kHost = R"((module
  (import "host" "again" (func $again (param i32) (result i32)))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (i32.mul (call $again (i32.sub (local.get 0) (i32.const 1))) (i32.const 3)))
  (func (export "run") (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 5)))))";

TEST(tiers, host_functions_call_back) {
  expect_alike(3, [](TierWorld& world) {
    std::optional<Instance> instance;
    const auto defined = world.linker.wrap("host", "again", [&](int32_t n) -> Outcome<int32_t> {
      auto called = instance->function("down")->call({n});
      if (!called.ok()) return std::move(called).failure();
      return (*called)[0].i32();
    });
    EXPECT_TRUE(defined.ok());
    instance = world.instantiate(kHost);
    return describe(instance->function("run")->call({9}));
  });
}

TEST(tiers, host_functions_fail_and_exit) {
  expect_alike(3, [](TierWorld& world) {
    int32_t kind = 0;
    const auto defined = world.linker.wrap("host", "again", [&](int32_t) -> Outcome<int32_t> {
      if (kind == 0) return Trap::host("no more");
      return Trap::exit(7);
    });
    EXPECT_TRUE(defined.ok());
    const Instance instance = world.instantiate(kHost);
    std::string text = describe(instance.function("run")->call({1}));
    kind = 1;
    const CallResult ended = instance.function("run")->call({1});
    return text + " " + std::to_string(ended.exit_code().value_or(0));
  });
}

constexpr std::string_view kObjects = R"((module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node)))))
  (func $push (param i32 (ref null $node)) (result (ref $node)) (struct.new $node (local.get 0) (local.get 1)))
  (func $sum (param (ref null $node)) (result i32) (local $s i32)
    (block $end
      (loop $l
        (br_if $end (ref.is_null (local.get 0)))
        (local.set $s (i32.add (local.get $s) (struct.get $node 0 (local.get 0))))
        (drop (call $push (i32.const 0) (ref.null $node)))
        (local.set 0 (struct.get $node 1 (local.get 0)))
        (br $l)))
    (local.get $s))
  (func (export "run") (param i32) (result i32)
    (local $l (ref null $node)) (local $m (ref null $node)) (local $i i32)
    (loop $again
      (local.set $l (call $push (local.get $i) (local.get $l)))
      (local.set $m (call $push (local.get $i) (local.get $m)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (i32.add (call $sum (local.get $l)) (call $sum (local.get $m))))))";

TEST(tiers, references_in_registers_and_spill_slots_are_roots) {
  Config config;
  config.gc_stress = true;
  expect_alike(
      3, [](TierWorld& world) { return describe(world.instantiate(kObjects).function("run")->call({40})); },
      config);
}

constexpr std::string_view kEndless = R"((module
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "loop") (local i32) (loop $l (local.set 0 (call $leaf (local.get 0))) (br $l)))
  (func (export "tight") (loop $l (br $l)))
  (func $recurse (export "recurse") (param i32)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call $recurse (i32.sub (local.get 0) (i32.const 1))) (call $recurse (i32.sub (local.get 0) (i32.const 1))))))";

TEST(tiers, interrupts_and_time_limits_reach_compiled_loops_and_calls) {
  for (const Mode& mode : all_modes(4)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(kEndless);
    ASSERT_TRUE(world.store.set_timeout(std::chrono::milliseconds(20)).ok());
    for (const char* name : {"loop", "tight", "recurse"}) {
      const std::vector<Value> arguments(std::string_view(name) == "recurse" ? 1 : 0, Value(60));
      const CallResult ended = instance.function(name)->call(arguments);
      ASSERT_TRUE(ended.trapped()) << name;
      EXPECT_EQ(ended.trap().kind, TrapKind::interrupted);
    }
    std::thread other([handle = world.store.interrupt_handle()] { handle.interrupt(); });
    ASSERT_TRUE(world.store.set_timeout(std::chrono::nanoseconds(0)).ok());
    EXPECT_EQ(instance.function("loop")->call().trap().kind, TrapKind::interrupted);
    other.join();
  }
}

constexpr std::string_view kTail = R"((module
  (type $t (func (param i64 i64) (result i64)))
  (table funcref (elem $count $other))
  (func $count (type $t)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 1)) (i32.const 1)))
  (func $other (type $t)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $count (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 2))))
  (func (export "run") (param i64) (result i64) (i64.mul (call $count (local.get 0) (i64.const 0)) (i64.const 2)))))";

TEST(tiers, tail_calls_need_no_stack_also_to_and_fro_between_tiers) {
  for (const Mode& mode : all_modes(3)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(kTail);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(describe(instance.function("run")->call({int64_t{1'000'000}})), "3000000");
  }
}

/// Between two instances; the values handed over need more room than registers, and loops are entered in the
/// middle.
constexpr std::string_view kTailHost = R"((module
  (type $t (func (param i64 i64 i32 i32 i32 i32 i32 i32 i32 i32 f64) (result i64 f64)))
  (table (export "table") 2 funcref)
  (memory 1)
  (func $even (export "even") (type $t)
    (if (i64.eqz (local.get 0)) (then (return (i64.add (local.get 1) (i64.load (i32.const 8))) (local.get 10))))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.extend_i32_u (local.get 9))))
    (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 1))
      (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7) (local.get 9)
      (f64.add (local.get 10) (f64.const 0.5)) (i32.const 1)))
  (elem (table 0) (i32.const 0) $even)
  (func (export "run") (param i64) (result i64 f64)
    (call $even (local.get 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 2) (f64.const 0)))))";

constexpr std::string_view kTailGuest = R"((module
  (type $t (func (param i64 i64 i32 i32 i32 i32 i32 i32 i32 i32 f64) (result i64 f64)))
  (import "host" "even" (func $even (type $t)))
  (import "host" "table" (table 2 funcref))
  (memory 1)
  (func $odd (type $t) (local $i i32)
    (loop $l
      (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (if (i64.eqz (local.get 0)) (then (return (i64.load (i32.const 8)) (local.get 10))))
    (return_call $even (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.extend_i32_u (local.get 8)))
      (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9)
      (local.get 10)))
  (elem (table 0) (i32.const 1) func $odd)))";

TEST(tiers, tail_calls_between_instances_need_no_stack) {
  expect_alike(2, [](TierWorld& world) {
    const Instance host = world.instantiate(kTailHost);
    EXPECT_TRUE(world.linker.define_instance("host", host).ok());
    const Instance guest = world.instantiate(kTailGuest);
    std::string text;
    for (const int64_t rounds : {int64_t{200'000}, int64_t{199'999}, int64_t{200'000}})
      text += describe(host.function("run")->call({rounds})) + '\n';
    return text;
  });
}

TEST(tiers, traps_that_nobody_asks_about_tell_no_place) {
  for (const Mode& mode : all_modes(2)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(R"((module
      (func $inner unreachable) (func (export "run") (call $inner))))");
    const auto run = *instance.function("run");
    EXPECT_EQ(run.call().trap().frames.size(), 2u);
    auto& context = detail::Access::link(world.store)->store->context();
    context.forgoes_backtraces = true;
    const CallResult ended = run.call();
    ASSERT_TRUE(ended.trapped());
    EXPECT_EQ(ended.trap().kind, TrapKind::unreachable);
    EXPECT_TRUE(ended.trap().frames.empty());
    context.forgoes_backtraces = false;
    EXPECT_EQ(run.call().trap().frames.size(), 2u);
  }
}

TEST(tiers, compile_all_functions_when_a_module_is_loaded) {
  constexpr int kFunctions = 200;
  std::string text = "(module";
  for (int i = 0; i < kFunctions; ++i)
    text +=
        " (func (export \"" + std::to_string(i) + "\") (result i32) (i32.const " + std::to_string(i) + "))";
  for (const uint32_t threads : {1u, 3u}) {
    Mode mode = compiled();
    mode.config.eager = true;
    mode.config.load_threads = threads;
    TierWorld world(mode);
    const Instance instance = world.instantiate(text + ")");
    EXPECT_EQ(jit::statistics(world.engine).functions, uint64_t{kFunctions});
    for (int i = 0; i < kFunctions; ++i)
      EXPECT_EQ(describe(instance.function(std::to_string(i))->call({})), std::to_string(i));
    EXPECT_EQ(jit::statistics(world.engine).functions, uint64_t{kFunctions});
  }
}

/// Ways through blocks, loops, arms and handlers, of which some are left in the middle.
constexpr std::string_view kFuel = R"((module
  (import "host" "step" (func $step))
  (tag $odd (param i32))
  (memory 1)
  (func $check (param i32) (result i32)
    (if (i32.eqz (i32.and (local.get 0) (i32.const 3))) (then (throw $odd (local.get 0))))
    (i32.mul (local.get 0) (i32.const 5)))
  (func $caught (param i32) (result i32)
    (block $handler (result i32)
      (return (try_table (result i32) (catch $odd $handler) (call $check (local.get 0)))))
    (i32.add (i32.const 1)))
  (func $legacy (param i32) (result i32)
    (drop (try (result i32) (do (i32.const 1)) (catch $odd) (catch_all (i32.const 2))))
    (try (result i32)
      (do (call $check (local.get 0)))
      (catch $odd (i32.add (i32.const 2)))
      (catch_all (i32.const 0))))
  (func $sum (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (return_call $sum (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (local.get 0))))
      (else (local.get 1))))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $x i32)
    (block $out
      (loop $rows
        (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $j (i32.const 0))
        (loop $columns
          (local.set $x (i32.add (local.get $x) (call $caught (local.get $j))))
          (block $b (block $a (br_table $a $b $columns (i32.rem_u (local.get $x) (i32.const 2))))
            (local.set $x (i32.xor (local.get $x) (call $legacy (local.get $j)))))
          (drop (i32.atomic.rmw.add (i32.const 64) (local.get $x)))
          (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 6))))
        (call $step)
        (local.set $x (i32.add (local.get $x) (call $sum (local.get $i) (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $rows)))
    (i32.add (local.get $x) (i32.atomic.load (i32.const 64)))))
)";

/// Whoever pays with fuel can't tell the tiers apart: what is left, and where it ran out.
TEST(tiers, count_fuel_alike) {
  for (const bool preempt : {false, true}) {
    std::string expected;
    std::vector<Mode> modes = all_modes(6);
    modes.push_back(loops_compiled());
    modes.back().name = "loops only";
    modes.back().config.compiler_options.hot_calls = UINT32_MAX;
    for (Mode& mode : modes) {
      SCOPED_TRACE(mode.name + (preempt ? " preempt" : ""));
      mode.config.fuel = true;
      mode.config.preempt_at_atomics = preempt;
      TierWorld world(mode);
      std::string text;
      ASSERT_TRUE(
          world.linker.wrap("host", "step", [&] { text += std::to_string(world.store.fuel()) + '\n'; }).ok());
      const Instance instance = world.instantiate(kFuel);
      const auto run = *instance.function("run");
      for (uint64_t fuel = 0; fuel < 1000; fuel += 7) {
        ASSERT_TRUE(world.store.set_fuel(fuel).ok());
        text += describe(run.call({4})) + '\n' + std::to_string(world.store.fuel()) + '\n';
      }
      ASSERT_TRUE(world.store.set_fuel(100'000).ok());
      text += describe(run.call({50})) + '\n' + std::to_string(world.store.fuel());
      if (expected.empty()) expected = text;
      EXPECT_EQ(text, expected);
    }
  }
}

constexpr std::string_view kTailEndless = R"((module
  (type $t (func (param i32)))
  (table funcref (elem $a $b))
  (func $a (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 1)))
  (func $b (type $t) (return_call_indirect (type $t) (i32.add (local.get 0) (i32.const 1)) (i32.const 0)))
  (func $alone (return_call $alone))
  (func (export "alternating") (call $a (i32.const 0)))
  (func (export "alone") (call $alone))))";

TEST(tiers, fuel_ends_whatever_is_compiled) {
  for (Mode mode : all_modes(5)) {
    SCOPED_TRACE(mode.name);
    mode.config.fuel = true;
    TierWorld world(mode);
    const Instance instance = world.instantiate(kTailEndless);
    for (const char* name : {"alternating", "alone"}) {
      ASSERT_TRUE(world.store.set_fuel(1'000'000).ok());
      const CallResult ended = instance.function(name)->call();
      ASSERT_TRUE(ended.trapped()) << name;
      EXPECT_EQ(ended.trap().kind, TrapKind::out_of_fuel);
    }
  }
}

TEST(tiers, interrupts_reach_endless_tail_calls) {
  for (const Mode& mode : all_modes(5)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(kTailEndless);
    ASSERT_TRUE(world.store.set_timeout(std::chrono::milliseconds(20)).ok());
    for (const char* name : {"alternating", "alone"}) {
      const CallResult ended = instance.function(name)->call();
      ASSERT_TRUE(ended.trapped()) << name;
      EXPECT_EQ(ended.trap().kind, TrapKind::interrupted);
    }
  }
}

/// A bound is compared for both accesses: the comparison is made twice, the load of the size only once.
constexpr std::string_view kBounds = R"((module
  (table $t 1 funcref)
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (elem declare func $double)
  (func (export "run") (param i32) (result i32)
    (table.set $t (i32.const 0) (ref.func $double))
    (call_indirect $t (param i32) (result i32) (local.get 0) (i32.const 0)))))";

TEST(tiers, conditions_are_tested_twice) {
  expect_alike(
      2, [](TierWorld& world) { return describe(world.instantiate(kBounds).function("run")->call({21})); });
}

/// What the handler reads is used behind it, where no other way leads.
constexpr std::string_view kCaught = R"((module
  (tag $e)
  (func (export "run") (param i32) (result i32)
    (block $h (result exnref)
      (try_table (result i32) (catch_ref $e $h) (throw $e))
      (return))
    (if (param exnref) (i32.eqz (local.get 0)) (then (throw_ref)) (else (drop)))
    (i32.const 23))))";

TEST(tiers, exceptions_are_thrown_again) {
  expect_alike(1, [](TierWorld& world) {
    const Instance instance = world.instantiate(kCaught);
    return describe(instance.function("run")->call({1})) + describe(instance.function("run")->call({0}));
  });
}

/// No clause takes it, in one function and in the function's caller, new clauses and legacy ones.
constexpr std::string_view kUncaught = R"((module
  (tag $a)
  (tag $b)
  (func $throw (throw $b))
  (func $inner (nop) (call $throw))
  (func $nested
    (block $h
      (try_table (catch $a $h)
        (block $i
          (try_table (catch $a $i) (call $inner))))))
  (func $legacy
    (try (do (try (do (call $nested)) (delegate 0))) (catch $a)))
  (func $rethrown
    (try (do (call $legacy)) (catch_all (rethrow 0))))
  (func $taken (block $h (try_table (catch $b $h) (call $legacy))))
  (func (export "passed") (call $legacy))
  (func (export "rethrown") (call $rethrown))
  (func (export "after a catch") (call $taken) (call $legacy))))";

TEST(tiers, what_no_clause_takes_has_the_backtrace_of_its_throw) {
  expect_alike(9, [](TierWorld& world) {
    const Instance instance = world.instantiate(kUncaught);
    std::string text;
    for (const char* name : {"passed", "rethrown", "after a catch", "passed"}) {
      const CallResult ended = instance.function(name)->call();
      EXPECT_TRUE(ended.trapped());
      text += describe(ended) + '\n';
    }
    return text;
  });
}

/// What returns there is a call, and what may fault there is a load.
constexpr std::string_view kLoadBehindCall = R"((module
  (memory 1)
  (tag $e)
  (func $stop (param i32) (if (local.get 0) (then (throw $e))) (unreachable))
  (func (export "trap") (result i32) (call $stop (i32.const 0)) (i32.load (i32.const 4)))
  (func (export "load") (param i32) (result i32)
    (block $h (try_table (catch_all $h) (call $stop (local.get 0))) (return (i32.load (i32.const 8))))
    (i32.const 7))))";

TEST(tiers, an_access_behind_a_call_is_another_place) {
  expect_alike(3, [](TierWorld& world) {
    const Instance instance = world.instantiate(kLoadBehindCall);
    std::string text = describe(instance.function("trap")->call());
    for (const int32_t value : {0, 1}) text += describe(instance.function("load")->call({value}));
    return text;
  });
}

}  // namespace

}  // namespace heddle::jit
