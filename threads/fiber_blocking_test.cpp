// SPDX-License-Identifier: Apache-2.0
// FiberBlocking: fibers that sleep, wait for descriptors, are interrupted, and never hold their worker up.
#include "threads/fiber_blocking.h"

#include <heddle/heddle.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "engine/support/sanitizers.h"
#include "threads/policy.h"
#include "threads/test_fibers.h"

namespace heddle::threads {
namespace {

using std::chrono::nanoseconds;
using wasi::UniqueFd;
using wasi::Woken;
using namespace std::chrono_literals;

/// A store that can be interrupted, and a call of the host in it.
class Waiter {
 public:
  explicit Waiter(const Engine& engine)
      : store_(Store::create(engine, {.stack_bytes = 4096}).value()), handle_(store_.interrupt_handle()) {}

  /// On the fiber or thread that waits.
  Woken wait(wasi::Blocking& blocking, std::span<pollfd> files, std::optional<nanoseconds> timeout) {
    Woken woken = Woken::ready;
    const auto function = Function::wrap(store_, [&](Caller& caller) {
      arrived_ = true;
      woken = blocking.wait(caller, files, timeout);
    });
    (void)function->call({});
    return woken;
  }
  void interrupt() const { handle_.interrupt(); }
  [[nodiscard]] bool arrived() const { return arrived_; }

 private:
  Store store_;
  const InterruptHandle handle_;
  std::atomic<bool> arrived_{false};
};

class FiberBlockingTest : public FiberTest {
 protected:
  /// Until everybody is in the call that waits; most of them sleep then.
  static void await_arrival(const std::vector<std::unique_ptr<Waiter>>& waiters) {
    for (const auto& each : waiters) {
      while (!each->arrived()) std::this_thread::yield();
    }
  }
  [[nodiscard]] std::vector<std::unique_ptr<Waiter>> make_waiters(size_t count) const {
    std::vector<std::unique_ptr<Waiter>> waiters;
    for (size_t i = 0; i < count; ++i) waiters.push_back(std::make_unique<Waiter>(engine_));
    return waiters;
  }

