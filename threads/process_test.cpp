// SPDX-License-Identifier: Apache-2.0
// Guest processes: spawning, every way to end from every state, limits, and that the host lives on.
#include <set>
#include <string>
#include <thread>

#include "threads/test_processes.h"

namespace heddle::threads {
namespace {

INSTANTIATE_TEST_SUITE_P(workers, ProcessTest, all_setups());

TEST_P(ProcessTest, returns_and_exits) {
  EXPECT_EQ(*run(R"((func (export "_start")))"), 0u);
  EXPECT_EQ(*run(R"((func (export "_start") (call $exit (i32.const 7)) (unreachable)))"), 7u);
  const auto trapped = run(R"((func (export "_start") (unreachable)))");
  ASSERT_TRUE(trapped.trapped());
  EXPECT_EQ(trapped.trap().kind, TrapKind::unreachable);
}

/// Thread i adds its argument and its id is its own; the first waits for all.
TEST_P(ProcessTest, threads_run_with_their_arguments) {
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param $id i32) (param $argument i32)
      (if (i32.le_s (local.get $id) (i32.const 0)) (then (unreachable)))
      (call $count)
      (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument)))
      (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func (export "_start") (local $i i32) (local $done i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then (unreachable)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 500))))
      (loop $wait
        (local.set $done (i32.atomic.load (i32.const 4)))
        (if (i32.lt_u (local.get $done) (i32.const 500))
          (then (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1))) (br $wait))))
      (call $exit (i32.eq (i32.atomic.load (i32.const 0)) (i32.const 125250)))))");
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 1u);
  EXPECT_EQ(count_, 500);
}

/// Thread 1 gets into each state; the process ends otherwise, by the first thread or by a third one.
TEST_P(ProcessTest, ends_from_every_state) {
  const struct {
    const char* how;
    uint32_t code;
    bool traps;
  } endings[] = {{"(nop)", 0, false}, {"(call $exit (i32.const 33))", 33, false}, {"(unreachable)", 0, true}};
  for (const State& state : kStates) {
    for (const auto& ending : endings) {
      for (const bool by_first : {true, false}) {
        if (!by_first && !ending.traps && ending.code == 0) continue;  // a thread's return ends nothing
        SCOPED_TRACE(std::string(state.name) + ", " + ending.how + (by_first ? ", first" : ", other"));
        const std::string busy = "(call $ready) " + std::string(state.code);
        const std::string end = "(call $wait) " + std::string(ending.how);
        const std::string text = R"(
          (func $nothing)
          (func $ready (i32.atomic.store (i32.const 64) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 64) (i32.const -1))))
          (func $wait (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))
            ;; perhaps it is in that state already
            (drop (memory.atomic.wait32 (i32.const 68) (i32.const 0) (i64.const 1000000))))
          (func (export "wasi_thread_start") (param i32 i32) )" +
                                 (by_first ? busy : end) + R"()
          (func (export "_start") (drop (call $spawn (i32.const 0))) )" +
                                 (by_first ? end : busy) + "))";
        const auto outcome = run(text.substr(0, text.size() - 1));
        if (ending.traps) {
          ASSERT_TRUE(outcome.trapped()) << outcome.message();
          EXPECT_EQ(outcome.trap().kind, TrapKind::unreachable);
        } else {
          ASSERT_TRUE(outcome.ok()) << outcome.message();
          EXPECT_EQ(*outcome, ending.code);
        }
      }
    }
  }
}

TEST_P(ProcessTest, is_stopped_from_outside) {
  for (const State& state : kStates) {
    SCOPED_TRACE(state.name);
    Process process = make(R"((func $nothing) (func (export "wasi_thread_start") (param i32 i32) )" +
                           std::string(state.code) + R"()
      (func (export "_start") (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0))) (call $count)
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))))");
    count_ = 0;
    std::thread stopper([&] {
      while (count_ == 0) std::this_thread::yield();
      process.stop(3);
    });
    const auto outcome = process.run();
    stopper.join();
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    EXPECT_EQ(*outcome, 3u);
  }
}

TEST_P(ProcessTest, a_timeout_is_a_trap) {
  const auto outcome = make(R"((func (export "_start") (loop $l (br $l))))").run(milliseconds(20));
  ASSERT_TRUE(outcome.trapped());
  EXPECT_EQ(outcome.trap().kind, TrapKind::interrupted);
}

TEST_P(ProcessTest, spins_starve_nobody) {
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (if (i32.eq (local.get 1) (i32.const 20))
        (then (i32.atomic.store (i32.const 0) (i32.const 1)))
        (else (loop $l (br_if $l (i32.eqz (i32.atomic.load (i32.const 0))))))))
    (func (export "_start") (local $i i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (drop (call $spawn (local.get $i)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 20))))
      (loop $l (br_if $l (i32.eqz (i32.atomic.load (i32.const 0)))))))");
  ASSERT_TRUE(outcome.ok()) << outcome.message();
}

