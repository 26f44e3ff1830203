// SPDX-License-Identifier: Apache-2.0
// Tests of wait and notify: order, counts, time-outs, cancelling, and a storm.
#include "engine/runtime/wait_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <thread>
#include <vector>

#include "engine/runtime/memory.h"
#include "engine/support/platform.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

constexpr int64_t kForever = -1;
constexpr int64_t kMillisecond = 1'000'000;
/// Long enough that reaching it means something hangs.
constexpr int64_t kHang = 60'000 * kMillisecond;

std::shared_ptr<Memory> make_shared_memory() {
  MemoryType type;
  type.limits = {1, 1, false};
  type.is_shared = true;
  return Memory::create(type, MemoryMode::checked, nullptr).value();
}

void store32(Memory& memory, uint64_t address, uint32_t value) {
  __atomic_store_n(reinterpret_cast<uint32_t*>(memory.base() + address), value, __ATOMIC_SEQ_CST);
}

class thread_wait_queue : public testing::Test {
 protected:
  void await_waiters(uint64_t address, uint32_t count) {
    while (queues.waiting_at(*memory, address) < count) std::this_thread::yield();
  }

  WaitQueues queues;
  std::shared_ptr<Memory> memory = make_shared_memory();
};

/// One thread in one wait.
struct Sleeper {
  Waiter waiter;
  std::atomic<int> result{-1};
  std::thread thread;

  void start32(WaitQueues& queues, Memory& memory, uint64_t address, int64_t timeout_ns = kForever) {
    thread = std::thread([=, this, &queues, &memory] {
      result = static_cast<int>(queues.wait32(waiter, memory, address, 0, timeout_ns));
    });
  }
  void start64(WaitQueues& queues, Memory& memory, uint64_t address) {
    thread = std::thread([=, this, &queues, &memory] {
      result = static_cast<int>(queues.wait64(waiter, memory, address, 0, kForever));
    });
  }
  int join() {
    thread.join();
    return result;
  }
};

TEST_F(thread_wait_queue, answers_that_need_no_sleep) {
  Waiter waiter;
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 1, kForever), WaitResult::not_equal);
  EXPECT_EQ(queues.wait64(waiter, *memory, 8, 1, kForever), WaitResult::not_equal);
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, 0), WaitResult::timed_out);
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, 1), WaitResult::timed_out);
  EXPECT_EQ(queues.wait64(waiter, *memory, 0, 0, kMillisecond), WaitResult::timed_out);
  EXPECT_EQ(queues.notify(*memory, 0, UINT32_MAX), 0u);
  EXPECT_EQ(queues.waiting_at(*memory, 0), 0u);
}

TEST_F(thread_wait_queue, timeouts_run_out_not_before_their_time) {
  Waiter waiter;
  const int64_t begin = monotonic_now_ns();
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, 20 * kMillisecond), WaitResult::timed_out);
  EXPECT_GE(monotonic_now_ns() - begin, 20 * kMillisecond);
}

TEST_F(thread_wait_queue, endless_timeouts_end_by_notify) {
  for (const int64_t timeout :
       {int64_t{-1}, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
        std::numeric_limits<int64_t>::max() - 1, int64_t{1} << 60}) {
    Sleeper sleeper;
    sleeper.start32(queues, *memory, 16, timeout);
    await_waiters(16, 1);
    EXPECT_EQ(queues.notify(*memory, 16, 1), 1u);
    EXPECT_EQ(sleeper.join(), 0) << timeout;
  }
}

TEST_F(thread_wait_queue, wakes_oldest_first_and_exactly_as_many) {
  constexpr uint32_t kCount = 200;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (uint32_t i = 0; i < kCount; ++i) {
    sleepers.push_back(std::make_unique<Sleeper>());
    sleepers.back()->start32(queues, *memory, 64);
    await_waiters(64, i + 1);
  }
  uint32_t woken = 0;
  for (const uint32_t count : {0u, 1u, 1u, 2u, 5u, 20u, 71u}) {
    EXPECT_EQ(queues.notify(*memory, 64, count), count);
    for (uint32_t i = woken; i < woken + count; ++i) EXPECT_EQ(sleepers[i]->join(), 0);
    woken += count;
    EXPECT_EQ(queues.waiting_at(*memory, 64), kCount - woken);
    for (uint32_t i = woken; i < kCount; ++i)
      ASSERT_EQ(sleepers[i]->result, -1) << i << " is younger and woke";
  }
  EXPECT_EQ(queues.notify(*memory, 64, UINT32_MAX), kCount - woken);
  for (uint32_t i = woken; i < kCount; ++i) EXPECT_EQ(sleepers[i]->join(), 0);
  EXPECT_EQ(queues.notify(*memory, 64, UINT32_MAX), 0u);
}

