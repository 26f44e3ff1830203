// SPDX-License-Identifier: Apache-2.0
// Workers: the loop that runs fibers, and the search for the next one.
#include "threads/worker.h"

#include <array>
#include <system_error>

#include "engine/runtime/parker_futex.h"
#include "engine/runtime/signals.h"
#include "engine/support/platform.h"
#include "threads/recorder.h"
#include "threads/scheduler.h"

namespace heddle::threads {

namespace {

thread_local Worker* worker_here = nullptr;

/// Every so many rounds the common queue comes first, so that it is never forgotten; a prime, to beat with
/// nothing.
constexpr uint32_t kCommonFirst = 61;
/// And fibers that wake each other give way to the queue.
constexpr uint32_t kQueueFirst = 13;
/// Looks around of a worker without work before it sleeps, some 20 to 50 µs: a futex wake-up costs as much.
constexpr int kSpins = 200;
constexpr int kPauses = 32;

void pause_a_little() noexcept {
  for (int i = 0; i < kPauses; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

}  // namespace

Worker::Worker(Scheduler& scheduler, uint32_t number)
    : scheduler_(scheduler), number_(number), parker_(engine::FutexParker::take()) {}

Worker::~Worker() { engine::FutexParker::give_back(static_cast<engine::FutexParker*>(parker_)); }

/// Not inlined: a fiber may go on on another thread, where a thread-local's address found before is wrong.
[[gnu::noinline]] Worker* Worker::current() noexcept { return worker_here; }

bool Worker::start(bool spinning) {
  spinning_ = spinning;
  try {
    thread_ = std::thread([this] {
      engine::name_thread("heddle worker");
      loop();
    });
  } catch (const std::system_error&) {  // the one way the standard library has to refuse a thread
    return false;
  }
  return true;
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::add_next(Fiber& fiber) noexcept {
  // Others only take from there, so that what is empty stays so.
  if (next_.load(std::memory_order_acquire) == nullptr) return next_.store(&fiber, std::memory_order_release);
  Fiber* const before = next_.exchange(&fiber, std::memory_order_acq_rel);
  if (before != nullptr) add_last(*before);
}

void Worker::add_last(Fiber& fiber) noexcept {
  if (!queue_.push(&fiber)) scheduler_.add_common(fiber);
}

void Worker::hand_over() noexcept {
  if (Fiber* const fiber = next_.exchange(nullptr, std::memory_order_acq_rel)) scheduler_.add_common(*fiber);
  while (Fiber* const fiber = queue_.take()) scheduler_.add_common(*fiber);
}

[[gnu::always_inline]] inline void Worker::run(Fiber& fiber) {
  running_.store(&fiber, std::memory_order_release);
  resumed_.store(resumed() + 1, std::memory_order_relaxed);
  Recorder* const recorder = scheduler_.recorder();
  if (recorder != nullptr) recorder->resumes(fiber);
  const Fiber::Stop stop = fiber.resume(stack_);
  if (recorder != nullptr) recorder->stopped(fiber, end_of_run(stop));
  running_.store(nullptr, std::memory_order_relaxed);
  switch (stop) {
    case Fiber::Stop::park: scheduler_.parked(fiber); break;
    case Fiber::Stop::yield: scheduler_.make_runnable(fiber, Scheduler::Arrived::yielded); break;
    case Fiber::Stop::turn: break;
    case Fiber::Stop::leave:
      scheduler_.add_common(fiber);
      hand_over();
      spinning_ = scheduler_.sleep(*this, spinning_);
      break;
    case Fiber::Stop::end: scheduler_.ended(fiber); break;
  }
}

void Worker::loop() {
  worker_here = this;
  engine::ensure_signal_stack();  // a fiber may come here in the middle of a guest
  identify_this_stack(stack_);
  while (Fiber* const fiber = find()) run(*fiber);
}

RunEnd Worker::end_of_run(Fiber::Stop stop) noexcept {
  switch (stop) {
    case Fiber::Stop::park: return RunEnd::park;
    case Fiber::Stop::yield:
    case Fiber::Stop::turn: return RunEnd::yield;
    case Fiber::Stop::leave: return RunEnd::blocked;
    case Fiber::Stop::end: break;
  }
  return RunEnd::exit;
}

void Worker::ask_to_yield() noexcept {
  if (Fiber* const fiber = running_.load(std::memory_order_acquire)) fiber->ask_to_yield();
}

Fiber* Worker::take_own() noexcept {
  ++rounds_;
  if (rounds_ % kCommonFirst == 0) {
    if (Fiber* const fiber = scheduler_.take_common(nullptr)) return fiber;
  }
  if (rounds_ % kQueueFirst == 0) {
    if (Fiber* const fiber = queue_.take()) return fiber;
  }
  if (next_.load(std::memory_order_relaxed) != nullptr) {
    if (Fiber* const fiber = next_.exchange(nullptr, std::memory_order_acq_rel)) return fiber;
  }
  if (Fiber* const fiber = queue_.take()) return fiber;
  return scheduler_.take_common(&queue_);
}

Fiber* Worker::steal(Fiber*& seen_next) noexcept {
  if (Fiber* const fiber = queue_.take()) return fiber;
  Fiber* fiber = next_.load(std::memory_order_acquire);
  const bool has_waited = fiber != nullptr && fiber == seen_next;
  seen_next = fiber;
  if (has_waited && next_.compare_exchange_strong(fiber, nullptr, std::memory_order_acq_rel)) return fiber;
  return nullptr;
}

/// The next fiber to run; sleeps until there is one. Null: the scheduler ends.
Fiber* Worker::find() noexcept {
  if (Turns* const turns = scheduler_.turns()) return turns->next();
  for (;;) {
    scheduler_.expire_timers();
    Fiber* fiber = take_own();
    if (fiber == nullptr) fiber = spin();
    if (fiber != nullptr) {
      if (spinning_) {
        spinning_ = false;
        scheduler_.stopped_spinning();
      }
      return fiber;
    }
    if (scheduler_.stopping()) return nullptr;
    spinning_ = scheduler_.sleep(*this, spinning_);
  }
}

/// Looks around for a while, if not too many others do.
Fiber* Worker::spin() noexcept {
  if (!spinning_) spinning_ = scheduler_.start_spinning();
  if (!spinning_) return nullptr;
  std::array<Fiber*, Scheduler::kMostWorkers> seen{};
  for (int i = 0; i < kSpins && !scheduler_.stopping(); ++i) {
    if (Fiber* const fiber = take_own()) return fiber;
    if (Fiber* const fiber = look_around(seen.data())) return fiber;
    if (scheduler_.expire_timers() != 0) continue;
    pause_a_little();
  }
  return nullptr;
}

/// Something of another worker's, beginning with the neighbour.
Fiber* Worker::look_around(Fiber** seen) noexcept {
  const uint32_t count = scheduler_.worker_count();
  for (uint32_t i = 1; i < count; ++i) {
    const uint32_t other = (number_ + i) % count;
    if (Fiber* const fiber = scheduler_.worker(other).steal(seen[other])) {
      if (Recorder* const recorder = scheduler_.recorder()) recorder->stole(*fiber, other);
      return fiber;
    }
  }
  return nullptr;
}

}  // namespace heddle::threads