TEST_P(ProcessTest, spawns_beyond_the_limit_are_refused) {
  ProcessOptions limits;
  limits.threads = 5;
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))))
    (func (export "_start") (local $made i32)
      (loop $next
        (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
          (then (local.set $made (i32.add (local.get $made) (i32.const 1))) (br $next))))
      (call $exit (local.get $made))))",
                           limits);
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 4u);
}

TEST_P(ProcessTest, a_spawn_in_the_start_function_ends_at_the_limit) {
  ProcessOptions limits;
  limits.threads = 50;
  limits.spawns = 2000;
  const auto outcome = run(R"(
    (func $start (call $count) (drop (call $spawn (i32.const 0))))
    (start $start)
    (func (export "wasi_thread_start") (param i32 i32))
    (func (export "_start")))",
                           limits);
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_GE(count_, 1);
  EXPECT_LE(count_, 2000);
}

TEST_P(ProcessTest, a_module_without_thread_start_cannot_spawn) {
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param i64))
    (func (export "_start") (call $exit (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)))))");
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 1u);
}

/// Threads come one after the other and use few instances; each finds its globals as they were at first.
TEST_P(ProcessTest, instances_are_used_again_and_are_new) {
  Process process = make(R"(
    (global $g (mut i32) (i32.const 5))
    (func (export "wasi_thread_start") (param i32 i32)
      (if (i32.ne (global.get $g) (i32.const 5)) (then (unreachable)))
      (global.set $g (i32.const 6))
      (i32.atomic.store (i32.const 4) (local.get 1))
      (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func (export "_start") (local $i i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then (unreachable)))
        (loop $wait
          (drop (memory.atomic.wait32 (i32.const 4) (i32.sub (local.get $i) (i32.const 1)) (i64.const -1)))
          (br_if $wait (i32.ne (i32.atomic.load (i32.const 4)) (local.get $i))))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 3000))))))");
  const auto outcome = process.run();
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  const ProcessStatistics statistics = process.statistics();
  EXPECT_EQ(statistics.spawned, 3001u);
  EXPECT_LT(statistics.new_instances, 100u);
}

TEST_P(ProcessTest, a_trap_in_one_of_a_thousand_ends_all) {
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (if (i32.eq (i32.atomic.rmw.add (i32.const 8) (i32.const 1)) (i32.const 999)) (then (unreachable)))
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))))
    (func (export "_start") (local $i i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then (call $exit (i32.const 99))))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 1000))))
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))))");
  ASSERT_TRUE(outcome.trapped()) << outcome.message();
  EXPECT_EQ(outcome.trap().kind, TrapKind::unreachable);
  ASSERT_FALSE(outcome.trap().frames.empty());
}

TEST_P(ProcessTest, recursion_and_faults_are_traps_of_their_thread) {
  for (const auto& [code, kind] :
       {std::pair{"(call $deep)", TrapKind::call_stack_exhausted},
        std::pair{"(drop (i32.load (i32.const 0x10000)))", TrapKind::memory_out_of_bounds},
        std::pair{"(drop (i32.div_s (i32.const 1) (i32.atomic.load (i32.const 0))))",
                  TrapKind::integer_divide_by_zero}}) {
    const auto outcome =
        run("(func $deep (call $deep)) (func (export \"wasi_thread_start\") (param i32 i32) " +
            std::string(code) + R"()
      (func (export "_start") (drop (call $spawn (i32.const 0)))
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))))");
    ASSERT_TRUE(outcome.trapped()) << outcome.message();
    EXPECT_EQ(outcome.trap().kind, kind) << code;
  }
}

/// Two threads take two locks in different orders; who waits where is told.
constexpr const char* kDeadlock = R"(
  (func $lock (param $address i32)
    (loop $again
      (if (i32.atomic.rmw.cmpxchg (local.get $address) (i32.const 0) (i32.const 1))
        (then (drop (memory.atomic.wait32 (local.get $address) (i32.const 1) (i64.const -1))) (br $again)))))
  (func $meet  ;; both hold one lock now
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (loop $l (br_if $l (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 2)))))
  (func $take (param i32 i32) (call $lock (local.get 0)) (call $meet) (call $lock (local.get 1)))
  (func (export "wasi_thread_start") (param i32 i32) (call $take (i32.const 64) (i32.const 128)))
  (func (export "_start") (drop (call $spawn (i32.const 0))) (call $take (i32.const 128) (i32.const 64))))";

TEST_P(ProcessTest, a_deadlock_ends_with_a_report) {
  const auto outcome = run(kDeadlock);
  ASSERT_TRUE(outcome.trapped()) << outcome.message();
  const std::string& report = outcome.trap().message;
  EXPECT_NE(report.find("deadlock: all 2 threads wait for ever"), std::string::npos) << report;
  EXPECT_NE(report.find("thread 0 waits at address 64\n    in lock\n    in take\n    in _start"),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("thread 1 waits at address 128\n    in lock"), std::string::npos) << report;
}

