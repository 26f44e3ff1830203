// SPDX-License-Identifier: Apache-2.0
// Scheduler: many fibers on a few threads, with work stealing, time slices, timers and announced blocking.
//
// A fiber that becomes runnable goes to the worker that made it so: behind the others if it is new, to the
// front if it was woken. Workers without work take from others, then sleep. At most `workers` run at a time;
// a fiber that is about to block its thread says so, and another thread takes the place until it is back.
//
// No wake-up is lost: who adds a fiber looks, after a full fence, whether a worker is needed; who goes to
// sleep counts itself out first, and looks, after a full fence, whether there is work.
//
// Only workers that run have fibers in their queues: who has enough of its own never takes from others, so
// what a worker left behind while it blocks or sleeps might wait for ever. It hands them over to the common
// list.
//
// With a policy, none of this: one worker runs the fibers in the order that the policy says, by a time of
// their own (threads/turns.h).
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/fiber.h"
#include "threads/fiber_stacks.h"
#include "threads/timers.h"
#include "threads/turns.h"
#include "threads/worker.h"

namespace heddle::threads {

class Recorder;

struct SchedulerOptions {
  unsigned workers = 0;  ///< that run at a time; 0: one per processor
  size_t stack_bytes = FiberStacks::kDefaultBytes;
  /// Decides who runs next: the same answers, the same run. Null: whoever is soonest. Must outlive the
  /// scheduler.
  Policy* policy = nullptr;
  /// With a policy: hears that all fibers wait for each other. Null: nobody does. Must outlive the scheduler.
  DeadlockObserver* deadlock_observer = nullptr;
  /// Hears of everything. Null: nobody does, at no cost. Must outlive the scheduler.
  Recorder* recorder = nullptr;
};

/// Threads: any, unless said otherwise.
class Scheduler {
 public:
  static constexpr unsigned kMostWorkers = 256;  ///< threads, with those that are blocked

  explicit Scheduler(const SchedulerOptions& options = {});
  /// Waits until all fibers have ended.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Runs the job, which must live until it returns, on a fiber. False if the host has no memory for a stack,
  /// or no thread to run it.
  [[nodiscard]] bool spawn(Job& job);

  /// Brackets a call that blocks the thread for long. In a fiber of this scheduler only; elsewhere nothing
  /// happens. Between the two, the fiber stays on its thread and does not park. With a policy, all others
  /// wait, too, since how long the call takes shall decide nothing: what waits for another fiber must park.
  void before_blocking() noexcept;
  void after_blocking() noexcept;
  /// The same for a call that is mostly short but may block. It costs a few nanoseconds; when it has lasted
  /// for a time slice and others wait, the watcher has another thread take the place.
  void before_host_call() noexcept;
  void after_host_call() noexcept;

  /// Fibers that run at a time.
  [[nodiscard]] unsigned parallelism() const noexcept { return most_running_; }
  /// Fibers that have not ended.
  [[nodiscard]] size_t live() const noexcept { return live_.load(std::memory_order_acquire); }

  /// The time of deadlines: the host's, or with a policy the fibers' own.
  [[nodiscard]] const Clock& clock() const noexcept {
    return turns_ != nullptr ? static_cast<const Clock&>(turns_->clock()) : host_clock_;
  }
  /// With a policy, whom guests on fibers ask for fuel (ExecContext::set_refueler()); else null.
  [[nodiscard]] engine::Refueler* refueler() const noexcept { return turns_.get(); }
  /// Brackets a time in which something outside of the scheduler is going to wake a fiber that parks: it is
  /// no deadlock. Without a policy nothing happens.
  void begin_outside_wait() noexcept;
  void end_outside_wait() noexcept;
  [[nodiscard]] Recorder* recorder() const noexcept { return recorder_; }
  /// How often the policy has been asked who runs next.
  [[nodiscard]] uint64_t switches() const noexcept { return turns_ != nullptr ? turns_->switches() : 0; }

  // For fibers and workers.

  enum class Arrived : uint8_t { spawned, woken, yielded };

