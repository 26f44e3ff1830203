// SPDX-License-Identifier: Apache-2.0
// Guests of WASI on fibers: sleeping, polling, reading and writing what is not ready park the fiber.
#include <stdlib.h>
#include <termios.h>

#include <atomic>
#include <memory>
#include <vector>

#include "threads/fiber_blocking.h"
#include "threads/test_fibers.h"
#include "wasi/test_guest.h"

namespace heddle::threads {
namespace {

using wasi::Config;
using wasi::Errno;
using wasi::Guest;
using wasi::Stdio;
using wasi::Subscription;
using wasi::UniqueFd;

/// A guest whose input and output are the host's descriptors.
struct Program {
  Program(const std::shared_ptr<FiberBlocking>& blocking, int input, int output)
      : guest(config(blocking, input, output)), handle(guest.store.interrupt_handle()) {}
  static Config config(const std::shared_ptr<FiberBlocking>& blocking, int input, int output) {
    Config config;
    config.input = Stdio::descriptor(input);
    config.output = Stdio::descriptor(output);
    config.blocking = blocking;
    return config;
  }
  /// poll_oneoff for a time and for input. Was it input?
  bool poll(uint64_t timeout) {
    Subscription both[2] = {};
    both[0].clock_or_fd = 1;
    both[0].timeout = timeout;
    both[1].type = wasi::EventType::fd_read;
    guest.put_value(1000, both);
    EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, Guest::kOut}), Errno::success);
    return guest.get<wasi::Event>(2000).type == wasi::EventType::fd_read;
  }

  Guest guest;
  InterruptHandle handle;
};

class GuestWaitingTest : public FiberTest {
 protected:
  const std::shared_ptr<FiberBlocking> blocking_ = std::make_shared<FiberBlocking>();
};

INSTANTIATE_TEST_SUITE_P(workers, GuestWaitingTest, testing::Values(1U, 2U, 8U));

/// Each waits for its neighbour, on whichever thread it happens to go on: an errno of another thread would
/// show.
TEST_P(GuestWaitingTest, a_ring_hands_a_byte_round) {
  constexpr size_t kGuests = 8;
  constexpr int kRounds = 100;
  const std::vector<Pipe> pipes(kGuests);
  std::vector<std::unique_ptr<Program>> programs;
  for (size_t i = 0; i < kGuests; ++i) {
    const int output = pipes[(i + 1) % kGuests].in.get();
    programs.push_back(std::make_unique<Program>(blocking_, pipes[i].out.get(), output));
  }
  std::atomic<int> handed_on{0};
  for (const auto& program : programs) {
    spawn([&] {
      for (int round = 0; round < kRounds; ++round) {
        if (round % 2 == 0) {
          EXPECT_TRUE(program->poll(uint64_t{3600} * 1'000'000'000));
        }
        const auto byte = program->guest.read(0, 10);
        ASSERT_TRUE(byte.ok()) << wasi::to_string(byte.error());
        handed_on += *byte == "x";
        ASSERT_TRUE(program->guest.write(1, *byte).ok());
      }
    });
  }
  pipes[0].put('x');
  join();
  EXPECT_EQ(handed_on, kRounds * static_cast<int>(kGuests));
}

TEST_P(GuestWaitingTest, writers_wait_for_room) {
  const Pipe pipe;
  Program writer(blocking_, pipe.out.get(), pipe.in.get());
  Program reader(blocking_, pipe.out.get(), pipe.in.get());
  constexpr size_t kBytes = 100'000;
  constexpr int kTimes = 5;
  spawn([&] {
    for (int i = 0; i < kTimes; ++i) {
      const auto written = writer.guest.write(1, std::string(kBytes, 'y'));
      ASSERT_TRUE(written.ok());
      EXPECT_EQ(*written, kBytes);
    }
  });
  size_t read = 0;
  spawn([&] {
    while (read < kBytes * kTimes) {
      const auto some = reader.guest.read(0, 30'000);
      ASSERT_TRUE(some.ok());
      read += (*some).size();
    }
  });
  join();
  EXPECT_EQ(read, kBytes * kTimes);
}

TEST_P(GuestWaitingTest, sleeps_end_and_pollers_are_told_of_the_time) {
  const Pipe pipe;
  Program program(blocking_, pipe.out.get(), pipe.in.get());
  run([&] {
    EXPECT_FALSE(program.poll(2'000'000));
    pipe.put('x');
    EXPECT_TRUE(program.poll(uint64_t{3600} * 1'000'000'000));
    EXPECT_EQ(program.guest.call("sched_yield", {}), Errno::success);
  });
}

/// A terminal as a user has it: a line comes when it is complete.
class Terminal {
 public:
  Terminal() : user(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(grantpt(user.get()), 0);
    EXPECT_EQ(unlockpt(user.get()), 0);
    program = UniqueFd(open(ptsname(user.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(program);
  }
  UniqueFd user;
  UniqueFd program;
};

TEST_P(GuestWaitingTest, terminals_and_pipes_can_be_waited_for_and_interrupted) {
  const Terminal terminal;
  const Pipe pipe;
  Program at_terminal(blocking_, terminal.program.get(), terminal.program.get());
  Program at_pipe(blocking_, pipe.out.get(), pipe.in.get());
  Program asleep(blocking_, pipe.out.get(), pipe.in.get());
  std::atomic<int> begun{0}, interrupted{0};
  const auto read_twice = [&](Program& program) {
    ++begun;
    const auto line = program.guest.read(0, 100);
    EXPECT_TRUE(line.ok());
    if (line.ok()) {
      EXPECT_EQ(*line, "a line\n");
    }
    ++begun;
    const CallResult result = program.guest.run("fd_read", {0, Guest::kVectors, 1, Guest::kOut});
    interrupted += result.trapped() && result.trap().kind == TrapKind::interrupted;
  };
  spawn([&] { read_twice(at_terminal); });
  spawn([&] { read_twice(at_pipe); });
  spawn([&] {
    Subscription never{};
    never.clock_or_fd = 1;
    never.timeout = UINT64_MAX;
    asleep.guest.put_value(1000, never);
    begun += 2;
    const CallResult result = asleep.guest.run("poll_oneoff", {1000, 2000, 1, Guest::kOut});
    interrupted += result.trapped() && result.trap().kind == TrapKind::interrupted;
  });
  while (begun < 4) std::this_thread::yield();
  ASSERT_EQ(write(terminal.user.get(), "a line\n", 7), 7);
  ASSERT_EQ(write(pipe.in.get(), "a line\n", 7), 7);
  while (begun < 6) std::this_thread::yield();
  for (const Program* each : {&at_terminal, &at_pipe, &asleep}) each->handle.interrupt();
  join();
  EXPECT_EQ(interrupted, 3);
}

}  // namespace
}  // namespace heddle::threads
