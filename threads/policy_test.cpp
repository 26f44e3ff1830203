// SPDX-License-Identifier: Apache-2.0
// Policies and the scheduler under them: the same seed gives the same run, PCT keeps what it promises, time
// is virtual, deadlocks are told.
#include "threads/policy.h"

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <vector>

#include "engine/support/sanitizers.h"
#include "threads/schedule.h"
#include "threads/test_jobs.h"

namespace heddle::threads {
namespace {

using Trace = std::vector<uint64_t>;

/// Notes which fibers were chosen.
class TracingPolicy final : public Policy {
 public:
  explicit TracingPolicy(Policy& asked) : asked_(asked) {}
  [[nodiscard]] size_t choose(const Switch& at) noexcept override {
    const size_t position = asked_.choose(at);
    trace.push_back(at.runnable[position].number);
    return position;
  }
  [[nodiscard]] int64_t slice() noexcept override { return asked_.slice(); }
  void ended(uint64_t number) noexcept override { asked_.ended(number); }

  Trace trace;

 private:
  Policy& asked_;
};

/// Sixteen fibers that yield, are preempted, sleep, wake each other and spawn, by dice of their own; about
/// 10,000 switches.
Trace storm(Policy& policy) {
  constexpr size_t kFibers = 16;
  TracingPolicy tracing(policy);
  uint64_t switches = 0;
  run_with(tracing, [&](Scheduler& scheduler) {
    std::array<Fiber*, kFibers> fibers{};
    Group group(scheduler);
    for (size_t i = 0; i < kFibers; ++i) {
      group.start([&, i] {
        std::mt19937 dice(static_cast<unsigned>(i));
        fibers[i] = Fiber::current();
        for (int step = 0; step < 1000; ++step) {
          switch (dice() % 6) {
            case 0: Fiber::current()->yield(); break;
            case 1: (void)scheduler.refueler()->next_slice(); break;
            case 2: Fiber::current()->park(Fiber::current()->now_ns() + dice() % 1000); break;
            case 3: spawn(scheduler, [] {}); break;
            case 4: Fiber::current()->preempt(); break;
            default:
              if (Fiber* other = fibers[dice() % kFibers]) other->unpark();
          }
        }
      });
    }
    group.wait();
    switches = scheduler.switches();
  });
  EXPECT_GE(switches, 10'000u);
  EXPECT_GE(tracing.trace.size(), switches);
  return tracing.trace;
}

TEST(policy, the_same_seed_gives_the_same_trace) {
  const auto random = [](uint64_t seed) {
    RandomPolicy policy(seed);
    return storm(policy);
  };
  const auto pct = [](uint64_t seed) {
    PctPolicy policy({.seed = seed, .depth = 10, .steps = 10'000});
    return storm(policy);
  };
  const auto round_robin = [] {
    RoundRobinPolicy policy;
    return storm(policy);
  };
  EXPECT_EQ(random(1), random(1));
  EXPECT_NE(random(1), random(2));
  EXPECT_EQ(pct(1), pct(1));
  EXPECT_NE(pct(1), pct(2));
  EXPECT_EQ(round_robin(), round_robin());
}

/// Chooses at random, and checks that the list it is shown is the one before without the chosen one, and with
/// the new ones behind.
class CheckingPolicy final : public Policy {
 public:
  [[nodiscard]] size_t choose(const Switch& at) noexcept override {
    EXPECT_GE(at.runnable.size(), expected_.size());
    for (size_t i = 0; i < std::min(expected_.size(), at.runnable.size()); ++i) {
      EXPECT_EQ(at.runnable[i].number, expected_[i]);
    }
    const size_t position = random_.choose(at);
    expected_.clear();
    for (const Runnable& runnable : at.runnable) expected_.push_back(runnable.number);
    expected_.erase(expected_.begin() + static_cast<ptrdiff_t>(position));
    longest = std::max(longest, at.runnable.size());
    return position;
  }
  [[nodiscard]] int64_t slice() noexcept override { return random_.slice(); }

  size_t longest = 0;

 private:
  RandomPolicy random_{11};
  Trace expected_;
};

TEST(policy, sees_the_runnable_in_the_order_in_which_they_became_so) {
  CheckingPolicy checking;
  (void)storm(checking);
  run_with(checking, [](Scheduler& scheduler) {
    for (int i = 0; i < 300; ++i) {
      spawn(scheduler, [] {
        for (int step = 0; step < 5; ++step) Fiber::current()->yield();
      });
    }
  });
  EXPECT_EQ(checking.longest, 300u);
}

TEST(policy, round_robin_takes_turns) {
  RoundRobinPolicy round_robin;
  TracingPolicy tracing(round_robin);
  run_with(tracing, [&](Scheduler& scheduler) {
    for (int i = 0; i < 3; ++i) {
      spawn(scheduler, [] {
        Fiber::current()->yield();
        Fiber::current()->preempt();
      });
    }
  });
  EXPECT_EQ(tracing.trace, (Trace{1, 2, 3, 4, 2, 3, 4, 2, 3, 4}));
}

TEST(policy, random_choices_and_slices_reach_everything) {
  RandomPolicy policy(7, 5);
  const std::array<Runnable, 4> runnable{};
  std::array<int, 4> chosen{};
  std::array<int, 6> slices{};
  for (int i = 0; i < 1000; ++i) {
    ++chosen[policy.choose({runnable, 0, SwitchReason::stopped})];
    ++slices[static_cast<size_t>(policy.slice())];
  }
  for (const int times : chosen) EXPECT_GT(times, 150);
  EXPECT_EQ(slices[0], 0);
  for (size_t i = 1; i < slices.size(); ++i) EXPECT_GT(slices[i], 120);
}

TEST(policy, restarting_is_as_good_as_new) {
  const std::array<Runnable, 5> runnable = {{{1}, {2}, {3}, {4}, {5}}};
  const auto choices = [&](Policy& policy) {
    Trace choices;
    for (int i = 0; i < 50; ++i) choices.push_back(policy.choose({runnable, 3, SwitchReason::gave_way}));
    return choices;
  };
  RandomPolicy random(1), random_again(2);
  (void)choices(random_again);
  random_again.restart(1);
  EXPECT_EQ(choices(random), choices(random_again));
  PctPolicy pct({.seed = 1}), pct_again({.seed = 2});
  (void)choices(pct_again);
  pct_again.restart(1);
  EXPECT_EQ(choices(pct), choices(pct_again));
}

TEST(policy, a_choice_out_of_range_is_the_last_in_the_list) {
  class Wild final : public Policy {
    [[nodiscard]] size_t choose(const Switch&) noexcept override { return SIZE_MAX; }
    [[nodiscard]] int64_t slice() noexcept override { return INT64_MIN; }
  } wild;
  int ran = 0;
  run_with(wild, [&](Scheduler& scheduler) {
    for (int i = 0; i < 3; ++i) spawn(scheduler, [&] { ++ran; });
  });
  EXPECT_EQ(ran, 3);
}

// Replaying.

TEST(policy_schedule, replays_from_its_line) {
  RandomPolicy random(42);
  RecordingPolicy recording(random);
  const Trace trace = storm(recording);
  const std::string line = recording.schedule().to_string();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = Schedule::parse(line);
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(*parsed, recording.schedule());
  ReplayPolicy replay(*parsed);
  EXPECT_EQ(storm(replay), trace);
  EXPECT_FALSE(replay.diverged());
}

TEST(policy_schedule, says_when_the_record_does_not_fit) {
  for (const char* line : {"", "0", "9x100", "s1", "1x3 s100000 0"}) {
    ReplayPolicy replay(*Schedule::parse(line));
    (void)storm(replay);
    EXPECT_TRUE(replay.diverged()) << line;
  }
}

TEST(policy_schedule, lines_are_short_and_come_back) {
  Schedule schedule;
  for (int i = 0; i < 1000; ++i) schedule.add(false, 0);
  schedule.add(true, 40);
  schedule.add(false, 2);
  EXPECT_EQ(schedule.to_string(), "0x1000 s40 2");
  EXPECT_EQ(*Schedule::parse(" 0x1000\ts40 2\n"), schedule);
}

TEST(policy_schedule, malformed_lines_are_refused_where_they_are_wrong) {
  for (const char* line : {"1 x", "1 s", "1 2x", "1 2x0", "1 -1", "1 2y3", "1 2x3x4",
                           "1 99999999999999999999", "1 s9223372036854775808", "1 sx2"}) {
    const auto parsed = Schedule::parse(line);
    ASSERT_FALSE(parsed.ok()) << line;
    EXPECT_EQ(parsed.error().kind, ErrorKind::malformed);
    EXPECT_NE(parsed.error().message.find("column 3"), std::string::npos) << parsed.error().message;
  }
  EXPECT_TRUE(Schedule::parse("0x18446744073709551615").ok()) << "costs nothing";
}

// PCT.

constexpr int kSteps = 10;  ///< of each of two fibers

/// How many of `runs` schedules of two fibers with ten steps each fail. `step` is told the fiber and the
/// step; `failed` is asked at the end.
template <class Step, class Failed>
int count_failures(uint32_t depth, int runs, Step step, Failed failed) {
  PctPolicy policy({.depth = depth, .steps = 2 * kSteps});
  int failures = 0;
  run_with(policy, [&](Scheduler& scheduler) {
    for (int seed = 0; seed < runs; ++seed) {
      policy.restart(static_cast<uint64_t>(seed));
      Group group(scheduler);
      for (const int which : {0, 1}) {
        group.start([&, which] {
          for (int i = 0; i < kSteps; ++i) {
            step(which, i);
            if (i + 1 < kSteps) Fiber::current()->preempt();
          }
        });
      }
      group.wait();
      failures += failed();
    }
  });
  return failures;
}

constexpr int kRuns = engine::kThreadSanitizer || engine::kAddressSanitizer ? 2'000 : 20'000;

/// The paper's bound, 1/(n*k^(d-1)) of all runs, for two fibers.
double promised(int depth) {
  double runs = kRuns / 2.0;
  for (int i = 1; i < depth; ++i) runs /= 2 * kSteps;
  return runs;
}

/// One fiber uses what the other sets.
struct UseBeforeSet {
  bool is_set = false, failed = false;
  void step(int which, int i) {
    if (which == 0 && i == 4) is_set = true;
    if (which == 1 && i == 4) failed = !is_set;
  }
  bool end() { return std::exchange(*this, {}).failed; }
};

TEST(policy_pct, finds_what_needs_an_order_of_two) {
  UseBeforeSet program;
  const int failures = count_failures(
      1, kRuns, [&](int which, int i) { program.step(which, i); }, [&] { return program.end(); });
  EXPECT_GT(failures, 0.9 * promised(1));
  EXPECT_LT(failures, kRuns);
}

/// One fiber checks and then uses, the other comes between.
struct CheckThenUse {
  bool valid = true, checked = false, failed = false;
  void step(int which, int i) {
    if (which == 0 && i == 4) checked = valid;
    if (which == 0 && i == 5) failed = checked && !valid;
    if (which == 1 && i == 6) valid = false;
  }
  bool end() { return std::exchange(*this, {}).failed; }
};

TEST(policy_pct, finds_what_needs_one_preemption) {
  CheckThenUse program;
  const auto step = [&](int which, int i) { program.step(which, i); };
  const auto failed = [&] { return program.end(); };
  EXPECT_GT(count_failures(2, kRuns, step, failed), 0.9 * promised(2));
  EXPECT_EQ(count_failures(1, kRuns, step, failed), 0) << "with depth 1 nobody is preempted";
}

/// Fails if the steps come in the order 0.4, 1.3, 0.5, 1.4: each of the two is preempted once.
struct BackAndForth {
  int reached = 0;
  void step(int which, int i) {
    constexpr std::array<std::pair<int, int>, 4> kOrder = {{{0, 4}, {1, 3}, {0, 5}, {1, 4}}};
    for (int place = 0; place < 4; ++place) {
      if (kOrder[static_cast<size_t>(place)] != std::pair(which, i)) continue;
      reached = reached == place ? place + 1 : -1;
    }
  }
  bool end() { return std::exchange(reached, 0) == 4; }
};

TEST(policy_pct, finds_what_needs_two_preemptions) {
  BackAndForth program;
  const auto step = [&](int which, int i) { program.step(which, i); };
  const auto failed = [&] { return program.end(); };
  const int failures = count_failures(3, kRuns, step, failed);
  EXPECT_GT(failures, 0.9 * promised(3));
  EXPECT_LT(failures, kRuns / 4);
  EXPECT_EQ(count_failures(2, kRuns, step, failed), 0) << "with depth 2 one preemption is all there is";
}

TEST(policy_pct, whoever_spins_gives_way) {
  for (const bool polite : {true, false}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      PctPolicy policy({.seed = seed, .patience = 50});
      run_with(policy, [&](Scheduler& scheduler) {
        auto done = std::make_shared<bool>(false);
        for (int i = 0; i < 3; ++i) {
          spawn(scheduler, [done, polite] {
            while (!*done) polite ? Fiber::current()->yield() : Fiber::current()->preempt();
          });
        }
        spawn(scheduler, [done] { *done = true; });
      });
    }
  }
}

// Time.

constexpr int64_t kHour = int64_t{3600} * 1'000'000'000;

TEST(policy_time, sleeping_for_hours_takes_none) {
  RandomPolicy policy(3);
  std::vector<int> order;
  std::vector<int64_t> times;
  run_with(policy, [&](Scheduler& scheduler) {
    EXPECT_EQ(scheduler.clock().now_ns(), 0);
    for (int i = 1000; i-- > 0;) {
      spawn(scheduler, [&, i] {
        Fiber& self = *Fiber::current();
        while (self.now_ns() < i * kHour) self.park(i * kHour);
        order.push_back(i);
        times.push_back(self.now_ns());
      });
    }
  });
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(order[static_cast<size_t>(i)], i);
    EXPECT_EQ(times[static_cast<size_t>(i)], i * kHour);
  }
}

TEST(policy_time, stands_still_while_anyone_can_run) {
  RoundRobinPolicy policy;
  run_with(policy, [&](Scheduler& scheduler) {
    bool woke = false;
    Group group(scheduler);
    group.start([&] {
      Fiber::current()->park(1);
      woke = true;
    });
    for (int i = 0; i < 1000; ++i) Fiber::current()->yield();
    EXPECT_FALSE(woke);
    EXPECT_EQ(scheduler.clock().now_ns(), 0);
    group.wait();
    EXPECT_EQ(scheduler.clock().now_ns(), 1);
    Fiber::current()->park(0);  // has passed: no deadlock, and no time
    EXPECT_EQ(scheduler.clock().now_ns(), 1);
  });
}

// Deadlocks.

/// Wakes all that it was told to.
struct Rescue final : DeadlockObserver {
  void on_deadlock() noexcept override {
    ++deadlocks;
    for (Fiber* fiber : std::exchange(waiting, {})) fiber->unpark();
  }
  std::atomic<int> deadlocks{0};
  std::vector<Fiber*> waiting;
};

TEST(policy_deadlock, is_told_once_for_each) {
  RandomPolicy policy(1);
  Rescue rescue;
  const auto wait_for_ever = [&] {
    rescue.waiting.push_back(Fiber::current());
    Fiber::current()->park(INT64_MAX);
  };
  run_with(
      policy,
      [&](Scheduler& scheduler) {
        Group group(scheduler);
        for (int i = 0; i < 3; ++i) group.start(wait_for_ever);
        Fiber::current()->park(5 * kHour);
        EXPECT_EQ(rescue.deadlocks, 0) << "a sleeper will go on";
        group.wait();
        EXPECT_EQ(rescue.deadlocks, 1);
        wait_for_ever();
        EXPECT_EQ(rescue.deadlocks, 2);
      },
      &rescue);
  EXPECT_EQ(rescue.deadlocks, 2);
}

TEST(policy_deadlock, waiting_for_something_outside_is_none) {
  RoundRobinPolicy policy;
  Rescue rescue;
  run_with(
      policy,
      [&](Scheduler& scheduler) {
        Fiber& self = *Fiber::current();
        std::atomic<bool> came{false};
        scheduler.begin_outside_wait();
        std::thread outside([&] {
          came = true;
          self.unpark();
        });
        while (!came) self.park(INT64_MAX);
        scheduler.end_outside_wait();
        outside.join();
        scheduler.before_blocking();
        scheduler.after_blocking();
      },
      &rescue);
  EXPECT_EQ(rescue.deadlocks, 0);
}

/// The end of an outside wait that woke nobody leaves a deadlock, which the sleeping worker must notice.
TEST(policy_deadlock, is_noticed_when_nothing_outside_is_awaited_any_more) {
  RoundRobinPolicy policy;
  Rescue rescue;
  run_with(
      policy,
      [&](Scheduler& scheduler) {
        for (int i = 0; i < 100; ++i) {  // the worker sleeps, mostly, when the end comes
          rescue.waiting.push_back(Fiber::current());
          scheduler.begin_outside_wait();
          std::thread outside([&scheduler] { scheduler.end_outside_wait(); });
          Fiber::current()->park(INT64_MAX);
          outside.join();
        }
      },
      &rescue);
  EXPECT_EQ(rescue.deadlocks, 100);
}

}  // namespace
}  // namespace heddle::threads
