// SPDX-License-Identifier: Apache-2.0
// Stopping guests: fuel, interrupts, timeouts, and limits of what a store may hold.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kGuest = R"((module
  (memory (export "memory") 16 256 shared)
  (func (export "spin") (loop $l (br $l)))
  (func (export "recurse") (call 1))
  (func (export "count") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1))
  (func (export "sleep") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
  (func (export "bulk")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) (br $l)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))))";

bool still_works(const Instance& instance) {
  const auto add = instance.typed<int32_t(int32_t, int32_t)>("add");
  const auto sum = (*add)(40, 2);
  return sum.ok() && *sum == 42;
}

TEST(limits, preempting_at_atomics_counts_in_fuel) {
  const auto refused = Engine::create({.preempt_at_atomics = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().to_string().find("set Config::fuel"), std::string::npos);
  EXPECT_TRUE(Engine::create({.fuel = true, .preempt_at_atomics = true}).ok());
}

TEST(limits, fuel_runs_out_at_the_same_place_every_time) {
  uint64_t left[2] = {0, 0};
  int32_t greatest[2] = {0, 0};
  for (int run = 0; run < 2; ++run) {
    TestStore test({.fuel = true});
    ASSERT_TRUE(test.store.set_fuel(10'000));
    const Instance instance = test.instantiate(kGuest);
    const auto count = *instance.typed<int32_t(int32_t)>("count");
    for (int32_t n = 1; count(n).ok(); ++n) {
      greatest[run] = n;
      left[run] = test.store.fuel();
    }
    // What is left could not pay for the next stretch of straight code, which is paid for in advance.
    EXPECT_LT(test.store.fuel(), 20u);
    ASSERT_TRUE(test.store.set_fuel(0));
    EXPECT_EQ(trap_of(count(1)), TrapKind::out_of_fuel);
    ASSERT_TRUE(test.store.add_fuel(1'000));
    EXPECT_TRUE(still_works(instance));
    EXPECT_LT(test.store.fuel(), 1'000u);
  }
  EXPECT_EQ(left[0], left[1]);
  EXPECT_EQ(greatest[0], greatest[1]);
  EXPECT_GT(greatest[0], 20);
}

TEST(limits, fuel_extremes) {
  TestStore test({.fuel = true});
  ASSERT_TRUE(test.store.set_fuel(1'000));
  const Instance instance = test.instantiate(kGuest);
  const auto spin = *instance.typed<void()>("spin");
  ASSERT_TRUE(test.store.set_fuel(0));
  EXPECT_EQ(trap_of(spin()), TrapKind::out_of_fuel);
  ASSERT_TRUE(test.store.set_fuel(1));
  EXPECT_EQ(trap_of(spin()), TrapKind::out_of_fuel);
  ASSERT_TRUE(test.store.set_fuel(uint64_t{1} << 63));
  EXPECT_EQ(test.store.fuel(), (uint64_t{1} << 63) - 1);
  EXPECT_TRUE(still_works(instance));
  ASSERT_TRUE(test.store.add_fuel(UINT64_MAX));
  EXPECT_EQ(test.store.fuel(), (uint64_t{1} << 63) - 1);
  ASSERT_TRUE(test.store.set_fuel(100'000));
  EXPECT_EQ(trap_of(spin()), TrapKind::out_of_fuel);
}

TEST(limits, fuel_stops_endless_recursion_and_bulk_operations) {
  TestStore test({.fuel = true});
  ASSERT_TRUE(test.store.set_fuel(1'000));
  const Instance instance = test.instantiate(kGuest);
  ASSERT_TRUE(test.store.set_fuel(5'000));
  EXPECT_EQ(trap_of((*instance.typed<void()>("bulk"))()), TrapKind::out_of_fuel);
  ASSERT_TRUE(test.store.set_fuel(500));
  const auto stopped = trap_of((*instance.typed<void()>("recurse"))());
  EXPECT_TRUE(stopped == TrapKind::out_of_fuel || stopped == TrapKind::call_stack_exhausted);
}

TEST(limits, fuel_needs_an_engine_that_counts) {
  TestStore test;
  EXPECT_TRUE(refused(test.store.set_fuel(5)));
  EXPECT_EQ(test.store.fuel(), 0u);
}

/// Interrupts `name` from another thread and says how long it went on after that.
Clock::duration interrupt_thread(TestStore& test, const Instance& instance, const char* name,
                                 TrapKind& kind) {
  Clock::time_point requested;
  std::thread other([handle = test.store.interrupt_handle(), &requested] {
    std::this_thread::sleep_for(20ms);
    requested = Clock::now();
    handle.interrupt();
  });
  const CallResult result = instance.function(name)->call();
  const auto stopped = Clock::now();
  other.join();
  kind = trap_of(result);
  return stopped - requested;
}

TEST(limits, thread_interrupts_loop_wait_and_bulk) {
  TestStore test;
  const Instance instance = test.instantiate(kGuest);
  for (const char* name : {"spin", "sleep", "bulk"}) {
    TrapKind kind = TrapKind::none;
    const auto latency = interrupt_thread(test, instance, name, kind);
    EXPECT_EQ(kind, TrapKind::interrupted) << name;
    // The real figure is microseconds; the bound only has to be far from "never" on a loaded machine.
    EXPECT_LT(latency, 2s) << name;
    EXPECT_TRUE(still_works(instance)) << name;
  }
}

TEST(limits, thread_interrupts_start_function) {
  TestStore test;
  const Module module = test.module("(module (func $s (loop $l (br $l))) (start $s))");
  std::thread other([handle = test.store.interrupt_handle()] {
    std::this_thread::sleep_for(20ms);
    handle.interrupt();
  });
  EXPECT_EQ(trap_of(Instance::create(test.store, module)), TrapKind::interrupted);
  other.join();
}

TEST(limits, thread_interrupts_a_host_function_that_blocks) {
  TestStore test;
  std::atomic<uint32_t> woken{0};
  ASSERT_TRUE(test.linker.wrap("", "block", [&](Caller& caller) -> HostResult {
    InterruptListener listener(caller, [&] {
      woken = 1;
      woken.notify_all();
    });
    if (!listener.interrupted()) woken.wait(0);
    return Trap::interrupted();
  }));
  const Instance instance = test.instantiate(R"((module (func $block (import "" "block"))
    (func (export "block") (call $block)) (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1)))))");
  for (int i = 0; i < 2; ++i) {
    woken = 0;
    TrapKind kind = TrapKind::none;
    EXPECT_LT(interrupt_thread(test, instance, "block", kind), 2s);
    EXPECT_EQ(kind, TrapKind::interrupted);
    EXPECT_TRUE(still_works(instance));
  }
  woken = 0;
  ASSERT_TRUE(test.store.set_timeout(15ms));
  EXPECT_EQ(trap_of(instance.function("block")->call()), TrapKind::interrupted);
  EXPECT_TRUE(still_works(instance));
  // One that came before the call is seen at once.
  woken = 0;
  test.store.interrupt_handle().interrupt();
  EXPECT_EQ(trap_of(instance.function("block")->call()), TrapKind::interrupted);
  EXPECT_TRUE(still_works(instance));
}

TEST(limits, interrupt_without_a_call_stops_the_next_one_only) {
  TestStore test;
  const Instance instance = test.instantiate(kGuest);
  test.store.interrupt_handle().interrupt();
  EXPECT_EQ(trap_of(instance.function("spin")->call()), TrapKind::interrupted);
  EXPECT_TRUE(still_works(instance));
  test.store.interrupt_handle().interrupt();
  test.store.clear_interrupt();
  EXPECT_TRUE(still_works(instance));
}

TEST(limits, interrupt_handle_outlives_its_store) {
  InterruptHandle handle;
  handle.interrupt();
  {
    TestStore test;
    handle = test.store.interrupt_handle();
  }
  handle.interrupt();
}

TEST(limits, thread_timeout_stops_what_runs_too_long) {
  TestStore test;
  const Instance instance = test.instantiate(kGuest);
  ASSERT_TRUE(test.store.set_timeout(15ms));
  for (const char* name : {"spin", "sleep", "bulk"}) {
    const auto began = Clock::now();
    EXPECT_EQ(trap_of(instance.function(name)->call()), TrapKind::interrupted) << name;
    EXPECT_GE(Clock::now() - began, 15ms) << name;
    EXPECT_TRUE(still_works(instance)) << "each call has its own time";
  }
  ASSERT_TRUE(test.store.set_timeout(0ns));
  EXPECT_TRUE(still_works(instance));
  ASSERT_TRUE(test.store.set_timeout(std::chrono::nanoseconds::max()));
  EXPECT_TRUE(still_works(instance));
}

TEST(limits, thread_timeouts_of_many_stores_do_not_mix) {
  TestStore test;
  const Module module = test.module(kGuest);
  std::vector<std::thread> threads;
  std::atomic<int> interrupted = 0;
  std::atomic<int> fine = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      auto store = Store::create(test.engine);
      auto instance = Instance::create(*store, module);
      (void)store->set_timeout(i % 2 == 0 ? std::chrono::nanoseconds(10ms) : std::chrono::nanoseconds(1h));
      const CallResult result =
          i % 2 == 0 ? instance->function("sleep")->call() : instance->function("count")->call({1000});
      interrupted += trap_of(result) == TrapKind::interrupted;
      fine += result.ok();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(interrupted, 4);
  EXPECT_EQ(fine, 4);
}

TEST(limits, memory_of_a_store) {
  TestStore test({}, {.memory_bytes = 4 << 16});
  const Instance instance = test.instantiate(R"((module (memory (export "memory") 2)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
  const auto grow = *instance.typed<int32_t(int32_t)>("grow");
  EXPECT_EQ(*grow(2), 2);
  EXPECT_EQ(*grow(1), -1);
  EXPECT_EQ(instance.memory()->grow(1).error().kind, ErrorKind::resource);
  EXPECT_EQ(Memory::create(test.store, {.min = 1}).error().kind, ErrorKind::resource);
  const auto second = Instance::create(test.store, test.module("(module (memory 1))"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::resource) << second.message();
  ASSERT_TRUE(test.store.set_limits({.memory_bytes = 8 << 16}));
  EXPECT_EQ(*grow(1), 4);
}

TEST(limits, tables_and_instances_of_a_store) {
  TestStore test({}, {.table_elements = 10, .instances = 2});
  EXPECT_FALSE(Table::create(test.store, {.min = 11}, Value::null(HeapType::Kind::func)).ok());
  EXPECT_TRUE(Table::create(test.store, {.min = 10}, Value::null(HeapType::Kind::func)).ok());
  const Module module = test.module("(module)");
  EXPECT_TRUE(Instance::create(test.store, module).ok());
  EXPECT_TRUE(Instance::create(test.store, module).ok());
  EXPECT_FALSE(Instance::create(test.store, module).ok());
}

TEST(limits, stack_of_a_store) {
  constexpr const char* kDeep = R"((module (func $f (export "f") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))))";
  TestStore small({}, {.stack_bytes = 64 << 10});
  TestStore large({}, {.stack_bytes = 64 << 20});
  const auto in_small = *small.instantiate(kDeep).typed<int32_t(int32_t)>("f");
  const auto in_large = *large.instantiate(kDeep).typed<int32_t(int32_t)>("f");
  EXPECT_EQ(*in_small(100), 100);
  EXPECT_EQ(trap_of(in_small(100'000)), TrapKind::call_stack_exhausted);
  EXPECT_EQ(*in_small(100), 100);
  EXPECT_EQ(*in_large(100'000), 100'000);
  const auto deep = in_small(100'000);
  EXPECT_EQ(deep.trap().frames.size(), 64u);
  EXPECT_GT(deep.trap().omitted_frames, 100u);
}

TEST(limits, module_limits) {
  const Engine engine = *Engine::create({.limits = {.module_bytes = 100, .functions = 3}});
  EXPECT_TRUE(Module::load_text(engine, "(module (func) (func) (func))").ok());
  EXPECT_EQ(Module::load_text(engine, "(module (func) (func) (func) (func))").error().kind, ErrorKind::limit);
  EXPECT_EQ(Module::load(engine, std::vector<uint8_t>(101)).error().kind, ErrorKind::limit);
}

}  // namespace
}  // namespace heddle
