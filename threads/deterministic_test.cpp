// SPDX-License-Identifier: Apache-2.0
// Guests in deterministic runs: races show under some seeds and replay, what is right never fails, time is
// virtual, and a deadlock ends.
#include <chrono>
#include <cstdio>
#include <set>

#include "engine/interpreter/test_world.h"
#include "engine/support/sanitizers.h"
#include "threads/schedule.h"
#include "threads/test_jobs.h"

namespace heddle::threads {
namespace {

using engine::External;
using engine::Instance;
using engine::Outcome;
using engine::Slot;
using engine::World;

/// At address 0 a counter, at 4 a mutex (0 free, 1 locked, 2 locked and perhaps waited for), at 8 a log.
constexpr std::string_view kGuest = R"((module
  (import "" "memory" (memory 1 1 shared))
  (func $increment (i32.atomic.store (i32.const 0) (i32.add (i32.atomic.load (i32.const 0)) (i32.const 1))))
  (func $lock
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 4) (i32.const 0) (i32.const 1))) (then (return)))
    (loop $again
      (if (i32.eqz (i32.atomic.rmw.xchg (i32.const 4) (i32.const 2))) (then (return)))
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 2) (i64.const -1)))
      (br $again)))
  (func $unlock
    (if (i32.eq (i32.atomic.rmw.xchg (i32.const 4) (i32.const 0)) (i32.const 2))
      (then (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))))
  ;; Forgets, when it has slept, that others may sleep, too.
  (func $forgetful_lock
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 4) (i32.const 0) (i32.const 1))) (then (return)))
    (loop $again
      (if (i32.ne (i32.atomic.rmw.cmpxchg (i32.const 4) (i32.const 1) (i32.const 2)) (i32.const 0))
        (then (drop (memory.atomic.wait32 (i32.const 4) (i32.const 2) (i64.const -1)))))
      (br_if $again (i32.ne (i32.atomic.rmw.cmpxchg (i32.const 4) (i32.const 0) (i32.const 1)) (i32.const 0)))))
  ;; Looks and then takes.
  (func $slow_lock
    (loop $again (br_if $again (i32.atomic.load (i32.const 4))))
    (i32.atomic.store (i32.const 4) (i32.const 1)))

  (func (export "race") (param $times i32) (result i32)
    (loop $l (call $increment) (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.const 0))
  (func (export "mutex") (param $times i32) (result i32)
    (loop $l
      (call $lock) (call $increment) (call $unlock)
      (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.const 0))
  (func (export "forgetful mutex") (param $times i32) (result i32)
    (loop $l
      (call $forgetful_lock) (call $increment) (call $unlock)
      (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.const 0))
  (func (export "slow mutex") (param $times i32) (result i32)
    (loop $l
      (call $slow_lock) (call $increment) (i32.atomic.store (i32.const 4) (i32.const 0))
      (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.const 0))
  ;; Sleeps for so many hours, then appends the number to the log.
  (func (export "sleep") (param $hours i32) (result i32) (local $result i32)
    (local.set $result (memory.atomic.wait32 (i32.const 4) (i32.const 0)
      (i64.mul (i64.extend_i32_u (local.get $hours)) (i64.const 3600000000000))))
    (i32.store8 offset=8 (i32.atomic.rmw.add (i32.const 0) (i32.const 1)) (local.get $hours))
    (local.get $result))
  (func (export "wait") (param i32) (result i32)
    (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))
))";

/// Room for host functions on a fiber's stack.
constexpr uintptr_t kNativeReserve = uintptr_t{64} << 10;

/// Guests on fibers over one shared memory, run again and again; as an observer, interrupts those that wait
/// for each other.
class Guests final : public DeadlockObserver {
 public:
  explicit Guests(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      worlds_.push_back(
          i == 0 ? std::make_unique<World>(engine::WorldOptions{.fuel = true, .preempt_at_atomics = true})
                 : std::make_unique<World>(worlds_[0]->engine));
    }
    memory_.kind = engine::ExternKind::memory;
    memory_.memory = worlds_[0]->store->new_memory({.limits = {1, 1, false}, .is_shared = true}).value();
    const auto module = worlds_[0]->load(kGuest);
    for (const auto& world : worlds_)
      instances_.push_back(&world->instantiate(module, std::span(&memory_, 1)));
  }

  /// One run, on a fiber of the scheduler: each guest calls `name`, with its argument. What the counter says
  /// then.
  uint32_t run(Scheduler& scheduler, std::string_view name, std::initializer_list<Slot> arguments) {
    std::fill_n(memory_.memory->base(), 64, uint8_t{0});
    outcomes.assign(worlds_.size(), {});
    Group group(scheduler);
    for (size_t i = 0; i < worlds_.size(); ++i) {
      group.start([this, &scheduler, i, name, argument = arguments.begin()[i % arguments.size()]] {
        engine::ExecContext& context = worlds_[i]->store->context();
        context.clear_interrupt();  // of a deadlock that it had no part in
        context.set_fuel(INT64_MAX);
        context.set_refueler(scheduler.refueler());
        context.waiter.set_parker(Fiber::current());
        context.native_stack_limit = Fiber::current()->stack_low() + kNativeReserve;
        outcomes[i] = worlds_[i]->call(*instances_[i], name, {argument});
        context.waiter.set_parker(nullptr);
        context.set_refueler(nullptr);
      });
    }
    group.wait();
    return word(0);
  }

  void on_deadlock() noexcept override {
    ++deadlocks;
    for (const auto& world : worlds_) world->store->interrupt();
  }

  [[nodiscard]] uint32_t word(size_t index) const {
    return reinterpret_cast<const uint32_t*>(memory_.memory->base())[index];
  }
  [[nodiscard]] std::string log() const {
    return std::string(reinterpret_cast<const char*>(memory_.memory->base() + 8), word(0));
  }

  std::vector<Outcome> outcomes;
  int deadlocks = 0;

 private:
  std::vector<std::unique_ptr<World>> worlds_;
  std::vector<Instance*> instances_;
  External memory_;
};

constexpr bool kSlow = engine::kThreadSanitizer || engine::kAddressSanitizer;

/// The counter after each of `count` runs with the seeds 0, 1, 2 and so on.
template <class SeededPolicy>
std::vector<uint32_t> counters(SeededPolicy& policy, Guests& guests, std::string_view name, Slot times,
                               uint64_t count) {
  std::vector<uint32_t> counters;
  const auto start = std::chrono::steady_clock::now();
  run_with(
      policy,
      [&](Scheduler& scheduler) {
        for (uint64_t seed = 0; seed < count; ++seed) {
          policy.restart(seed);
          counters.push_back(guests.run(scheduler, name, {times}));
        }
      },
      &guests);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("[ figures  ] %.*s: %.0f schedules per second\n", static_cast<int>(name.size()), name.data(),
              static_cast<double>(count) / seconds.count());
  return counters;
}

TEST(deterministic_guests, a_race_loses_updates_and_replays) {
  Guests guests(3);
  RandomPolicy policy(0, 20);
  const uint64_t count = kSlow ? 100 : 1000;
  const std::vector<uint32_t> first = counters(policy, guests, "race", 10, count);
  EXPECT_EQ(first, counters(policy, guests, "race", 10, count));
  const std::set<uint32_t> different(first.begin(), first.end());
  EXPECT_LT(*different.begin(), 30u) << "no update was lost";
  EXPECT_GT(different.size(), 5u) << "all schedules are alike";
  EXPECT_LE(*different.rbegin(), 30u);
}

TEST(deterministic_guests, a_race_needs_others_between_its_two_atomics) {
  Guests guests(2);
  RoundRobinPolicy each_in_turn(INT64_MAX), after_each_stretch(1);
  run_with(each_in_turn, [&](Scheduler& scheduler) { EXPECT_EQ(guests.run(scheduler, "race", {10}), 20u); });
  run_with(after_each_stretch,
           [&](Scheduler& scheduler) { EXPECT_EQ(guests.run(scheduler, "race", {10}), 10u); });
}

TEST(deterministic_guests, pct_finds_the_race) {
  Guests guests(2);
  PctPolicy policy({.depth = 2, .steps = 15});
  const std::vector<uint32_t> found = counters(policy, guests, "race", 1, 1000);
  const auto lost = std::ranges::count(found, 1u);
  EXPECT_GE(lost, 1000 / (2 * 15));
  EXPECT_EQ(lost + std::ranges::count(found, 2u), 1000);
}

TEST(deterministic_guests, a_schedule_replays_a_lost_update_from_its_line) {
  Guests guests(3);
  for (uint64_t seed = 0;; ++seed) {
    ASSERT_LT(seed, 100u) << "no update was lost";
    RandomPolicy random(seed, 20);
    RecordingPolicy recording(random);
    uint32_t counter = 0;
    run_with(recording, [&](Scheduler& scheduler) { counter = guests.run(scheduler, "race", {10}); });
    if (counter == 30) continue;
    ReplayPolicy replay(*Schedule::parse(recording.schedule().to_string()));
    run_with(replay, [&](Scheduler& scheduler) { EXPECT_EQ(guests.run(scheduler, "race", {10}), counter); });
    EXPECT_FALSE(replay.diverged());
    return;
  }
}

TEST(deterministic_guests, a_mutex_never_fails) {
  const uint64_t count = kSlow ? 300 : 5000;
  Guests guests(3);
  RandomPolicy random(0, 20);
  for (const uint32_t counter : counters(random, guests, "mutex", 5, count)) ASSERT_EQ(counter, 15u);
  PctPolicy pct({.depth = 4, .steps = 300});
  for (const uint32_t counter : counters(pct, guests, "mutex", 5, count)) ASSERT_EQ(counter, 15u);
  EXPECT_EQ(guests.deadlocks, 0);
}

TEST(deterministic_guests, a_mutex_that_looks_and_then_takes_is_found) {
  Guests guests(3);
  RandomPolicy random(0, 20);
  const auto found = counters(random, guests, "slow mutex", 5, 200);
  EXPECT_LT(*std::ranges::min_element(found), 15u);
}

TEST(deterministic_guests, a_lost_wake_up_is_found_as_a_deadlock_and_replays) {
  Guests guests(3);
  RandomPolicy random(0, 20);
  (void)counters(random, guests, "forgetful mutex", 5, 200);
  const int deadlocks = std::exchange(guests.deadlocks, 0);
  EXPECT_GT(deadlocks, 0);
  (void)counters(random, guests, "forgetful mutex", 5, 200);
  EXPECT_EQ(guests.deadlocks, deadlocks);
}

TEST(deterministic_guests, sleep_for_hours_and_wake_in_order) {
  Guests guests(3);
  RandomPolicy random(1);
  run_with(random, [&](Scheduler& scheduler) {
    EXPECT_EQ(guests.run(scheduler, "sleep", {30, 10, 20}), 3u);
    EXPECT_EQ(guests.log(), (std::string{10, 20, 30}));
    for (const Outcome& outcome : guests.outcomes) EXPECT_EQ(outcome, engine::returned({2}));
    // What the guests run takes a little, too.
    EXPECT_GE(scheduler.clock().now_ns(), int64_t{30} * 3600 * 1'000'000'000);
    EXPECT_LT(scheduler.clock().now_ns(), int64_t{30} * 3600 * 1'000'000'000 + 1'000'000);
  });
}

TEST(deterministic_guests, that_wait_for_ever_are_a_deadlock) {
  Guests guests(2);
  RoundRobinPolicy policy;
  run_with(policy, [&](Scheduler& scheduler) { (void)guests.run(scheduler, "wait", {0}); }, &guests);
  EXPECT_EQ(guests.deadlocks, 1);
  for (const Outcome& outcome : guests.outcomes) EXPECT_EQ(outcome, engine::trapped(TrapKind::interrupted));
}

}  // namespace
}  // namespace heddle::threads