  const Engine engine_ = Engine::create().value();
  FiberBlocking blocking_;
};

INSTANTIATE_TEST_SUITE_P(workers, FiberBlockingTest, testing::Values(1U, 2U, 8U));

TEST_P(FiberBlockingTest, sleepers_wake_in_order_and_not_early) {
  constexpr size_t kSleepers = 2000;
  constexpr size_t kSteps = 20;
  constexpr size_t kFar = 10;  // apart: a busy machine may hold a worker up while others overtake it
  // The first deadline comes when all have begun, which sanitizers make slow.
  constexpr size_t kFirst = engine::kAddressSanitizer || engine::kThreadSanitizer ? 60 : 5;
  const auto waiters = make_waiters(kSleepers);
  engine::Mutex mutex;
  std::vector<size_t> order;
  std::atomic<int> early{0};
  const int64_t start = engine::monotonic_now_ns();
  for (size_t i = 0; i < kSleepers; ++i) {
    spawn([&, i] {
      const size_t step = (i * 7) % kSteps;
      const int64_t deadline = start + static_cast<int64_t>(step + kFirst) * 20'000'000;
      const int64_t left = deadline - engine::monotonic_now_ns();
      if (waiters[i]->wait(blocking_, {}, nanoseconds(left)) != Woken::timed_out) ++early;
      if (engine::monotonic_now_ns() < deadline) ++early;
      engine::MutexLock lock(mutex);
      order.push_back(step);
    });
  }
  join();
  EXPECT_EQ(early, 0);
  EXPECT_EQ(order.size(), kSleepers);
  size_t latest = 0;
  for (const size_t step : order) {
    EXPECT_GE(step + kFar, latest);
    latest = std::max(latest, step);
  }
}

TEST_P(FiberBlockingTest, each_gets_the_byte_of_its_own_pipe) {
  constexpr size_t kPipes = 400;
  const auto waiters = make_waiters(kPipes);
  const std::vector<Pipe> pipes(kPipes);
  std::atomic<size_t> right{0};
  for (size_t i = 0; i < kPipes; ++i) {
    spawn([&, i] {
      for (int round = 0; round < 3; ++round) {
        pollfd file = pipes[i].readable();
        const Woken woken = waiters[i]->wait(blocking_, {&file, 1}, std::nullopt);
        if (woken == Woken::ready && file.revents == POLLIN &&
            pipes[i].take() == static_cast<char>(i + static_cast<size_t>(round)))
          ++right;
      }
    });
  }
  for (size_t round = 0; round < 3; ++round) {
    if (round == 1) await_arrival(waiters);
    for (size_t i = kPipes; i-- > 0;) pipes[i].put(static_cast<char>(i + round));
  }
  join();
  EXPECT_EQ(right, 3 * kPipes);
}

TEST_P(FiberBlockingTest, many_wait_for_one_descriptor_in_different_ways) {
  constexpr size_t kEach = 50;
  const auto waiters = make_waiters(2 * kEach);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  const UniqueFd near(ends[0]), far(ends[1]);
  std::string filling(4096, 'x');
  size_t filled = 0;
  for (ssize_t sent = 0; sent >= 0; filled += static_cast<size_t>(std::max<ssize_t>(sent, 0)))
    sent = write(near.get(), filling.data(), filling.size());
  std::atomic<size_t> readers{0}, writers{0};
  for (size_t i = 0; i < 2 * kEach; ++i) {
    spawn([&, i] {
      const bool reads = i % 2 == 0;
      pollfd file{near.get(), static_cast<short>(reads ? POLLIN : POLLOUT), 0};
      const Woken woken = waiters[i]->wait(blocking_, {&file, 1}, std::nullopt);
      if (woken == Woken::ready && file.revents == file.events) ++(reads ? readers : writers);
    });
  }
  await_arrival(waiters);
  ASSERT_EQ(write(far.get(), "x", 1), 1);
  while (readers != kEach) std::this_thread::yield();
  EXPECT_EQ(writers, 0u);
  while (filled != 0) {
    const ssize_t got = read(far.get(), filling.data(), filling.size());
    ASSERT_GT(got, 0);
    filled -= static_cast<size_t>(got);
  }
  join();
  EXPECT_EQ(writers, kEach);
}

TEST_P(FiberBlockingTest, an_interrupt_ends_every_wait) {
  constexpr size_t kEach = 100;
  const auto waiters = make_waiters(3 * kEach);
  const Pipe silent;
  std::atomic<size_t> interrupted{0};
  // One third is interrupted before it waits at all.
  for (size_t i = 0; i < kEach; ++i) waiters[3 * i]->interrupt();
  for (size_t i = 0; i < 3 * kEach; ++i) {
    spawn([&, i] {
      pollfd file = silent.readable();
      const std::span<pollfd> files = i % 2 == 0 ? std::span<pollfd>() : std::span(&file, 1);
      if (waiters[i]->wait(blocking_, files, i % 5 == 0 ? std::optional<nanoseconds>(1h) : std::nullopt) ==
          Woken::interrupted)
        ++interrupted;
    });
  }
  // One third at any moment from its start on, and one when it most probably sleeps.
  for (size_t i = 0; i < kEach; ++i) {
    while (!waiters[3 * i + 1]->arrived()) std::this_thread::yield();
    waiters[3 * i + 1]->interrupt();
  }
  for (size_t i = 0; i < kEach; ++i) {
    while (!waiters[3 * i + 2]->arrived()) std::this_thread::yield();
  }
  for (size_t i = 0; i < kEach; ++i) waiters[3 * i + 2]->interrupt();
  join();
  EXPECT_EQ(interrupted, 3 * kEach);
}

TEST_P(FiberBlockingTest, looks_before_it_waits) {
  Waiter waiter(engine_);
  const Pipe pipe;
  run([&] {
    pollfd file = pipe.readable();
    EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, 0ns), Woken::timed_out);
    EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, -5ns), Woken::timed_out);
    pipe.put('x');
    EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, 0ns), Woken::ready);
    EXPECT_EQ(file.revents, POLLIN);
    waiter.interrupt();
    EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, 0ns), Woken::interrupted);
  });
}