  void make_runnable(Fiber& fiber, Arrived how) noexcept;
  void parked(Fiber& fiber) noexcept;
  void ended(Fiber& fiber) noexcept;
  void add_common(Fiber& fiber) noexcept HEDDLE_EXCLUDES(common_mutex_);
  /// The oldest, or null. With `more`, the caller's own queue, its share of the next ones goes there, so that
  /// not every fiber takes the lock.
  [[nodiscard]] Fiber* take_common(RunQueue* more) noexcept HEDDLE_EXCLUDES(common_mutex_);
  size_t expire_timers() noexcept;
  [[nodiscard]] Timers& timers() noexcept { return timers_; }
  /// Null without a policy.
  [[nodiscard]] Turns* turns() const noexcept { return turns_.get(); }

  [[nodiscard]] uint32_t worker_count() const noexcept {
    return worker_count_.load(std::memory_order_acquire);
  }
  [[nodiscard]] Worker& worker(uint32_t number) const noexcept { return *workers_[number]; }
  [[nodiscard]] bool start_spinning() noexcept;
  void stopped_spinning() noexcept;
  /// Counts the worker out, and in again when there may be work; true if it is to look around then.
  [[nodiscard]] bool sleep(Worker& worker, bool spinning) noexcept HEDDLE_EXCLUDES(idle_mutex_);
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }

 private:
  void record_runnable(Fiber& fiber, Arrived how) noexcept;
  void expire_slices() noexcept;
  [[nodiscard]] Fiber* take_free() HEDDLE_EXCLUDES(free_mutex_);
  [[nodiscard]] Fiber* make_fiber();
  /// REQUIRES: a full fence, or an operation in the one order of all, since the fiber was added.
  void need_worker() noexcept HEDDLE_EXCLUDES(idle_mutex_);
  [[nodiscard]] bool add_worker(bool spinning) HEDDLE_REQUIRES(idle_mutex_);
  [[nodiscard]] bool has_threads() HEDDLE_EXCLUDES(idle_mutex_);
  void wake_watcher() noexcept;
  [[nodiscard]] bool has_work() const noexcept;
  [[nodiscard]] Worker* worker_that_may_block() const noexcept;
  void take_place() noexcept;
  void watch();
  void end_slice(Worker& worker, WorkerSeen seen) noexcept;

  const unsigned most_running_;
  Recorder* const recorder_;
  FiberStacks stacks_;
  Timers timers_;
  const HostClock host_clock_;
  std::unique_ptr<Turns> turns_;  ///< with a policy
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> live_{0};

  std::array<std::unique_ptr<Worker>, kMostWorkers> workers_;  ///< the first worker_count_ are set for ever
  std::atomic<uint32_t> worker_count_{0};
  std::atomic<uint32_t> running_{0};   ///< workers that neither sleep nor block
  std::atomic<uint32_t> spinning_{0};  ///< of those, who look for work
  engine::Mutex idle_mutex_;
  std::vector<Worker*> idle_ HEDDLE_GUARDED_BY(idle_mutex_);

  engine::Mutex common_mutex_;
  Fiber* common_first_ HEDDLE_GUARDED_BY(common_mutex_) = nullptr;
  Fiber* common_last_ HEDDLE_GUARDED_BY(common_mutex_) = nullptr;
  std::atomic<size_t> common_count_{0};

  engine::Mutex free_mutex_;
  std::vector<Fiber*> free_ HEDDLE_GUARDED_BY(free_mutex_);  ///< the one that ended last is taken first

  std::array<WorkerSeen, kMostWorkers> seen_{};  ///< the watcher's

  engine::Mutex end_mutex_;
  std::condition_variable_any all_ended_;

  engine::Parker* const watcher_parker_;
  std::atomic<int64_t> watcher_wakes_ns_{0};  ///< when it will look again by itself
  std::atomic<bool> slices_end_{true};        ///< it looks again after a time slice, since somebody runs
  std::thread watcher_;                       ///< without a policy
};

}  // namespace heddle::threads
