// SPDX-License-Identifier: Apache-2.0
// Fiber: a thread of execution with a native stack of its own, run by whichever worker is free.
//
// A fiber lives at the high end of its stack and is recycled with it, never freed while its scheduler lives:
// so unpark() may come late, as engine/runtime/blocking.h allows.
//
// How a fiber sleeps. permit_ is `none`, `given` (an unpark() that no park() has consumed) or `parked`.
// park() switches to the worker, and the worker, when nothing runs on the fiber's stack any more, moves none
// -> parked; if there is a permit by then, it is taken and the fiber is runnable at once. Whoever moves
// parked -> none makes it runnable: there is exactly one.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/runtime/blocking.h"
#include "threads/context_switch.h"
#include "threads/timers.h"

namespace heddle::threads {

class Scheduler;
class Worker;
enum class SwitchReason : uint8_t;

/// Something that runs on a fiber and can be asked to yield at its next opportunity.
class Preemptible {
 public:
  virtual void ask_to_yield() noexcept = 0;

 protected:
  ~Preemptible() = default;
};

/// What a fiber runs. May destroy itself in run().
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() noexcept = 0;
  /// What recordings call it.
  [[nodiscard]] virtual uint32_t id() const noexcept { return 0; }
};

/// What a Recorder notes of a fiber. What is not atomic belongs to whoever may touch the fiber.
struct FiberRecord {
  static constexpr int64_t kNever = INT64_MIN;
  std::atomic<uint32_t> thread{0};
  std::atomic<uint64_t> flow{0};  ///< the arrow from who has woken it last; taken by its next run
  uint64_t arrived_by = 0;        ///< the arrow to the present run
  int64_t runnable_ns = kNever;   ///< since when, if it was spawned or woken and has not run since
  int64_t resumed_ns = 0;
  int64_t wait_began_ns = 0;
  uint64_t wait_address = 0;
  bool waits = false;  ///< in memory.atomic.wait
  bool is_new = false;
};

class Fiber final : public engine::Parker {
 public:
  /// The fiber that this runs on; null on a thread's own stack.
  [[nodiscard]] static Fiber* current() noexcept;

  /// Sleeps until unpark() or the deadline by now_ns(); may return early. The fiber's own code only.
  void park(int64_t deadline_ns) noexcept override;
  /// Any thread.
  void unpark() noexcept override;
  /// The scheduler's time.
  [[nodiscard]] int64_t now_ns() const noexcept override;
  /// Lets others run first. The fiber's own code only.
  void yield() noexcept;
  /// The same at the end of a slice, where it was not the fiber's will: policies tell the two apart.
  void preempt() noexcept;
  /// Who is asked to yield when the time slice is over; null: nobody. Returns who was. The fiber's own code
  /// only.
  Preemptible* set_preemptible(Preemptible* preemptible) noexcept;

  [[nodiscard]] Scheduler& scheduler() const noexcept { return scheduler_; }
  /// What it runs. The fiber's own code only.
  [[nodiscard]] Job* job() const noexcept { return job_; }
  /// Counted from 1 in the order of spawning, if the scheduler has a policy; else 0.
  [[nodiscard]] uint64_t number() const noexcept { return number_; }
  [[nodiscard]] FiberRecord& record() noexcept { return record_; }
  /// Returns the memory of its stack beyond the present depth to the host. The fiber's own code only.
  void release_unused_stack() noexcept;
  /// Below this a host function must not go.
  [[nodiscard]] uintptr_t stack_low() const noexcept { return reinterpret_cast<uintptr_t>(stack_.low); }

 private:
  friend class Scheduler;
  friend class Turns;
  friend class Worker;
  enum class Permit : uint32_t { none, given, parked };
  /// Why a fiber stopped running, for the worker. `turn`: a policy has chosen another, and it is in the list.
  enum class Stop : uint8_t { park, yield, turn, leave, end };

  Fiber(Scheduler& scheduler, FiberStack stack, uint8_t* high);
  ~Fiber() override;

  static void entry(Arrival arrival);
  void stop(Stop reason) noexcept;
  void let_others_run(SwitchReason reason) noexcept;
  void ask_to_yield() noexcept;  ///< any thread, while it runs
  /// Runs it on the calling worker's thread until it stops; says why.
  Stop resume(StackIdentity& worker_stack) noexcept;
  [[noreturn]] static void abort_of_overflow() noexcept;

  Scheduler& scheduler_;
  const FiberStack stack_;
  Continuation self_ = nullptr;    ///< while it does not run
  Continuation worker_ = nullptr;  ///< while it runs: the stack that resumed it
  StackIdentity* worker_stack_ = nullptr;
  StackIdentity identity_;
  Job* job_ = nullptr;
  uint64_t number_ = 0;
  std::atomic<Permit> permit_{Permit::none};
  Stop stop_ = Stop::end;
  engine::Mutex preemptible_mutex_;
  Preemptible* preemptible_ HEDDLE_GUARDED_BY(preemptible_mutex_) = nullptr;
  Timer timer_;
  FiberRecord record_;
  Fiber* next_ = nullptr;  ///< in the scheduler's list of runnable fibers
};

// Inlined into the worker's loop: after a switch of stacks, the processor guesses each return wrong.
inline Fiber::Stop Fiber::resume(StackIdentity& worker_stack) noexcept {
  worker_stack_ = &worker_stack;
  const Arrival arrival = switch_to(self_, this, worker_stack, identity_);
  self_ = arrival.fctx;
  if (!FiberStacks::intact(stack_)) abort_of_overflow();
  return stop_;
}

}  // namespace heddle::threads
