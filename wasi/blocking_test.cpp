// SPDX-License-Identifier: Apache-2.0
// What Blocking is told: each call that may take the host long, and no wait within one.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>

#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

/// Counts, and watches the order.
class Counting final : public Blocking {
 public:
  Woken wait(Caller&, std::span<pollfd>, std::optional<std::chrono::nanoseconds>) noexcept override {
    EXPECT_FALSE(inside) << "a wait within a call that is bracketed";
    ++waits;
    return Woken::interrupted;
  }
  void yield(Caller&) noexcept override { EXPECT_FALSE(inside); }
  void before_blocking() noexcept override {
    EXPECT_FALSE(inside);
    inside = true;
    ++calls;
  }
  void after_blocking() noexcept override {
    EXPECT_TRUE(inside);
    inside = false;
  }

  bool inside = false;
  int calls = 0;
  int waits = 0;
};

TEST(wasi_blocking, is_told_of_calls_that_may_be_long) {
  const Playground playground;
  const auto blocking = std::make_shared<Counting>();
  Config config = playground.config();
  config.blocking = blocking;
  Guest guest(config);
  const auto file = guest.open(Playground::kDirectory, "file", open_flags::kCreate, rights::kAll);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(blocking->calls, 1);
  EXPECT_EQ(*guest.write(*file, "abc"), 3u);
  EXPECT_EQ(guest.call("fd_sync", {*file}), Errno::success);
  EXPECT_EQ(guest.call("fd_sync", {99}), Errno::badf);
  EXPECT_EQ(blocking->calls, 4);
  EXPECT_EQ(guest.call("clock_time_get", {1, uint64_t{0}, Guest::kOut}), Errno::success);
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::success);
  EXPECT_EQ(guest.call("fd_tell", {*file, Guest::kOut}), Errno::success);
  EXPECT_EQ(blocking->calls, 4) << "quick ones";
  EXPECT_FALSE(blocking->inside);
}

TEST(wasi_blocking, waits_outside_of_the_brackets) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  const auto blocking = std::make_shared<Counting>();
  Config config;
  config.input = Stdio::descriptor(out.get());
  config.blocking = blocking;
  Guest guest(config);
  guest.put_value(Guest::kVectors, IoVector{Guest::kBuffer, 100});
  const CallResult result = guest.run("fd_read", {0, Guest::kVectors, 1, Guest::kOut});
  ASSERT_TRUE(result.trapped());
  EXPECT_EQ(result.trap().kind, TrapKind::interrupted);
  EXPECT_EQ(blocking->waits, 1);
  EXPECT_FALSE(blocking->inside);
}

/// poll(2) refuses more entries than a process may have descriptors.
TEST(wasi_blocking, polls_with_more_subscriptions_than_descriptors) {
  constexpr Size kSubscriptions = 600;
  constexpr uint32_t kEvents = 1u << 16;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  Config config;
  config.input = Stdio::descriptor(out.get());
  config.output = Stdio::descriptor(in.get());
  Guest guest(config);
  for (Size i = 0; i < kSubscriptions; ++i) {
    Subscription wanted{};
    wanted.user_data = i;
    wanted.type = i % 3 == 0 ? EventType::fd_write : EventType::fd_read;
    wanted.clock_or_fd = i % 3 == 0 ? 1 : 0;
    guest.put_value(1000 + i * static_cast<uint32_t>(sizeof wanted), wanted);
  }
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{256, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, kEvents, kSubscriptions, Guest::kOut}), Errno::success);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_EQ(guest.get<Size>(Guest::kOut), kSubscriptions / 3);
  for (Size i = 0; i < kSubscriptions / 3; ++i) {
    const auto event = guest.get<Event>(kEvents + i * static_cast<uint32_t>(sizeof(Event)));
    EXPECT_EQ(event.user_data, 3 * i);
    EXPECT_EQ(event.type, EventType::fd_write);
  }
}

/// One descriptor that is asked for in both ways answers each for itself.
TEST(wasi_blocking, tells_reading_from_writing) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd near(ends[0]), far(ends[1]);
  Config config;
  config.input = Stdio::descriptor(near.get());
  Guest guest(config);
  Subscription both[2] = {};
  both[0].type = EventType::fd_read;
  both[1].type = EventType::fd_write;
  guest.put_value(1000, both);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, Guest::kOut}), Errno::success);
  ASSERT_EQ(guest.get<Size>(Guest::kOut), 1u);
  EXPECT_EQ(guest.get<Event>(2000).type, EventType::fd_write);
  ASSERT_EQ(::write(far.get(), "ab", 2), 2);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, Guest::kOut}), Errno::success);
  ASSERT_EQ(guest.get<Size>(Guest::kOut), 2u);
  EXPECT_EQ(guest.get<Event>(2000).bytes, 2u);
}

}  // namespace
}  // namespace heddle::wasi