TEST_P(FiberBlockingTest, a_deadline_and_readiness_race) {
  constexpr size_t kRaces = 300;
  const auto waiters = make_waiters(kRaces);
  const std::vector<Pipe> pipes(kRaces);
  std::atomic<size_t> ready{0}, timed_out{0};
  for (size_t i = 0; i < kRaces; ++i) {
    spawn([&, i] {
      pollfd file = pipes[i].readable();
      switch (waiters[i]->wait(blocking_, {&file, 1}, nanoseconds(i * 10'000))) {
        case Woken::ready: ready += file.revents == POLLIN; break;
        case Woken::timed_out: timed_out += file.revents == 0; break;
        case Woken::interrupted: break;
      }
    });
  }
  for (const Pipe& pipe : pipes) pipe.put('x');
  join();
  EXPECT_EQ(ready + timed_out, kRaces);
}

TEST_P(FiberBlockingTest, descriptors_that_are_closed_or_always_ready_answer_as_poll_does) {
  Waiter waiter(engine_);
  Pipe pipe;
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  run([&] {
    pollfd files[] = {{-1, POLLIN, 0}, pipe.readable()};
    pipe.in = UniqueFd();
    EXPECT_EQ(waiter.wait(blocking_, files, std::nullopt), Woken::ready);
    EXPECT_EQ(files[1].revents, POLLHUP);
    pipe.out = UniqueFd();
    EXPECT_EQ(waiter.wait(blocking_, files, std::nullopt), Woken::ready);
    EXPECT_EQ(files[1].revents, POLLNVAL);
    EXPECT_EQ(waiter.wait(blocking_, {files, 1}, 1ms), Woken::timed_out) << "nothing but the time";
    pollfd device{null.get(), POLLIN, 0};
    EXPECT_EQ(waiter.wait(blocking_, {&device, 1}, std::nullopt), Woken::ready);
    device.events = POLLPRI;
    EXPECT_EQ(waiter.wait(blocking_, {&device, 1}, 1ms), Woken::timed_out)
        << "epoll does not know such files";
  });
}

TEST_P(FiberBlockingTest, no_worker_is_held_up) {
  constexpr size_t kWaiting = 64;
  const auto waiters = make_waiters(2 * kWaiting);
  const Pipe pipe;
  std::atomic<size_t> woken{0};
  for (size_t i = 0; i < 2 * kWaiting; ++i) {
    spawn([&, i] {
      pollfd file = pipe.readable();
      const auto files = std::span(&file, i % 2);
      if (waiters[i]->wait(blocking_, files, std::nullopt) == Woken::interrupted) ++woken;
    });
  }
  await_arrival(waiters);
  // All of them wait for ever, and still this runs, on as many fibers at once as there are workers.
  std::atomic<unsigned> met{0};
  for (unsigned i = 0; i < GetParam(); ++i) {
    spawn([&] {
      ++met;
      while (met != GetParam()) Fiber::current()->yield();
    });
  }
  while (met != GetParam()) std::this_thread::yield();
  run([&] { EXPECT_EQ(woken, 0u); });
  for (const auto& each : waiters) each->interrupt();
  join();
  EXPECT_EQ(woken, 2 * kWaiting);
}

TEST_P(FiberBlockingTest, waits_without_a_poller_when_the_host_has_no_descriptor_left) {
  Waiter waiter(engine_);
  const Pipe pipe;
  const Pipe silent;
  std::atomic<bool> is_last{false};
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd lowest(dup(pipe.out.get()));
  const rlimit none{static_cast<rlim_t>(lowest.get()), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  spawn([&] {
    pollfd file = pipe.readable();
    EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, 1h), Woken::ready);
    pollfd other = silent.readable();
    EXPECT_EQ(waiter.wait(blocking_, {&other, 1}, 1ms), Woken::timed_out);
    is_last = true;
    EXPECT_EQ(waiter.wait(blocking_, {&other, 1}, std::nullopt), Woken::interrupted);
  });
  while (!waiter.arrived()) std::this_thread::yield();
  run([&] { pipe.put('x'); });  // on the place that the blocked thread has left
  while (!is_last) std::this_thread::yield();
  waiter.interrupt();
  join();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_P(FiberBlockingTest, a_thread_of_the_host_waits_as_ever) {
  Waiter waiter(engine_);
  const Pipe pipe;
  pollfd file = pipe.readable();
  EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, 1ms), Woken::timed_out);
  pipe.put('x');
  EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, std::nullopt), Woken::ready);
  waiter.interrupt();
  EXPECT_EQ(waiter.wait(blocking_, {&file, 1}, std::nullopt), Woken::interrupted);
}

