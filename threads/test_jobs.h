// SPDX-License-Identifier: Apache-2.0
// What tests of fibers start from: jobs that are lambdas.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "threads/scheduler.h"

namespace heddle::threads {

/// A job made of a function; destroys itself at the end.
class Call final : public Job {
 public:
  explicit Call(std::function<void()> body) : body_(std::move(body)) {}
  void run() noexcept override {
    body_();
    delete this;
  }

 private:
  std::function<void()> body_;
};

inline void spawn(Scheduler& scheduler, std::function<void()> body) {
  ASSERT_TRUE(scheduler.spawn(*new Call(std::move(body))));
}

/// Fibers that one other starts and then waits for: the way to run many schedules on one scheduler.
class Group {
 public:
  /// On the fiber that will wait.
  explicit Group(Scheduler& scheduler) : scheduler_(scheduler), waiting_(*Fiber::current()) {}

  void start(std::function<void()> body) {
    ++running_;
    spawn(scheduler_, [this, body = std::move(body)] {
      body();
      if (--running_ == 0) waiting_.unpark();
    });
  }
  void wait() {
    while (running_ != 0) waiting_.park(INT64_MAX);
  }

 private:
  Scheduler& scheduler_;
  Fiber& waiting_;
  int running_ = 0;  ///< with a policy, only one fiber runs at a time
};

/// Runs `body` on the first fiber of a scheduler with this policy, until all fibers have ended.
inline void run_with(Policy& policy, std::function<void(Scheduler&)> body,
                     DeadlockObserver* observer = nullptr) {
  Scheduler scheduler({.policy = &policy, .deadlock_observer = observer});
  spawn(scheduler, [&] { body(scheduler); });
}

}  // namespace heddle::threads
