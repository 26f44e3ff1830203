// SPDX-License-Identifier: Apache-2.0
// What is too much for the compiler, or comes at a bad time: guests notice nothing.
#include <atomic>
#include <thread>

#include "jit/tiering/test_tiers.h"

namespace heddle::jit {

namespace {

/// Of `count` functions, each with its own sum over many constants; `run` calls them all.
[[nodiscard]] std::string many_functions(uint32_t count, uint32_t terms) {
  std::string text = "(module\n";
  for (uint32_t i = 0; i < count; ++i) {
    text += "(func $f" + std::to_string(i) + " (param i32) (result i32) (local $x i32) (local.get 0)\n";
    for (uint32_t k = 0; k < terms; ++k) {
      text += "(i32.rotl (i32.const " + std::to_string(k % 31 + 1) + ")) (local.tee $x)";
      text += "(i32.add (i32.mul (local.get $x) (i32.const " + std::to_string(i * 2 + 3) + ")))\n";
    }
    text += ")\n";
  }
  text += "(func (export \"run\") (param i32) (result i32) (local.get 0)\n";
  for (uint32_t i = 0; i < count; ++i) text += "(call $f" + std::to_string(i) + ")";
  return text + "))";
}

[[nodiscard]] std::string run_in(TierWorld& world, std::string_view text) {
  const Instance instance = world.instantiate(text);
  std::string all;
  for (int i = 0; i < 3; ++i) all += describe(instance.function("run")->call({i * 77})) + ' ';
  return all;
}

TEST(limits, what_finds_no_room_for_its_code_is_interpreted) {
  const std::string text = many_functions(300, 40);
  TierWorld reference(interpreted());
  const std::string expected = run_in(reference, text);
  for (Mode mode : {compiled(), loops_compiled()}) {
    SCOPED_TRACE(mode.name);
    mode.config.compiler_options.code_bytes = 64 << 10;
    TierWorld world(mode);
    EXPECT_EQ(run_in(world, text), expected);
    const CompileStatistics statistics = jit::statistics(world.engine);
    EXPECT_GT(statistics.functions, 5u);
    EXPECT_GT(statistics.refused, 50u);
    EXPECT_LE(statistics.code_bytes, 64u << 10);
    // Other modules of the same engine are no worse off.
    EXPECT_EQ(run_in(world, text), expected);
  }
}

TEST(limits, the_code_of_a_dropped_module_makes_room) {
  const std::string text = many_functions(10, 40);
  Mode mode = compiled();
  mode.config.compiler_options.code_bytes = 64 << 10;
  const Engine engine = Engine::create(mode.config).value();
  uint64_t before = 0;
  for (int i = 0; i < 20; ++i) {
    Store store = Store::create(engine).value();
    const Instance instance =
        Linker(engine).instantiate(store, Module::load_text(engine, text).value()).value();
    EXPECT_TRUE(instance.function("run")->call({1}).ok());
    const CompileStatistics statistics = jit::statistics(engine);
    EXPECT_EQ(statistics.refused, 0u);
    EXPECT_EQ(statistics.functions, 11u * static_cast<unsigned>(i + 1));
    if (i == 0) before = statistics.code_bytes;
    EXPECT_EQ(statistics.code_bytes, before);
  }
}

/// Fault checklist, rows 3 and 5: a body of many instructions, and one jump with many targets.
TEST(limits, giant_functions_and_jump_tables_run_in_every_tier) {
  std::string table = "(module (func (export \"run\") (param i32) (result i32)\n";
  constexpr int kTargets = 20'000;
  for (int i = 0; i < 100; ++i) table += "(block ";
  table += "(br_table";
  for (int i = 0; i < kTargets; ++i) table += " " + std::to_string(i * 7 % 100);
  table += " 0 (local.get 0))";
  for (int i = 0; i < 100; ++i)
    table += ") (local.set 0 (i32.add (local.get 0) (i32.const " + std::to_string(i) + ")))\n";
  table += "(local.get 0)))";
  const std::string giants[] = {many_functions(1, 60'000), table};
  for (const std::string& text : giants) {
    TierWorld reference(interpreted());
    const std::string expected = run_in(reference, text);
    for (const Mode& mode : {compiled(), loops_compiled()}) {
      SCOPED_TRACE(mode.name);
      TierWorld world(mode);
      EXPECT_EQ(run_in(world, text), expected);
    }
    Mode small = compiled();
    small.config.compiler_options.function_bytes = 1'000;
    TierWorld world(small);
    EXPECT_EQ(run_in(world, text), expected);
    EXPECT_GE(jit::statistics(world.engine).refused, 1u);
  }
}

/// Hot at the first call, compiled by another thread.
[[nodiscard]] Mode in_background() {
  Mode mode{"auto", {}};
  mode.config.tier = "auto";
  mode.config.compiler = compiler();
  mode.config.compiler_options.hot_calls = 1;
  return mode;
}

/// Fault checklist, rows 16 and 17: a compilation that is under way, and more that wait.
TEST(limits, a_module_may_be_dropped_while_it_is_compiled) {
  const std::string text = many_functions(8, 3'000);
  const Engine engine = Engine::create(in_background().config).value();
  std::string expected;
  for (int i = 0; i < 12; ++i) {
    Store store = Store::create(engine).value();
    const Instance instance =
        Linker(engine).instantiate(store, Module::load_text(engine, text).value()).value();
    std::string outcome = describe(instance.function("run")->call({5}));
    // Without a pause, or with one in which some of it gets done.
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
    outcome += ' ' + describe(instance.function("run")->call({7}));
    if (i == 0) expected = outcome;
    EXPECT_EQ(outcome, expected);
  }
  EXPECT_EQ(jit::statistics(engine).code_bytes, 0u);
}

TEST(limits, an_engine_may_end_while_it_compiles) {
  const std::string text = many_functions(8, 3'000);
  for (int i = 0; i < 4; ++i) {
    TierWorld world(in_background());
    EXPECT_TRUE(world.instantiate(text).function("run")->call({5}).ok());
  }
}

TEST(limits, threads_may_compile_and_enter_the_same_functions_at_once) {
  const std::string text = many_functions(40, 30);
  TierWorld reference(interpreted());
  const std::string expected = describe(reference.instantiate(text).function("run")->call({9}));
  for (const Mode& mode : {compiled(), loops_compiled(), in_background()}) {
    SCOPED_TRACE(mode.name);
    const Engine engine = Engine::create(mode.config).value();
    const Module module = Module::load_text(engine, text).value();
    constexpr int kThreads = 4;
    std::atomic<int> ready = 0;
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        Store store = Store::create(engine).value();
        const Instance instance = Linker(engine).instantiate(store, module).value();
        ++ready;
        while (ready != kThreads) std::this_thread::yield();
        for (int k = 0; k < 20; ++k) right += describe(instance.function("run")->call({9})) == expected;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, kThreads * 20);
    if (mode.config.tier == "jit") {
      EXPECT_EQ(jit::statistics(engine).functions, 41u) << "each once";
    }
  }
}

/// Frames so large that a few of them fill the stack, in compiled code, and with interpreted ones between.
TEST(limits, large_frames_end_in_the_trap_too) {
  std::string text = "(module (func $down (param i32) (result v128)";
  constexpr int kVectors = 2'000;
  for (int i = 0; i < kVectors; ++i) text += "(local v128)";
  text += "(call $up (local.get 0)) (local.set 1)\n";
  for (int i = 2; i <= kVectors; ++i) {
    text += "(local.set " + std::to_string(i) + " (i32x4.add (local.get " + std::to_string(i - 1) +
            ") (v128.const i32x4 " + std::to_string(i) + " 2 3 4)))\n";
  }
  text += "(drop (call $up (i32.const 0)))\n(local.get 1)\n";
  for (int i = 2; i <= kVectors; ++i) text += "(i32x4.mul (local.get " + std::to_string(i) + "))";
  text += R"()
    (func $up (param i32) (result v128)
      (if (i32.eqz (local.get 0)) (then (return (v128.const i32x4 1 2 3 4))))
      (call $down (i32.sub (local.get 0) (i32.const 1))))
    (func (export "run") (param i32) (result i32) (i32x4.extract_lane 0 (call $down (local.get 0))))))";
  for (const Mode& mode : all_modes(3)) {
    SCOPED_TRACE(mode.name);
    TierWorld world(mode);
    const Instance instance = world.instantiate(text);
    EXPECT_TRUE(instance.function("run")->call({2}).ok());
    const CallResult deep = instance.function("run")->call({1'000'000});
    ASSERT_TRUE(deep.trapped());
    EXPECT_EQ(deep.trap().kind, TrapKind::call_stack_exhausted);
    EXPECT_TRUE(instance.function("run")->call({2}).ok());
  }
}

}  // namespace

}  // namespace heddle::jit
