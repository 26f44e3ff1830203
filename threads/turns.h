// SPDX-License-Identifier: Apache-2.0
// Turns: a deterministic run's runnable fibers, its time, and its deadlocks. A scheduler with a policy has
// one in the place of work stealing.
//
// One worker. All runnable fibers are in one list, in the order in which they became so, and the policy takes
// from it at every switch. Time goes by the fuel that guests use, and jumps to the earliest timer when none
// is runnable. When there is none either, and nothing outside is awaited, the fibers that are left wait for
// each other.
//
// What other threads do (spawn, unpark) comes when it comes and is not repeated by a seed: a deterministic
// run begins with one fiber, which spawns the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/runtime/blocking.h"
#include "engine/support/thread_annotations.h"
#include "threads/clock.h"
#include "threads/policy.h"

namespace heddle::threads {

class Scheduler;

/// Hears that all fibers wait and that nothing can ever wake them.
class DeadlockObserver {
 public:
  /// On the worker's thread while no fiber runs. May wake fibers, by interrupting their guests for example.
  /// Called again only after a fiber has run.
  virtual void on_deadlock() noexcept = 0;

 protected:
  ~DeadlockObserver() = default;
};

class Turns final : public engine::Refueler {
 public:
  /// `policy` and `observer` (null: nobody is told) must outlive this.
  Turns(Scheduler& scheduler, Policy& policy, DeadlockObserver* observer);
  ~Turns() override;
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// Any thread.
  void add(Fiber& fiber, bool is_new) noexcept HEDDLE_EXCLUDES(mutex_);
  /// Asks the policy who runs instead of the fiber that this runs on. True: it goes on itself; else it must
  /// stop.
  [[nodiscard]] bool keeps_turn(Fiber& fiber, SwitchReason reason) noexcept HEDDLE_EXCLUDES(mutex_);
  /// The worker only.
  void ended(Fiber& fiber) noexcept HEDDLE_EXCLUDES(mutex_);
  /// The fiber that runs next; sleeps until there is one. Null: the scheduler ends. The worker only.
  [[nodiscard]] Fiber* next() noexcept HEDDLE_EXCLUDES(mutex_);
  /// Has the worker look again. Any thread.
  void wake() noexcept { parker_->unpark(); }

  /// Lets others run, then grants what the policy says. For guests on fibers.
  [[nodiscard]] int64_t next_slice() noexcept override;

  /// Between the two, something outside of the scheduler is going to wake a fiber: no deadlock. Any thread.
  void begin_outside_wait() noexcept HEDDLE_EXCLUDES(mutex_);
  void end_outside_wait() noexcept HEDDLE_EXCLUDES(mutex_);

  [[nodiscard]] VirtualClock& clock() noexcept { return clock_; }
  /// How often the policy was asked. Any thread.
  [[nodiscard]] uint64_t switches() const noexcept { return switches_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::span<const Runnable> runnable() const HEDDLE_REQUIRES(mutex_) {
    return std::span(runnable_).subspan(first_);
  }
  [[nodiscard]] Fiber& choose(SwitchReason reason) HEDDLE_REQUIRES(mutex_);
  void take_out(size_t position) HEDDLE_REQUIRES(mutex_);
  void wake_from_elsewhere() noexcept;
  void expire_timers() noexcept HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] bool advance_time() noexcept;
  [[nodiscard]] bool is_deadlocked() noexcept HEDDLE_EXCLUDES(mutex_);

  Scheduler& scheduler_;
  Policy& policy_;
  DeadlockObserver* const observer_;
  engine::Parker* const parker_;
  VirtualClock clock_;
  std::atomic<uint64_t> switches_{0};
  Fiber* chosen_ = nullptr;  ///< by keeps_turn(); the worker's thread only

  engine::Mutex mutex_;
  std::vector<Runnable> runnable_ HEDDLE_GUARDED_BY(mutex_);
  size_t first_ HEDDLE_GUARDED_BY(mutex_) = 0;  ///< those before it have been taken
  uint64_t last_ HEDDLE_GUARDED_BY(mutex_) = 0;
  uint64_t spawned_ HEDDLE_GUARDED_BY(mutex_) = 0;
  uint64_t alive_ HEDDLE_GUARDED_BY(mutex_) = 0;
  uint64_t outside_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool deadlock_told_ HEDDLE_GUARDED_BY(mutex_) = false;
};

}  // namespace heddle::threads
