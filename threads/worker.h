// SPDX-License-Identifier: Apache-2.0
// Worker: an operating system's thread that runs fibers, one after the other, and looks for more.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "threads/event_log.h"
#include "threads/fiber.h"
#include "threads/run_queue.h"

namespace heddle::threads {

/// What the watcher remembers of a worker from one time slice to the next.
struct WorkerSeen {
  uint32_t resumed = 0;
  uint32_t host_call = 0;
};

/// Threads: what is not said to be for others belongs to the worker's own thread.
class Worker {
 public:
  Worker(Scheduler& scheduler, uint32_t number);
  ~Worker();  ///< REQUIRES: joined
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The worker whose thread this is; null elsewhere.
  [[nodiscard]] static Worker* current() noexcept;

  [[nodiscard]] Scheduler& scheduler() const noexcept { return scheduler_; }
  /// Counted from 0.
  [[nodiscard]] uint32_t number() const noexcept { return number_; }

  /// False: the host has no thread left.
  [[nodiscard]] bool start(bool spinning);
  void join();

  /// Adds a fiber that the one running here has woken: it runs next, unless an idle worker is sooner.
  void add_next(Fiber& fiber) noexcept;
  void add_last(Fiber& fiber) noexcept;

  /// Its queue to the common list, for as long as it does not run. Any thread.
  void hand_over() noexcept;
  /// Lets the thread go on after sleep(). Any thread.
  void wake() noexcept { parker_->unpark(); }
  /// A fiber of this worker for another; takes the next one only if it has been waiting there. Any thread.
  [[nodiscard]] Fiber* steal(Fiber*& seen_next) noexcept;
  [[nodiscard]] bool has_work() const noexcept {
    return next_.load(std::memory_order_acquire) != nullptr || !queue_.empty();
  }
  /// How many fibers it has resumed: a fiber that runs on without end shows in it. Any thread.
  [[nodiscard]] uint32_t resumed() const noexcept { return resumed_.load(std::memory_order_relaxed); }
  [[nodiscard]] WorkerSeen seen() const noexcept {
    return {resumed(), host_call_.load(std::memory_order_relaxed)};
  }
  /// The fiber that runs here; null while none does. The worker's thread.
  [[nodiscard]] Fiber* running() const noexcept { return running_.load(std::memory_order_relaxed); }
  /// Asks the fiber that runs here to yield, if it can be asked; one that has just stopped may be asked for
  /// nothing. The watcher, which keeps fibers from being freed meanwhile.
  void ask_to_yield() noexcept;

  // A call of the host that the fiber here is in. Its number tells it from the one before.

  /// Nobody else may take its place, so that it will run what is added here itself.
  [[nodiscard]] bool keeps_place() const noexcept {
    return host_call_.load(std::memory_order_relaxed) == kNoHostCall;
  }
  /// A call for which the worker counts itself out. False: somebody has done so, in a call around it.
  [[nodiscard]] bool begin_blocking() noexcept {
    return host_call_.exchange(kReplaced, std::memory_order_relaxed) != kReplaced;
  }
  void begin_host_call() noexcept {
    last_host_call_ += kOneHostCall;
    host_call_.store(last_host_call_, std::memory_order_relaxed);
  }
  /// False: somebody has taken the place meanwhile.
  [[nodiscard]] bool end_host_call() noexcept {
    return host_call_.exchange(kNoHostCall, std::memory_order_relaxed) != kReplaced;
  }
  /// Has others count this worker out, if it is still in the call that was seen. The watcher only.
  [[nodiscard]] bool replace_in_host_call(uint32_t seen) noexcept {
    if (seen == kNoHostCall || seen == kReplaced) return false;
    return host_call_.compare_exchange_strong(seen, kReplaced, std::memory_order_relaxed);
  }

 private:
  friend class Scheduler;

  static constexpr uint32_t kNoHostCall = 0, kReplaced = 1;
  /// Numbers are even. The one that overflows to kNoHostCall is of a call that nobody replaces: it may be
  /// long.
  static constexpr uint32_t kOneHostCall = 2;

  void loop();
  void run(Fiber& fiber);
  [[nodiscard]] static RunEnd end_of_run(Fiber::Stop stop) noexcept;
  [[nodiscard]] Fiber* take_own() noexcept;
  [[nodiscard]] Fiber* find() noexcept;
  [[nodiscard]] Fiber* spin() noexcept;
  [[nodiscard]] Fiber* look_around(Fiber** seen) noexcept;

  Scheduler& scheduler_;
  const uint32_t number_;
  engine::Parker* const parker_;
  std::thread thread_;
  StackIdentity stack_;
  bool spinning_ = false;
  uint32_t rounds_ = 0;
  std::atomic<uint32_t> resumed_{0};
  std::atomic<uint32_t> host_call_{kNoHostCall};
  uint32_t last_host_call_ = 0;
  std::atomic<Fiber*> running_{nullptr};
  alignas(64) std::atomic<Fiber*> next_{nullptr};
  RunQueue queue_;
};

}  // namespace heddle::threads
