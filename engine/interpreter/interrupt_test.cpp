// SPDX-License-Identifier: Apache-2.0
// Interrupts from another thread: whatever the guest does, it stops soon, and the store runs again. Suite
// names contain "thread" for TSan's filter.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kForever = R"((module
  (type $f (func))
  (type $g (func (param i32)))
  (import "" "" (func $host))
  (memory 1 4096 shared)
  (table $t 3 funcref) (elem (table $t) (i32.const 0) func $tail_indirect $nothing $count)
  (func $nothing)
  (func (export "loop") (loop (br 0)))
  (func (export "br_if") (loop (br_if 0 (i32.const 1))))
  (func (export "br_if on zero") (local i32) (loop (br_if 0 (i32.eqz (local.get 0)))))
  (func (export "br_if on a comparison") (local i64) (loop (br_if 0 (i64.eq (local.get 0) (i64.const 0)))))
  (func (export "br_if on a mask") (local i32)
    (local.set 0 (i32.const 3)) (loop (br_if 0 (i32.and (local.get 0) (i32.const 2)))))
  (func (export "a float loop") (local f64) (loop (br_if 0 (f64.ge (local.get 0) (f64.const 0)))))
  (func (export "a counter") (local i32)
    (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2))) (i32.const 1)))))
  (func (export "br_table") (local i32) (loop (br_table 0 0 0 (local.get 0))))
  (func (export "br_table with values") (i32.const 1)
    (loop $l (param i32) (drop) (i32.const 7) (i32.const 1) (br_table $l $l (i32.const 0))))
  (func (export "a loop with values") (i32.const 1) (i64.const 1)
    (loop (param i32 i64) (drop) (drop) (i64.const 7) (drop) (i32.const 1) (i64.const 5) (br 0)))
  (func (export "carried") (i32.const 1)
    (loop $l (param i32) (drop) (i32.const 1) (br_if $l (i32.const 1)) (drop)))
  (func (export "br_on_null") (loop $l (drop (br_on_null $l (ref.null func)))))
  (func $deep (param i32) (if (local.get 0) (then
    (call $deep (i32.sub (local.get 0) (i32.const 1))) (call $deep (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "recursion") (call $deep (i32.const 60)))
  (func $count (param i32))
  (func (export "calls") (loop (call $nothing) (call_indirect $t (type $f) (i32.const 1)) (br 0)))
  (func $tail (export "return_call") (return_call $tail))
  (func $tail_indirect (export "return_call_indirect") (return_call_indirect $t (type $f) (i32.const 0)))
  (func $tail_reference (export "return_call_ref") (return_call_ref $f (ref.func $tail_reference)))
  (func (export "calls of the host") (loop (call $host) (br 0)))
  (func (export "memory.fill")
    (drop (memory.grow (i32.const 1023)))
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br 0)))
  (func (export "memory.copy")
    (drop (memory.grow (i32.const 1023)))
    (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3ffffff)) (br 0)))
  (type $bytes (array (mut i8)))
  (type $longs (array (mut i64)))
  (type $node (struct (field (ref null $node)) (field (ref null $node))))
  (func (export "array.fill") (local $a (ref $bytes))
    (local.set $a (array.new_default $bytes (i32.const 0x4000000)))
    (loop (array.fill $bytes (local.get $a) (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br 0)))
  (func (export "array.copy") (local $a (ref $longs))
    (local.set $a (array.new_default $longs (i32.const 0x800000)))
    (loop (array.copy $longs $longs (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 0x7fffff))
      (br 0)))
  (func (export "array.new")
    (loop (drop (array.new $longs (i64.const 1) (i32.const 0x800000))) (br 0)))
  (func (export "collections") (local $list (ref null $node)) (local $n i32)
    (loop $grow
      (local.set $list (struct.new $node (local.get $list) (local.get $list)))
      (br_if $grow (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 300000))))
    (loop (drop (array.new_default $longs (i32.const 0x180000))) (br 0)))
  (func (export "atomic.wait")
    (drop (memory.atomic.wait32 (i32.const 0) (i32.load (i32.const 0)) (i64.const -1))) (loop (br 0)))
  (elem declare func $tail_reference)
  (func (export "fine") (result i32) (local i32)
    (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
    (local.get 0))))";

/// Interrupts `store` after a moment, from another thread; says when.
class Interrupter {
 public:
  explicit Interrupter(Store& store)
      : thread_([this, &store] {
          std::this_thread::sleep_for(3ms);
          when_ = Clock::now();
          store.interrupt();
        }) {}
  /// How long ago that was.
  Clock::duration ago() {
    const auto now = Clock::now();
    thread_.join();
    return now - when_;
  }

 private:
  Clock::time_point when_;
  std::thread thread_;
};

/// Interrupts a call of `function`. On a busy machine the interrupt may come before the guest has begun: that
/// leaves no frames, and is tried again.
void interrupt_inside(World& world, Function& function) {
  const std::string name = function.instance->module->function_name(function.code->index);
  for (int attempt = 0; attempt < 100; ++attempt) {
    world.store->context().clear_interrupt();
    Interrupter interrupter(*world.store);
    EXPECT_EQ(world.call(function), trapped(TrapKind::interrupted)) << name;
    // Generous, for such machines; the point is that it ends at all.
    EXPECT_LT(interrupter.ago(), 20s) << name;
    if (!world.trap.frames.empty()) return;
  }
  ADD_FAILURE() << name << ": never interrupted inside";
}

