// SPDX-License-Identifier: Apache-2.0
// Completion: who waits is in a list, by the parker it sleeps with.
#include "threads/completion.h"

#include <algorithm>
#include <utility>

#include "engine/runtime/parker_futex.h"
#include "threads/fiber.h"

namespace heddle::threads {

namespace {

/// How the caller sleeps, for as long as this lives. On a fiber it stays on that fiber, on a thread on that
/// thread.
class Sleeper {
 public:
  Sleeper() : fiber_(Fiber::current()), futex_(fiber_ != nullptr ? nullptr : engine::FutexParker::take()) {}
  ~Sleeper() {
    if (futex_ != nullptr) engine::FutexParker::give_back(futex_);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  [[nodiscard]] engine::Parker& parker() const noexcept {
    return fiber_ != nullptr ? static_cast<engine::Parker&>(*fiber_) : *futex_;
  }

 private:
  Fiber* const fiber_;
  engine::FutexParker* const futex_;
};

}  // namespace

void Completion::complete() noexcept {
  engine::MutexLock lock(mutex_);
  done_.store(true, std::memory_order_release);
  // Under the lock: whoever waits takes it once more, so this stays until all are told.
  for (engine::Parker* const sleeper : sleepers_) sleeper->unpark();
}

bool Completion::wait(int64_t deadline_ns, const std::function<bool()>& gives_up) {
  const Sleeper sleeper;
  engine::Parker& parker = sleeper.parker();
  if (!add(parker)) return true;
  while (!done() && (gives_up == nullptr || !gives_up())) {
    if (deadline_ns != INT64_MAX && parker.now_ns() >= deadline_ns) break;
    parker.park(deadline_ns);
  }
  remove(parker);
  return done();
}

bool Completion::add(engine::Parker& sleeper) {
  engine::MutexLock lock(mutex_);
  if (done_.load(std::memory_order_relaxed)) return false;
  sleepers_.push_back(&sleeper);
  return true;
}

void Completion::remove(engine::Parker& sleeper) {
  engine::MutexLock lock(mutex_);
  std::erase(sleepers_, &sleeper);
}

int64_t deadline_after(int64_t timeout_ns) noexcept {
  if (timeout_ns < 0) return INT64_MAX;
  const Fiber* const fiber = Fiber::current();
  const int64_t now = fiber != nullptr ? fiber->now_ns() : engine::monotonic_now_ns();
  int64_t deadline = 0;
  return __builtin_add_overflow(now, timeout_ns, &deadline) ? INT64_MAX : deadline;
}

}  // namespace heddle::threads
