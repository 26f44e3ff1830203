// SPDX-License-Identifier: Apache-2.0
// Guests of WASI in deterministic runs: they sleep and look at clocks by the scheduler's time.
#include "threads/fiber_clocks.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "threads/fiber_blocking.h"
#include "threads/test_jobs.h"
#include "wasi/test_guest.h"
#include "wasi/unique_fd.h"

namespace heddle::threads {
namespace {

using wasi::ClockId;
using wasi::Errno;
using wasi::Guest;
using wasi::Subscription;

constexpr uint64_t kHour = uint64_t{3600} * 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * uint64_t{1'000'000'000};
/// A few looks at the clock.
constexpr uint64_t kMoment = 100 * FiberClocks::kLookNs;

wasi::Config config() {
  wasi::Config config;
  config.clocks = std::make_shared<FiberClocks>(kStart);
  config.blocking = std::make_shared<FiberBlocking>();
  return config;
}

uint64_t now(Guest& guest, ClockId clock) {
  EXPECT_EQ(guest.call("clock_time_get", {static_cast<uint32_t>(clock), uint64_t{1}, Guest::kOut}),
            Errno::success);
  return guest.get<uint64_t>(Guest::kOut);
}

void sleep(Guest& guest, ClockId clock, uint64_t timeout) {
  Subscription subscription{};
  subscription.clock_or_fd = static_cast<uint32_t>(clock);
  subscription.timeout = timeout;
  guest.put_value(1000, subscription);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, Guest::kOut}), Errno::success);
}

TEST(fiber_clocks, sleeping_for_hours_takes_none_and_shows_in_every_clock) {
  RandomPolicy policy(5);
  std::vector<uint64_t> order;
  run_with(policy, [&](Scheduler& scheduler) {
    Group group(scheduler);
    for (const uint64_t hours : {30, 10, 20}) {
      group.start([&, hours] {
        Guest guest(config());
        const ClockId clock = hours == 20 ? ClockId::realtime : ClockId::monotonic;
        sleep(guest, clock, hours * kHour);
        order.push_back(hours);
        const uint64_t monotonic = now(guest, ClockId::monotonic);
        EXPECT_GE(monotonic, hours * kHour);
        EXPECT_LT(monotonic, hours * kHour + kMoment);
        EXPECT_LT(now(guest, ClockId::realtime) - kStart - monotonic, kMoment);
      });
    }
    group.wait();
  });
  EXPECT_EQ(order, (std::vector<uint64_t>{10, 20, 30}));
}

/// Neither who looks at the clock nor who sleeps meanwhile waits for ever.
TEST(fiber_clocks, looking_until_it_is_late_enough_ends) {
  RoundRobinPolicy policy;
  run_with(policy, [&](Scheduler& scheduler) {
    bool woke = false;
    spawn(scheduler, [&] {
      Guest guest(config());
      sleep(guest, ClockId::monotonic, kMoment);
      woke = true;
    });
    Guest guest(config());
    const uint64_t begin = now(guest, ClockId::monotonic);
    uint64_t looks = 0;
    for (; now(guest, ClockId::monotonic) < begin + 10 * kMoment; ++looks) Fiber::current()->preempt();
    EXPECT_LE(looks, 1000u);
    EXPECT_TRUE(woke);
  });
}

struct Never final : DeadlockObserver {
  void on_deadlock() noexcept override { ADD_FAILURE() << "something outside is awaited"; }
};

TEST(fiber_clocks, waiting_for_a_file_of_the_host_is_no_deadlock) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const wasi::UniqueFd out(ends[0]), in(ends[1]);
  RoundRobinPolicy policy;
  Never never;
  std::thread writer;
  run_with(
      policy,
      [&](Scheduler&) {
        wasi::Config with_input = config();
        with_input.input = wasi::Stdio::descriptor(out.get());
        Guest guest(with_input);
        Subscription subscription{};
        subscription.type = wasi::EventType::fd_read;
        guest.put_value(1000, subscription);
        writer = std::thread([&] { EXPECT_EQ(write(in.get(), "x", 1), 1); });
        EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, Guest::kOut}), Errno::success);
      },
      &never);
  writer.join();
}

TEST(fiber_clocks, without_a_policy_are_those_of_the_host) {
  FiberClocks clocks;
  const auto host = wasi::host_clocks();
  const auto look = [&] {
    const uint64_t before = host->now(ClockId::monotonic);
    const uint64_t seen = clocks.now(ClockId::monotonic);
    EXPECT_LE(before, seen);
    EXPECT_LE(seen, host->now(ClockId::monotonic));
    EXPECT_EQ(clocks.resolution(ClockId::realtime), host->resolution(ClockId::realtime));
  };
  look();
  Scheduler scheduler;
  spawn(scheduler, look);
}

}  // namespace
}  // namespace heddle::threads