/// Every worker's thread is in the host and does not come back; the watcher has others take their places.
TEST_P(FiberBlockingTest, calls_that_last_lose_their_place) {
  constexpr unsigned kBlocked = 20;
  std::atomic<unsigned> arrived{0};
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  for (unsigned i = 0; i < kBlocked; ++i) {
    spawn([&, gate] {
      blocking_.before_blocking();
      ++arrived;
      gate.wait();
      blocking_.after_blocking();
      // Short ones keep it.
      for (int call = 0; call < 1000; ++call) {
        blocking_.before_blocking();
        blocking_.after_blocking();
      }
      --arrived;
    });
  }
  while (arrived != kBlocked) std::this_thread::yield();
  run([] {});
  go.set_value();
  join();
  EXPECT_EQ(arrived, 0u);
  // As many run at once as before: the places have been given back.
  std::atomic<unsigned> met{0};
  for (unsigned i = 0; i < GetParam(); ++i) {
    spawn([&] {
      ++met;
      while (met != GetParam()) std::this_thread::yield();
    });
  }
  join();
}

/// Told of no deadlock.
class NoDeadlock final : public DeadlockObserver {
 public:
  void on_deadlock() noexcept override { ADD_FAILURE() << "somebody is still awaited"; }
};

TEST(deterministic_blocking, hours_take_no_time_and_wake_in_order) {
  const Engine engine = Engine::create().value();
  FiberBlocking blocking;
  RoundRobinPolicy policy;
  NoDeadlock observer;
  std::vector<size_t> order;
  constexpr size_t kSleepers = 1000;
  const auto body = [&](Scheduler& scheduler) {
    Group group(scheduler);
    for (size_t i = 0; i < kSleepers; ++i) {
      group.start([&, hours = (i * 7) % kSleepers] {
        Waiter waiter(engine);
        EXPECT_EQ(waiter.wait(blocking, {}, hours * 1h), Woken::timed_out);
        EXPECT_EQ(Fiber::current()->now_ns(), nanoseconds(hours * 1h).count());
        order.push_back(hours);
      });
    }
    group.wait();
  };
  run_with(policy, body, &observer);
  EXPECT_EQ(order.size(), kSleepers);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(deterministic_blocking, descriptors_are_waited_for_outside) {
  const Engine engine = Engine::create().value();
  FiberBlocking blocking;
  RoundRobinPolicy policy;
  NoDeadlock observer;
  const Pipe pipe;
  Waiter waiter(engine);
  std::thread writer([&] {
    while (!waiter.arrived()) std::this_thread::yield();
    pipe.put('x');
  });
  const auto body = [&](Scheduler&) {
    pollfd file = pipe.readable();
    EXPECT_EQ(waiter.wait(blocking, {&file, 1}, std::nullopt), Woken::ready);
    EXPECT_EQ(pipe.take(), 'x');
    EXPECT_EQ(waiter.wait(blocking, {&file, 1}, 1h), Woken::timed_out)
        << "time does not wait for the outside";
  };
  run_with(policy, body, &observer);
  writer.join();
}

}  // namespace
}  // namespace heddle::threads
