// SPDX-License-Identifier: Apache-2.0
// Requests to yield, and for samples: the guest answers at its next check, or at a later one, and computes
// what it would have.
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

constexpr std::string_view kWork = R"((module
  (type $f (func (param i32) (result i32)))
  (import "" "" (func $ask))
  (tag $t (param i32))
  (table funcref (elem $fib $down))
  (func $fib (export "recursion") (param i32) (result i32)
    (call $ask)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else
      (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "loop") (param i32) (result i32) (local $i i32) (local $x i64) (local $y f64) (local $z f32)
    (local.set $y (f64.const 1)) (local.set $z (f32.const 1))
    (loop $l
      (call $ask)
      (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 31)) (i64.extend_i32_u (local.get $i))))
      (local.set $y (f64.add (f64.mul (local.get $y) (f64.const 0.5)) (f64.convert_i32_u (local.get $i))))
      (local.set $z (f32.mul (f32.add (local.get $z) (f32.const 1)) (f32.const 0.75)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (i32.xor (i32.wrap_i64 (i64.xor (local.get $x) (i64.reinterpret_f64 (local.get $y))))
             (i32.reinterpret_f32 (local.get $z))))
  (func (export "br_table") (param i32) (result i32) (local $state i32) (local $sum i32)
    (loop $l
      (call $ask)
      (block $c (block $b (block $a (br_table $a $b $c (local.get $state)))
        (local.set $sum (i32.add (local.get $sum) (local.get 0))) (local.set $state (i32.const 1))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (return (local.get $sum)))
        (local.set $sum (i32.mul (local.get $sum) (i32.const 3))) (local.set $state (i32.const 2)) (br $l))
      (local.set $sum (i32.xor (local.get $sum) (i32.const 0x5555))) (local.set $state (i32.const 0)) (br $l))
    (unreachable))
  (func $down (export "tail calls") (param i32) (result i32)
    (call $ask)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 77))))
    (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
  (func (export "exceptions") (param i32) (result i32) (local $caught i32)
    (loop $l
      (call $ask)
      (block $h (result i32)
        (try_table (catch $t $h) (throw $t (local.get 0))) (unreachable))
      (local.set $caught (i32.add (local.get $caught)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $caught))
))";

struct Counter final : Yielder {
  void yield() noexcept override { ++count; }
  uint64_t count = 0;
};

/// An instance of kWork; what it calls asks for a yield, if `asks`.
struct Work {
  World world;
  bool asks = false;
  Counter counter;
  const External imports[1] = {world.host({}, {}, [this](ExecContext& context, Slot*) {
    if (asks) context.request_yield();
    return true;
  })};
  Instance& instance = world.instantiate(kWork, imports);
  ExecContext& context = *instance.context;

  Work() { context.yielder = &counter; }
  ~Work() { context.yielder = nullptr; }
  Outcome call(std::string_view name, Slot argument) { return world.call(instance, name, {argument}); }
};

TEST(interpreter_yield, changes_no_result) {
  Work work;
  for (const std::string_view name : {"recursion", "loop", "br_table", "tail calls", "exceptions"}) {
    SCOPED_TRACE(name);
    work.asks = false;
    const Outcome undisturbed = work.call(name, 20);
    work.asks = true;
    work.counter.count = 0;
    EXPECT_EQ(work.call(name, 20), undisturbed);
    EXPECT_GE(work.counter.count, 19u);
    EXPECT_EQ(undisturbed.trap, TrapKind::none);
  }
}

TEST(interpreter_yield, leaves_interrupts_alone) {
  Work work;
  work.asks = true;
  work.context.request_yield();
  work.context.request_interrupt();
  EXPECT_EQ(work.call("loop", 20).trap, TrapKind::interrupted);
  work.context.clear_interrupt();
  EXPECT_TRUE(work.context.request_pending()) << "the request to yield stays";
  EXPECT_EQ(work.call("loop", 20).trap, TrapKind::none);
}

/// A poison of the stack limit that comes after its request was answered is no exhausted stack.
TEST(interpreter_yield, late_poison_does_not_exhaust_the_stack) {
  Work work;
  work.context.stack_limit.store(nullptr);
  EXPECT_EQ(work.call("recursion", 10).trap, TrapKind::none);
}

struct SampleCounter final : Sampler {
  uint32_t sample(ExecContext&, const Instance&, const uint64_t*) noexcept override {
    ++count;
    return next;
  }
  uint64_t count = 0;
  uint32_t next = 0;
};

TEST(interpreter_sample, is_taken_at_a_later_check) {
  Work work;
  SampleCounter sampler;
  work.context.sampler = &sampler;
  for (const std::string_view name : {"recursion", "loop", "br_table", "tail calls", "exceptions"}) {
    SCOPED_TRACE(name);
    const Outcome undisturbed = work.call(name, 20);
    constexpr uint32_t kMany = 1'000'000;
    work.context.request_sample_after(kMany);
    EXPECT_EQ(work.call(name, 20), undisturbed);
    EXPECT_EQ(std::exchange(sampler.count, 0), 0u);
    const uint32_t passed = kMany - work.context.countdown;
    work.context.cancel_sample_after();
    EXPECT_EQ(work.context.stack_limit.load(), work.context.stack_end);
    EXPECT_GE(passed, 19u);
    for (const auto& [checks, samples] :
         {std::pair(1u, 1u), std::pair(passed, 1u), std::pair(passed + 1, 0u)}) {
      work.context.request_sample_after(checks);
      EXPECT_EQ(work.call(name, 20), undisturbed);
      EXPECT_EQ(std::exchange(sampler.count, 0), samples);
      EXPECT_EQ(work.context.sample_pending(), samples == 0);
      work.context.cancel_sample_after();
    }
  }
  work.context.sampler = nullptr;
}

TEST(interpreter_sample, is_taken_every_so_many_checks) {
  Work work;
  SampleCounter sampler;
  work.context.sampler = &sampler;
  for (const std::string_view name : {"recursion", "loop", "br_table", "tail calls", "exceptions"}) {
    SCOPED_TRACE(name);
    const Outcome undisturbed = work.call(name, 20);
    for (sampler.next = 2; sampler.next < 5; ++sampler.next) {
      work.context.request_sample_after(sampler.next);
      EXPECT_EQ(work.call(name, 20), undisturbed);
      EXPECT_GE(std::exchange(sampler.count, 0), 19 / sampler.next);
    }
    work.context.cancel_sample_after();
  }
  work.context.sampler = nullptr;
}

TEST(interpreter_sample, is_taken_along_with_what_is_to_be_answered) {
  Work work;
  SampleCounter sampler;
  work.context.sampler = &sampler;
  work.context.request_sample_after(1'000'000);
  work.context.request_yield();
  EXPECT_EQ(work.call("loop", 20).trap, TrapKind::none);
  EXPECT_EQ(work.counter.count, 1u);
  EXPECT_EQ(sampler.count, 1u);
  EXPECT_FALSE(work.context.sample_pending());
  work.context.sampler = nullptr;
}

TEST(interpreter_sample, that_is_still_to_come_hides_no_exhausted_stack) {
  Work work;
  work.context.request_sample_after(1'000'000);
  EXPECT_EQ(work.call("recursion", 1'000'000).trap, TrapKind::call_stack_exhausted);
  EXPECT_TRUE(work.context.sample_pending());
  work.context.cancel_sample_after();
}

TEST(interpreter_yield, is_asked_for_by_other_threads) {
  Work work;
  const Outcome undisturbed = work.call("recursion", 20);
  std::atomic<bool> done{false};
  std::thread asker([&] {
    // Not without pause: each request is answered before the guest goes on.
    while (!done) {
      work.context.request_yield();
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  });
  while (work.counter.count < 50) EXPECT_EQ(work.call("recursion", 20), undisturbed);
  done = true;
  asker.join();
}

}  // namespace
}  // namespace heddle::engine
