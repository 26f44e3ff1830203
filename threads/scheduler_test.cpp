// SPDX-License-Identifier: Apache-2.0
// The scheduler: fibers that spawn, park, wake each other, sleep, yield and block.
#include "threads/scheduler.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <random>
#include <string>

#include "threads/test_jobs.h"

namespace heddle::threads {
namespace {

/// Runs body on a fiber and waits for it on this thread.
void run(Scheduler& scheduler, std::function<void()> body) {
  std::promise<void> done;
  spawn(scheduler, [&] {
    body();
    done.set_value();
  });
  done.get_future().wait();
}

/// One that waits, one that wakes.
class Event {
 public:
  void wait() {
    fiber_.store(Fiber::current(), std::memory_order_seq_cst);
    while (!set_.load(std::memory_order_seq_cst)) Fiber::current()->park(INT64_MAX);
  }
  void set() {
    set_.store(true, std::memory_order_seq_cst);
    if (Fiber* fiber = fiber_.load(std::memory_order_seq_cst)) fiber->unpark();
  }

 private:
  std::atomic<bool> set_{false};
  std::atomic<Fiber*> fiber_{nullptr};
};

class SchedulerTest : public testing::TestWithParam<unsigned> {
 protected:
  Scheduler scheduler_{SchedulerOptions{.workers = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(workers, SchedulerTest, testing::Values(1U, 2U, 8U));

TEST_P(SchedulerTest, runs_every_job_once) {
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) spawn(scheduler_, [&] { ++ran; });
  run(scheduler_, [&] {
    for (int i = 0; i < 1000; ++i) spawn(scheduler_, [&] { ++ran; });
  });
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_EQ(ran, 2000);
}

TEST_P(SchedulerTest, wakes_what_is_parked_and_keeps_what_came_early) {
  for (int i = 0; i < 300; ++i) {
    Event ping, pong;
    std::promise<void> done;
    spawn(scheduler_, [&] {
      ping.wait();
      pong.set();
    });
    spawn(scheduler_, [&] {
      ping.set();
      pong.wait();
      done.set_value();
    });
    done.get_future().wait();
    while (scheduler_.live() != 0) std::this_thread::yield();
  }
}

TEST_P(SchedulerTest, thousands_of_fibers_wait_at_once) {
  constexpr int kFibers = 5000;
  std::vector<std::unique_ptr<Event>> events;
  for (int i = 0; i < kFibers; ++i) events.push_back(std::make_unique<Event>());
  std::atomic<int> woken{0};
  for (int i = 0; i < kFibers; ++i) {
    spawn(scheduler_, [&, i] {
      events[i]->wait();
      ++woken;
      if (i + 1 < kFibers) events[i + 1]->set();
    });
  }
  events[0]->set();
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_EQ(woken, kFibers);
}

TEST_P(SchedulerTest, sleepers_wake_in_the_order_of_their_deadlines) {
  const int64_t start = engine::monotonic_now_ns();
  engine::Mutex mutex;
  std::vector<int> order;
  for (int i = 10; i-- > 0;) {
    spawn(scheduler_, [&, i] {
      const int64_t deadline = start + int64_t{20} * (i + 1) * 1'000'000;
      while (engine::monotonic_now_ns() < deadline) Fiber::current()->park(deadline);
      engine::MutexLock lock(mutex);
      order.push_back(i);
    });
  }
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(SchedulerTest, a_wakeup_before_the_deadline_leaves_no_timer) {
  run(scheduler_, [&] {
    Fiber* const self = Fiber::current();
    for (int i = 0; i < 1000; ++i) {
      spawn(scheduler_, [self] { self->unpark(); });
      self->park(engine::monotonic_now_ns() + int64_t{60} * 1'000'000'000);
    }
  });
  EXPECT_EQ(scheduler_.timers().next_deadline(), INT64_MAX);
}

TEST_P(SchedulerTest, fibers_that_yield_take_turns) {
  std::atomic<bool> stop{false};
  std::atomic<int> turns{0};
  for (int i = 0; i < 20; ++i) {
    spawn(scheduler_, [&] {
      while (!stop) Fiber::current()->yield();
      ++turns;
    });
  }
  run(scheduler_, [&] { stop = true; });
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_EQ(turns, 20);
}

TEST_P(SchedulerTest, others_run_while_fibers_block_their_threads) {
  std::atomic<int> arrived{0};
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  constexpr int kBlocked = 20;
  for (int i = 0; i < kBlocked; ++i) {
    spawn(scheduler_, [&, gate] {
      ++arrived;
      scheduler_.before_blocking();
      gate.wait();
      scheduler_.after_blocking();
      --arrived;
    });
  }
  while (arrived != kBlocked) std::this_thread::yield();
  run(scheduler_, [] {});
  go.set_value();
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_EQ(arrived, 0);
}

/// Random fibers that spawn, park with and without deadlines, wake each other, yield and block.
TEST_P(SchedulerTest, survives_a_storm) {
  constexpr int kFibers = 64;
  struct Place {
    std::atomic<Fiber*> fiber{nullptr};
  };
  std::array<Place, kFibers> places;
  std::atomic<int> steps{0};
  for (int i = 0; i < kFibers; ++i) {
    spawn(scheduler_, [&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      places[i].fiber = Fiber::current();
      for (int step = 0; step < 200; ++step) {
        ++steps;
        switch (random() % 6) {
          case 0: Fiber::current()->yield(); break;
          case 1: spawn(scheduler_, [&] { ++steps; }); break;
          case 2: Fiber::current()->park(engine::monotonic_now_ns() + random() % 100'000); break;
          case 3:
            scheduler_.before_blocking();
            scheduler_.after_blocking();
            break;
          default:
            if (Fiber* other = places[random() % kFibers].fiber) other->unpark();
        }
      }
    });
  }
  while (scheduler_.live() != 0) std::this_thread::yield();
  EXPECT_GT(steps, 200 * kFibers);
}

/// More fibers than a worker's queue has room for get their turn among some that never stop.
TEST(scheduler, those_that_spin_do_not_keep_others_waiting) {
  constexpr int kSpinning = 10, kOthers = 1000;
  int yields = 0, done = 0;  // one worker: fibers take turns
  {
    Scheduler scheduler({.workers = 1});
    spawn(scheduler, [&] {
      for (int i = 0; i < kSpinning; ++i) {
        spawn(scheduler, [&] {
          while (done != kOthers) {
            ++yields;
            Fiber::current()->yield();
          }
        });
      }
      for (int i = 0; i < kOthers; ++i) spawn(scheduler, [&] { ++done; });
    });
  }
  EXPECT_EQ(done, kOthers);
  EXPECT_LT(yields, kSpinning * 100);
}

/// One worker whose queue holds a fiber that never stops yielding and, behind it, one that has not run yet.
/// The fiber before them gives up the worker's place by `blocks`, which gets it back when the first of them
/// runs: so the other thread has the one that yields for ever. True if the last one ran nevertheless.
bool last_runs_while_first_blocks(const std::function<void(Scheduler&, const std::atomic<bool>&)>& blocks) {
  constexpr int64_t kLimitNs = int64_t{10} * 1'000'000'000;
  std::atomic<bool> other_runs{false}, last_ran{false}, in_time{false};
  {
    Scheduler scheduler({.workers = 1});
    spawn(scheduler, [&] {
      spawn(scheduler, [&] {
        other_runs = true;
        const int64_t limit = engine::monotonic_now_ns() + kLimitNs;
        while (!last_ran && engine::monotonic_now_ns() < limit) Fiber::current()->yield();
        in_time = last_ran.load();
      });
      spawn(scheduler, [&] { last_ran = true; });
      blocks(scheduler, other_runs);
    });
  }
  return in_time;
}

TEST(scheduler, what_waits_behind_a_fiber_that_blocks_is_others) {
  EXPECT_TRUE(last_runs_while_first_blocks([](Scheduler& scheduler, const std::atomic<bool>& other_runs) {
    scheduler.before_blocking();
    while (!other_runs) std::this_thread::yield();
    scheduler.after_blocking();
  }));
}

TEST(scheduler, what_waits_behind_a_fiber_in_a_long_call_of_the_host_is_others) {
  EXPECT_TRUE(last_runs_while_first_blocks([](Scheduler& scheduler, const std::atomic<bool>& other_runs) {
    scheduler.before_host_call();
    while (!other_runs) std::this_thread::yield();
    scheduler.after_host_call();
  }));
}

/// Runs until it is asked to yield, or for ten seconds. True if it was asked.
bool is_asked_to_yield() {
  struct Asked final : Preemptible {
    void ask_to_yield() noexcept override { asked = true; }
    std::atomic<bool> asked{false};
  } self;
  (void)Fiber::current()->set_preemptible(&self);
  const int64_t limit = engine::monotonic_now_ns() + int64_t{10} * 1'000'000'000;
  while (!self.asked && engine::monotonic_now_ns() < limit) std::this_thread::yield();
  (void)Fiber::current()->set_preemptible(nullptr);
  return self.asked;
}

/// The watcher has nothing to do while nobody runs, but for a deadline that is far away.
TEST(scheduler, slices_end_again_after_a_pause) {
  constexpr std::chrono::milliseconds kPause(100);
  std::promise<Fiber*> promise;
  std::atomic<bool> over{false};
  Scheduler scheduler({.workers = 1});  // whose end waits for the fibers, which use those above
  spawn(scheduler, [&] {
    promise.set_value(Fiber::current());
    while (!over) Fiber::current()->park(engine::monotonic_now_ns() + int64_t{60} * 1'000'000'000);
  });
  Fiber* const sleeper = promise.get_future().get();

  std::this_thread::sleep_for(kPause);
  run(scheduler, [&] {
    spawn(scheduler, [] {});
    EXPECT_TRUE(is_asked_to_yield()) << "woken by somebody else";
  });
  std::this_thread::sleep_for(kPause);
  run(scheduler, [&] {
    scheduler.before_blocking();
    std::this_thread::sleep_for(kPause);
    scheduler.after_blocking();
    spawn(scheduler, [] {});
    EXPECT_TRUE(is_asked_to_yield()) << "back from a call that blocked";
  });
  over = true;
  sleeper->unpark();
}

/// Touches `bytes` of the stack below; how far down that was.
[[gnu::noinline]] uintptr_t go_deep(size_t bytes) {
  auto* const low = static_cast<volatile char*>(__builtin_alloca(bytes));
  for (size_t i = 0; i < bytes; i += 512) low[i] = 1;
  return reinterpret_cast<uintptr_t>(low);
}

bool is_in_memory(uintptr_t address) {
  unsigned char resident = 0;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(mincore(reinterpret_cast<void*>(address / page * page), page, &resident), 0);
  return (resident & 1) != 0;
}

TEST(fiber_stacks, give_back_what_lies_below_the_present_depth) {
  Scheduler scheduler({.workers = 1});
  run(scheduler, [] {
    const uintptr_t low = go_deep(size_t{100} << 10);
    const std::string kept = "what is above stays as it is";
    EXPECT_TRUE(is_in_memory(low));
    Fiber::current()->release_unused_stack();
    EXPECT_FALSE(is_in_memory(low));
    EXPECT_EQ(kept, "what is above stays as it is");
    (void)go_deep(size_t{100} << 10);
  });
}

TEST(fiber_stacks, are_recycled_and_trimmed) {
  FiberStacks stacks;
  const FiberStack first = stacks.take();
  ASSERT_TRUE(first);
  EXPECT_TRUE(FiberStacks::intact(first));
  first.low[0] ^= 1;
  EXPECT_FALSE(FiberStacks::intact(first));
  stacks.give_back(first);
  const FiberStack again = stacks.take();
  EXPECT_EQ(again.low, first.low) << "the warm one comes first";
  EXPECT_TRUE(FiberStacks::intact(again));
  stacks.give_back(again);
  EXPECT_EQ(stacks.trim(), 1u);
  EXPECT_EQ(stacks.trim(), 0u);
}

}  // namespace
}  // namespace heddle::threads