TEST_F(thread_wait_queue, both_widths_share_one_queue) {
  Sleeper first, second, third;
  first.start64(queues, *memory, 32);
  await_waiters(32, 1);
  second.start32(queues, *memory, 32);
  await_waiters(32, 2);
  third.start64(queues, *memory, 32);
  await_waiters(32, 3);
  EXPECT_EQ(queues.notify(*memory, 36, UINT32_MAX), 0u);
  EXPECT_EQ(queues.notify(*memory, 32, 1), 1u);
  EXPECT_EQ(first.join(), 0);
  EXPECT_EQ(second.result, -1);
  EXPECT_EQ(queues.notify(*memory, 32, UINT32_MAX), 2u);
  EXPECT_EQ(second.join(), 0);
  EXPECT_EQ(third.join(), 0);
}

TEST_F(thread_wait_queue, memories_and_addresses_are_told_apart) {
  const std::shared_ptr<Memory> other = make_shared_memory();
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  constexpr uint32_t kCount = 100;  // so that some share a bucket
  for (uint32_t i = 0; i < kCount; ++i) {
    sleepers.push_back(std::make_unique<Sleeper>());
    sleepers.back()->start32(queues, *memory, i * 4);
    await_waiters(i * 4, 1);
  }
  for (uint32_t i = 0; i < kCount; ++i) EXPECT_EQ(queues.notify(*other, i * 4, UINT32_MAX), 0u);
  for (uint32_t i = kCount; i-- > 0;) {
    EXPECT_EQ(queues.notify(*memory, i * 4, UINT32_MAX), 1u);
    EXPECT_EQ(sleepers[i]->join(), 0);
  }
}

TEST_F(thread_wait_queue, two_quick_notifies_wake_two) {
  for (int round = 0; round < 100; ++round) {
    Sleeper first, second, third;
    Sleeper* const sleepers[] = {&first, &second, &third};
    for (uint32_t i = 0; i < 3; ++i) {
      sleepers[i]->start32(queues, *memory, 8);
      await_waiters(8, i + 1);
    }
    EXPECT_EQ(queues.notify(*memory, 8, 1), 1u);
    EXPECT_EQ(queues.notify(*memory, 8, 1), 1u);
    EXPECT_EQ(first.join(), 0);
    EXPECT_EQ(second.join(), 0);
    EXPECT_EQ(third.result, -1);
    EXPECT_EQ(queues.notify(*memory, 8, 1), 1u);
    EXPECT_EQ(third.join(), 0);
  }
}

TEST_F(thread_wait_queue, a_late_change_of_the_value_wakes_nobody) {
  Sleeper sleeper;
  sleeper.start32(queues, *memory, 128, 50 * kMillisecond);
  await_waiters(128, 1);
  store32(*memory, 128, 7);
  EXPECT_EQ(sleeper.join(), 2);  // never "not equal" after having slept
}

/// A parker that returns for no reason, again and again.
class RestlessParker final : public Parker {
 public:
  void park(int64_t) noexcept override {
    ++parked;
    std::this_thread::yield();
  }
  void unpark() noexcept override { ++unparked; }
  std::atomic<uint64_t> parked{0};
  std::atomic<uint64_t> unparked{0};
};

TEST_F(thread_wait_queue, an_early_return_of_the_parker_is_no_wake_up) {
  RestlessParker parker;
  Sleeper sleeper;
  sleeper.waiter.set_parker(&parker);
  sleeper.start32(queues, *memory, 0);
  while (parker.parked < 100) std::this_thread::yield();
  EXPECT_EQ(sleeper.result, -1);
  EXPECT_EQ(queues.notify(*memory, 0, 1), 1u);
  EXPECT_EQ(sleeper.join(), 0);
  EXPECT_EQ(parker.unparked, 1u);
}

/// Time that passes only while somebody sleeps.
class VirtualParker final : public Parker {
 public:
  void park(int64_t deadline_ns) noexcept override { now = deadline_ns; }
  void unpark() noexcept override {}
  [[nodiscard]] int64_t now_ns() const noexcept override { return now; }
  int64_t now = 1000;
};

TEST_F(thread_wait_queue, deadlines_go_by_the_clock_of_the_sleeper) {
  constexpr int64_t kYear = int64_t{365} * 24 * 3600 * 1'000'000'000;
  VirtualParker parker;
  Waiter waiter;
  waiter.set_parker(&parker);
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, kYear), WaitResult::timed_out);
  EXPECT_EQ(parker.now, 1000 + kYear);
}

TEST_F(thread_wait_queue, cancel_ends_the_present_wait_or_the_next) {
  Sleeper sleeper;
  sleeper.start32(queues, *memory, 0);
  await_waiters(0, 1);
  sleeper.waiter.cancel();
  sleeper.waiter.cancel();
  EXPECT_EQ(sleeper.join(), static_cast<int>(WaitResult::cancelled));
  EXPECT_EQ(queues.waiting_at(*memory, 0), 0u);

  Waiter& waiter = sleeper.waiter;
  waiter.clear_cancel();
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, kMillisecond), WaitResult::timed_out);
  waiter.cancel();
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, kHang), WaitResult::cancelled);
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, kMillisecond), WaitResult::timed_out);
  waiter.cancel();
  waiter.clear_cancel();
  EXPECT_EQ(queues.wait32(waiter, *memory, 0, 0, kMillisecond), WaitResult::timed_out);
}