/// Threads that wait, all but one, are no deadlock.
TEST_P(ProcessTest, a_sleeper_is_no_deadlock) {
  const auto outcome = run(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))) (call $exit (i32.const 5)))
    (func (export "_start")
      (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0)))
      (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 300000000)))
      (drop (memory.atomic.notify (i32.const 4) (i32.const 1)))
      (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))))");
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 5u);
}

TEST_P(ProcessTest, missing_imports_are_named) {
  auto module =
      Module::load_text(engine_, R"((module (import "far" "away" (func)) (func (export "_start"))))");
  auto process = Process::create(engine_, workers_, *module, {});
  ASSERT_FALSE(process.ok());
  EXPECT_EQ(process.error().kind, ErrorKind::link);
  EXPECT_NE(process.error().message.find("\"far\" \"away\""), std::string::npos);
}

TEST_P(ProcessTest, runs_once) {
  Process process = make(R"((func (export "_start")))");
  EXPECT_TRUE(process.run().ok());
  EXPECT_FALSE(process.run().ok());
}

// Deterministic runs.

/// Runs a program whose threads race: each adds to a counter, not atomically. What the counter comes to.
Outcome<uint32_t> race(Order order, uint64_t seed) {
  Config config;
  config.fuel = true;
  config.preempt_at_atomics = true;
  const Engine engine = *Engine::create(config);
  const Workers workers({.order = order, .seed = seed});
  const auto module = Module::load_text(engine, R"((module
    (import "any" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "test" "exit" (func $exit (param i32)))
    (func $add
      (i32.atomic.store (i32.const 0) (i32.add (i32.atomic.load (i32.const 0)) (i32.const 1))))
    (func (export "wasi_thread_start") (param i32 i32) (local i32)
      (loop $l (call $add)
        (br_if $l (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 20))))
      (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func (export "_start") (local $done i32)
      (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0)))
      (loop $wait
        (local.set $done (i32.atomic.load (i32.const 4)))
        (if (i32.lt_u (local.get $done) (i32.const 2))
          (then (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1))) (br $wait))))
      (call $exit (i32.atomic.load (i32.const 0))))))");
  auto process = Process::create(engine, workers, *module, [](Linker& linker) {
    return linker.wrap("test", "exit", [](uint32_t code) -> HostResult { return Trap::exit(code); });
  });
  return process->run();
}

TEST(deterministic_process, the_same_seed_gives_the_same_race) {
  std::set<uint32_t> seen;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const auto first = race(Order::random, seed);
    const auto second = race(Order::random, seed);
    ASSERT_TRUE(first.ok()) << first.message();
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(*first, *second) << seed;
    EXPECT_LE(*first, 40u);
    seen.insert(*first);
  }
  EXPECT_GT(seen.size(), 3u) << "seeds differ";
}

TEST(deterministic_process, time_passes_only_while_all_sleep) {
  Config config;
  config.fuel = true;
  const Engine engine = *Engine::create(config);
  const Workers workers({.order = Order::round_robin});
  const auto module = Module::load_text(engine, R"((module
    (import "any" "memory" (memory 1 1 shared))
    (func (export "_start")  ;; a year
      (if (i32.ne (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 31536000000000000)) (i32.const 2))
        (then (unreachable))))))");
  auto process = Process::create(engine, workers, *module, {});
  const auto outcome = process->run();
  ASSERT_TRUE(outcome.ok()) << outcome.message();
}

TEST(deterministic_process, deadlocks_are_told_at_once) {
  Config config;
  config.fuel = true;
  const Engine engine = *Engine::create(config);
  const Workers workers({.order = Order::pct, .seed = 1});
  const auto module = Module::load_text(engine, R"((module
    (import "any" "memory" (memory 1 1 shared))
    (func $sleep (export "_start") (drop (memory.atomic.wait32 (i32.const 12) (i32.const 0) (i64.const -1))))))");
  auto process = Process::create(engine, workers, *module, {});
  const auto outcome = process->run();
  ASSERT_TRUE(outcome.trapped());
  EXPECT_NE(outcome.trap().message.find("thread 0 waits at address 12"), std::string::npos)
      << outcome.trap().message;
}

TEST(deterministic_process, needs_an_engine_that_counts_fuel) {
  const Engine engine = *Engine::create({});
  const Workers workers({.order = Order::random});
  const auto module = Module::load_text(engine, R"((module (func (export "_start"))))");
  const auto process = Process::create(engine, workers, *module, {});
  ASSERT_FALSE(process.ok());
  EXPECT_NE(process.error().message.find("Config::fuel"), std::string::npos);
}

}  // namespace
}  // namespace heddle::threads