void interrupt_everything(const WorldOptions& options) {
  World world(options);
  std::atomic<uint64_t> host_calls = 0;
  const External imports[] = {world.host({}, {}, [&](ExecContext&, Slot*) {
    ++host_calls;
    return true;
  })};
  Instance& instance = world.instantiate(kForever, imports);
  for (const Export& exported : instance.module->exports) {
    if (exported.name == "fine") continue;
    Function& function = world.function(instance, exported.name);
    world.store->context().fuel = INT64_MAX;
    interrupt_inside(world, function);
    // Until it is cleared nothing runs.
    EXPECT_EQ(world.call(instance, "fine"), trapped(TrapKind::interrupted));
    world.store->context().clear_interrupt();
    EXPECT_EQ(world.call(instance, "fine"), returned({1000})) << exported.name;
  }
  EXPECT_GT(host_calls, 0u);
}

TEST(interpreter_interrupt_thread, stops_everything) { interrupt_everything({}); }
TEST(interpreter_interrupt_thread, stops_everything_in_checked_memories) {
  interrupt_everything({.memory_mode = MemoryMode::checked});
}
TEST(interpreter_interrupt_thread, stops_everything_with_fuel) { interrupt_everything({.fuel = true}); }

TEST(interpreter_interrupt_thread, stops_a_start_function) {
  World world;
  Interrupter interrupter(*world.store);
  world.instantiate("(module (func $f (loop (br 0))) (start $f))");
  EXPECT_EQ(world.trap.kind, TrapKind::interrupted);
  EXPECT_LT(interrupter.ago(), 20s);
}

TEST(interpreter_interrupt_thread, stops_the_callers_of_a_host_function) {
  World world;
  Function* inner = nullptr;
  const External imports[] = {world.host({}, {}, [&](ExecContext& context, Slot*) {
    Trap trap;
    return world.store->call(*inner, {}, &trap) || context.fail(trap.kind, trap.message);
  })};
  Instance& instance = world.instantiate(R"((module (import "" "" (func $h))
    (func (export "inner") (loop (br 0)))
    (func (export "outer") (loop (call $h) (br 0)))))",
                                         imports);
  inner = &world.function(instance, "inner");
  interrupt_inside(world, world.function(instance, "outer"));
  ASSERT_FALSE(world.trap.frames.empty());
  EXPECT_EQ(world.trap.frames[0].function, "outer");
}

/// An interrupt that comes while the host runs stops the guest as it returns, or at its next call.
TEST(interpreter_interrupt_thread, that_comes_inside_the_host) {
  World world;
  const External imports[] = {world.host({}, {}, [&](ExecContext&, Slot*) {
    world.store->interrupt();
    return true;
  })};
  Instance& instance = world.instantiate(R"((module (import "" "" (func $h))
    (func (export "again") (call $h) (call $h))
    (func (export "loop") (call $h) (loop (br 0)))))",
                                         imports);
  for (const char* name : {"again", "loop"}) {
    EXPECT_EQ(world.call(instance, name), trapped(TrapKind::interrupted));
    ASSERT_EQ(world.trap.frames.size(), 1u) << name;
    EXPECT_EQ(world.trap.frames[0].function, name);
    world.store->context().clear_interrupt();
  }
}

// First calls of one module's functions from many threads at once.

std::string many_functions(int count) {
  std::string text =
      "(module (memory 1) (func $f0 (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))\n";
  for (int i = 1; i < count; ++i) {
    const std::string callee = " $f" + std::to_string(i - 1);
    text += "(func $f" + std::to_string(i) + " (export \"" + std::to_string(i) +
            "\") (param i32) (result i32) " + "(i32.store (i32.const 0) (local.get 0))" +
            (i % 3 == 0 ? "(return_call" + callee + " (i32.add (i32.load (i32.const 0)) (i32.const 1)))"
                        : "(i32.add (call" + callee + " (i32.load (i32.const 0))) (i32.const 1))") +
            ")\n";
  }
  return text + ")";
}

TEST(interpreter_translation_thread, first_calls_from_many_threads) {
  constexpr int kThreads = 4;
  constexpr int kFunctions = 400;
  for (int round = 0; round < 5; ++round) {
    World world;
    const auto module = world.load(many_functions(kFunctions));
    std::atomic<int> ready = 0;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        World own(world.engine);
        Instance& instance = own.instantiate(module);
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        for (int i = 1; i < kFunctions; ++i) {
          const int which = t % 2 == 0 ? i : kFunctions - i;  // they meet
          const Slot wanted = static_cast<Slot>(1000 + which + 1);
          wrong += own.call(instance, std::to_string(which), {1000}) != returned({wanted});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

/// Backtraces look at the code that others are adding to.
TEST(interpreter_translation_thread, backtraces_beside_first_calls) {
  World world;
  std::string text = "(module";
  for (int i = 0; i < 300; ++i) {
    text += " (func (export \"" + std::to_string(i) + "\") (param i32) (result i32) (i32.div_s (i32.const " +
            std::to_string(i) + ") (local.get 0)))";
  }
  const auto module = world.load(text + ")");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      World own(world.engine);
      Instance& instance = own.instantiate(module);
      for (int i = 0; i < 300; ++i) {
        const std::string name = std::to_string((i + t * 100) % 300);
        wrong += own.call(instance, name, {0}) != trapped(TrapKind::integer_divide_by_zero);
        wrong += own.trap.frames.size() != 1 || own.trap.frames[0].function != name;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace heddle::engine