TEST_F(thread_wait_queue, one_is_cancelled_promptly_while_200_wait) {
  constexpr uint32_t kCount = 200;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (uint32_t i = 0; i < kCount; ++i) {
    sleepers.push_back(std::make_unique<Sleeper>());
    sleepers.back()->start32(queues, *memory, 64);
  }
  await_waiters(64, kCount);

  constexpr int kRounds = 50;
  std::vector<int64_t> latencies;
  for (int round = 0; round < kRounds; ++round) {
    Waiter waiter;
    std::atomic<int64_t> ended{0};
    WaitResult result{};
    std::thread victim([&] {
      result = queues.wait32(waiter, *memory, 64, 0, kForever);
      ended = monotonic_now_ns();
    });
    await_waiters(64, kCount + 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // asleep in the kernel, not just about to be
    const int64_t begin = monotonic_now_ns();
    waiter.cancel();
    victim.join();
    latencies.push_back(ended - begin);
    EXPECT_EQ(result, WaitResult::cancelled);
    EXPECT_EQ(queues.waiting_at(*memory, 64), kCount);
  }
  std::sort(latencies.begin(), latencies.end());
  std::printf("cancelling one of %u waiters: median %.1f us, worst %.1f us\n", kCount + 1,
              latencies[kRounds / 2] / 1e3, latencies.back() / 1e3);
  EXPECT_EQ(queues.notify(*memory, 64, UINT32_MAX), kCount);
  for (auto& sleeper : sleepers) EXPECT_EQ(sleeper->join(), 0);
}

TEST_F(thread_wait_queue, every_notified_waiter_reports_it_in_a_storm_of_timeouts_and_cancels) {
  constexpr int kWaiters = 6;
  constexpr int kNotifiers = 3;
  const int rounds = kThreadSanitizer || kAddressSanitizer ? 3'000 : 20'000;
  std::atomic<uint64_t> woken{0}, notified{0}, cancelled{0}, timed_out{0};
  std::atomic<int> running{kWaiters};
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (int i = 0; i < kWaiters; ++i) waiters.push_back(std::make_unique<Waiter>());

  std::vector<std::thread> threads;
  for (int i = 0; i < kWaiters; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < rounds; ++round) {
        const uint64_t address = static_cast<uint64_t>(round % 3) * 4;
        const int64_t timeout = (round * 7919 + i * 104729) % 20'000;
        switch (queues.wait32(*waiters[i], *memory, address, 0, timeout)) {
          case WaitResult::woken: ++woken; break;
          case WaitResult::timed_out: ++timed_out; break;
          case WaitResult::cancelled: ++cancelled; break;
          default: ADD_FAILURE() << "the value never changes";
        }
      }
      --running;
    });
  }
  for (int i = 0; i < kNotifiers; ++i) {
    threads.emplace_back([&, i] {
      for (uint32_t round = 0; running > 0; ++round) {
        notified += queues.notify(*memory, (round % 3) * 4, 1 + round % 4);
        if (i == 0 && round % 64 == 0) waiters[round / 64 % kWaiters]->cancel();
        if (round % 16 == 0) std::this_thread::yield();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(woken, notified);
  EXPECT_EQ(woken + timed_out + cancelled, static_cast<uint64_t>(kWaiters) * rounds);
  for (uint64_t address : {0, 4, 8}) EXPECT_EQ(queues.waiting_at(*memory, address), 0u);
}

TEST_F(thread_wait_queue, no_wake_up_is_lost_between_producer_and_consumer) {
  // Ping-pong by plain turn-taking: a single lost wake-up hangs it (and the test's time limit reports that).
  const uint32_t rounds = kThreadSanitizer ? 5'000 : 50'000;
  auto* const turn = reinterpret_cast<uint32_t*>(memory->base());
  const auto play = [&](uint32_t me) {
    Waiter waiter;
    for (uint32_t round = 0; round < rounds; ++round) {
      for (;;) {
        const uint32_t seen = __atomic_load_n(turn, __ATOMIC_SEQ_CST);
        if (seen % 2 == me) break;
        ASSERT_NE(queues.wait32(waiter, *memory, 0, seen, kHang), WaitResult::timed_out);
      }
      __atomic_fetch_add(turn, 1, __ATOMIC_SEQ_CST);
      queues.notify(*memory, 0, 1);
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(__atomic_load_n(turn, __ATOMIC_SEQ_CST), 2 * rounds);
}

TEST_F(thread_wait_queue, waiters_may_die_as_soon_as_they_return) {
  // Under AddressSanitizer this shows a waker that touches a waiter after letting it go.
  const int rounds = kThreadSanitizer ? 300 : 1'000;
  for (int round = 0; round < rounds; ++round) {
    auto sleeper = std::make_unique<Sleeper>();
    sleeper->start32(queues, *memory, 0, round % 3 == 0 ? 20'000 : kForever);
    if (round % 2 == 0) {
      for (; sleeper->result == -1; std::this_thread::yield()) queues.notify(*memory, 0, 1);
    } else {
      sleeper->waiter.cancel();
    }
    sleeper->join();
  }
}

}  // namespace
}  // namespace heddle::engine
