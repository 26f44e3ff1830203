// SPDX-License-Identifier: Apache-2.0
// What tests of waiting fibers start from: fibers on a number of workers, and pipes to wait for.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "threads/test_jobs.h"
#include "wasi/unique_fd.h"

namespace heddle::threads {

/// Tests with fibers on as many workers as the parameter says.
class FiberTest : public testing::TestWithParam<unsigned> {
 protected:
  void spawn(std::function<void()> body) { threads::spawn(scheduler_, std::move(body)); }
  /// Runs body on a fiber and waits for it on this thread.
  void run(std::function<void()> body) {
    std::promise<void> done;
    spawn([&] {
      body();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Until all fibers have ended.
  void join() const {
    while (scheduler_.live() != 0) std::this_thread::yield();
  }

  Scheduler scheduler_{SchedulerOptions{.workers = GetParam()}};
};

/// A pipe whose ends close by themselves.
struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    out = wasi::UniqueFd(ends[0]);
    in = wasi::UniqueFd(ends[1]);
  }
  void put(char byte) const { EXPECT_EQ(write(in.get(), &byte, 1), 1); }
  [[nodiscard]] char take() const {
    char byte = 0;
    EXPECT_EQ(read(out.get(), &byte, 1), 1);
    return byte;
  }
  [[nodiscard]] pollfd readable() const { return {out.get(), POLLIN, 0}; }

  wasi::UniqueFd out;
  wasi::UniqueFd in;
};

}  // namespace heddle::threads
