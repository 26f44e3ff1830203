// SPDX-License-Identifier: Apache-2.0
// Waiting of a fiber: its permit is what interrupts, the poller and the timers wake it by.
#include "threads/fiber_blocking.h"

#include <algorithm>
#include <vector>

#include "threads/scheduler.h"

namespace heddle::threads {

using std::chrono::nanoseconds;
using wasi::Woken;

namespace {

/// By the fiber's clock. INT64_MAX: never.
[[nodiscard]] int64_t deadline_after(const Fiber& fiber, std::optional<nanoseconds> timeout) noexcept {
  if (!timeout) return INT64_MAX;
  const int64_t now = fiber.now_ns();
  return timeout->count() > INT64_MAX - now ? INT64_MAX : now + std::max<int64_t>(timeout->count(), 0);
}

/// Sets their revents.
[[nodiscard]] bool any_ready(std::span<pollfd> files) noexcept {
  return !files.empty() && poll(files.data(), files.size(), 0) > 0;
}

[[nodiscard]] std::vector<Watch> watches_of(std::span<const pollfd> files, Fiber& fiber) {
  std::vector<Watch> watches;
  watches.reserve(files.size());
  for (const pollfd& file : files) {
    if (file.fd >= 0) watches.emplace_back(file.fd, file.events, fiber);
  }
  return watches;
}

}  // namespace

/// Everything that ends the wait gives the fiber's permit, so what comes between a look and park() ends
/// park() at once.
Woken FiberBlocking::wait(Caller& caller, std::span<pollfd> files,
                          std::optional<nanoseconds> timeout) noexcept {
  Fiber* const fiber = Fiber::current();
  if (fiber == nullptr) return host_->wait(caller, files, timeout);
  const int64_t deadline = deadline_after(*fiber, timeout);
  const InterruptListener listener(caller, [fiber] { fiber->unpark(); });
  std::vector<Watch> watches;
  for (;;) {
    if (listener.interrupted()) return Woken::interrupted;
    if (any_ready(files)) return Woken::ready;
    if (deadline != INT64_MAX && fiber->now_ns() >= deadline) return Woken::timed_out;
    if (watches.empty()) watches = watches_of(files, *fiber);
    if (watches.empty()) {
      fiber->park(deadline);
    } else if (!park_watching(*fiber, watches, deadline)) {
      break;
    }
  }
  // Without a poller the thread itself waits, and another one takes its place.
  std::optional<nanoseconds> left;
  if (deadline != INT64_MAX) left = nanoseconds(std::max<int64_t>(deadline - fiber->now_ns(), 0));
  fiber->scheduler().before_blocking();
  const Woken woken = host_->wait(caller, files, left);
  fiber->scheduler().after_blocking();
  return woken;
}

/// False: nobody could watch.
bool FiberBlocking::park_watching(Fiber& fiber, std::span<Watch> watches, int64_t deadline) noexcept {
  if (!poller_.add(watches)) return false;
  fiber.scheduler().begin_outside_wait();
  fiber.park(deadline);
  fiber.scheduler().end_outside_wait();
  poller_.remove(watches);
  return true;
}

void FiberBlocking::yield(Caller& caller) noexcept {
  if (Fiber* const fiber = Fiber::current()) return fiber->yield();
  host_->yield(caller);
}

void FiberBlocking::before_blocking() noexcept {
  if (Fiber* const fiber = Fiber::current()) fiber->scheduler().before_host_call();
}

void FiberBlocking::after_blocking() noexcept {
  if (Fiber* const fiber = Fiber::current()) fiber->scheduler().after_host_call();
}

}  // namespace heddle::threads
