// SPDX-License-Identifier: Apache-2.0
// The scheduler: who runs where, who sleeps, and the watcher of deadlines and time slices.
#include "threads/scheduler.h"

#include <algorithm>
#include <new>
#include <system_error>

#include "engine/runtime/parker_futex.h"
#include "engine/support/platform.h"
#include "threads/recorder.h"

namespace heddle::threads {

namespace {

/// A fiber that runs longer while others wait is asked to yield.
constexpr int64_t kSliceNs = 2'000'000;
/// The watcher goes on looking for so many slices after the last fiber stopped: waking it costs more.
constexpr int kIdleSlices = 16;
/// Fibers that a worker takes from the common queue at a time.
constexpr size_t kMostTaken = 16;

[[nodiscard]] unsigned workers_of(const SchedulerOptions& options) {
  if (options.policy != nullptr) return 1;
  const unsigned wanted =
      options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  return std::min(wanted, Scheduler::kMostWorkers / 2);
}

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options)
    : most_running_(workers_of(options)),
      recorder_(options.recorder),
      stacks_(options.stack_bytes),
      watcher_parker_(engine::FutexParker::take()) {
  if (options.policy != nullptr) {
    turns_ = std::make_unique<Turns>(*this, *options.policy, options.deadlock_observer);
  }
  if (recorder_ != nullptr) recorder_->start(clock());
  if (options.policy != nullptr) {
    engine::MutexLock lock(idle_mutex_);
    (void)add_worker(false);
    return;
  }
  try {
    watcher_ = std::thread([this] { watch(); });
  } catch (const std::system_error&) {
    // The host has no thread left: spawn() says so.
  }
}

Scheduler::~Scheduler() {
  {
    std::unique_lock lock(end_mutex_);
    all_ended_.wait(lock, [this] { return live() == 0; });
  }
  stopping_.store(true, std::memory_order_release);
  {
    engine::MutexLock lock(idle_mutex_);
    for (Worker* worker : idle_) worker->wake();
  }
  if (turns_ != nullptr) turns_->wake();
  watcher_parker_->unpark();
  if (watcher_.joinable()) watcher_.join();
  for (uint32_t i = 0; i < worker_count(); ++i) workers_[i]->join();
  // Their memory goes with the stacks. To look at each of thousands only for that would take as long again.
  if constexpr (kForgetsStacks) {
    for (Fiber* fiber : free_) fiber->~Fiber();
  }
  engine::FutexParker::give_back(static_cast<engine::FutexParker*>(watcher_parker_));
}

// Fibers.

bool Scheduler::spawn(Job& job) {
  if (!has_threads()) return false;
  Fiber* fiber = take_free();
  if (fiber == nullptr) fiber = make_fiber();
  if (fiber == nullptr) return false;
  live_.fetch_add(1, std::memory_order_relaxed);
  fiber->job_ = &job;
  make_runnable(*fiber, Arrived::spawned);
  return true;
}

Fiber* Scheduler::take_free() {
  engine::MutexLock lock(free_mutex_);
  if (free_.empty()) return nullptr;
  Fiber* const fiber = free_.back();
  free_.pop_back();
  return fiber;
}

Fiber* Scheduler::make_fiber() {
  const FiberStack stack = stacks_.take();
  if (!stack) return nullptr;
  constexpr size_t kAlignment = 64;
  constexpr size_t kRoom = (sizeof(Fiber) + kAlignment - 1) / kAlignment * kAlignment;
  uint8_t* const place = stack.high() - kRoom;
  return new (place) Fiber(*this, stack, place);
}

void Scheduler::parked(Fiber& fiber) noexcept {
  // Once the state is `parked`, the fiber may run elsewhere: everything else is done before.
  if (fiber.timer_.deadline_ns != INT64_MAX && timers_.add(fiber.timer_) &&
      fiber.timer_.deadline_ns < watcher_wakes_ns_.load(std::memory_order_relaxed)) {
    watcher_parker_->unpark();
  }
  Fiber::Permit none = Fiber::Permit::none;
  if (fiber.permit_.compare_exchange_strong(none, Fiber::Permit::parked, std::memory_order_acq_rel)) return;
  fiber.permit_.exchange(Fiber::Permit::none, std::memory_order_acquire);
  make_runnable(fiber, Arrived::woken);
}

void Scheduler::ended(Fiber& fiber) noexcept {
  if (turns_ != nullptr) turns_->ended(fiber);
  {
    engine::MutexLock lock(free_mutex_);
    free_.push_back(&fiber);
  }
  if (live_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  engine::MutexLock lock(end_mutex_);
  all_ended_.notify_all();
}

void Scheduler::record_runnable(Fiber& fiber, Arrived how) noexcept {
  if (how == Arrived::spawned) recorder_->spawned(fiber, fiber.job_->id());
  if (how == Arrived::woken) recorder_->woken(fiber);
}

void Scheduler::make_runnable(Fiber& fiber, Arrived how) noexcept {
  if (recorder_ != nullptr) record_runnable(fiber, how);
  if (turns_ != nullptr) return turns_->add(fiber, how == Arrived::spawned);
  Worker* here = Worker::current();
  if (here != nullptr && (&here->scheduler() != this || !here->keeps_place())) here = nullptr;
  if (here != nullptr && how == Arrived::woken) {
    here->add_next(fiber);
    // No other one may run: this one looks before it sleeps.
    if (most_running_ == 1) return;
    engine::sequential_fence();
    return need_worker();
  }
  if (here == nullptr) {
    add_common(fiber);
  } else if (how == Arrived::yielded && common_count_.load(std::memory_order_acquire) != 0) {
    // Behind those that had no room in a worker's queue: whoever never stops must not keep them there.
    add_common(fiber);
  } else {
    here->add_last(fiber);
  }
  engine::sequential_fence();
  need_worker();
}

void Scheduler::add_common(Fiber& fiber) noexcept {
  engine::MutexLock lock(common_mutex_);
  fiber.next_ = nullptr;
  (common_first_ == nullptr ? common_first_ : common_last_->next_) = &fiber;
  common_last_ = &fiber;
  common_count_.fetch_add(1, std::memory_order_release);
}

Fiber* Scheduler::take_common(RunQueue* more) noexcept {
  const size_t count = common_count_.load(std::memory_order_acquire);
  if (count == 0) return nullptr;
  engine::MutexLock lock(common_mutex_);
  Fiber* const oldest = common_first_;
  if (oldest == nullptr) return nullptr;
  common_first_ = oldest->next_;
  size_t taken = 1;
  for (const size_t most = std::min(kMostTaken, count / most_running_); more != nullptr && taken < most;
       ++taken) {
    Fiber* const next = common_first_;
    if (next == nullptr || !more->push(next)) break;
    common_first_ = next->next_;
  }
  // Last: who is about to sleep sees them here or there.
  common_count_.fetch_sub(taken, std::memory_order_release);
  return oldest;
}

size_t Scheduler::expire_timers() noexcept {
  const int64_t next = timers_.next_deadline();
  if (next == INT64_MAX) return 0;
  const int64_t now = engine::monotonic_now_ns();
  return next <= now ? timers_.expire(now) : 0;
}

// Workers.

/// Called after a fiber was added: has another worker run, if one may and nobody is looking around anyway.
void Scheduler::need_worker() noexcept {
  if (spinning_.load(std::memory_order_seq_cst) != 0) return;
  if (running_.load(std::memory_order_seq_cst) >= most_running_) return;
  Worker* woken = nullptr;
  {
    engine::MutexLock lock(idle_mutex_);
    if (running_.load(std::memory_order_relaxed) >= most_running_) return;
    if (spinning_.load(std::memory_order_relaxed) != 0) return;
    if (idle_.empty() && worker_count() == kMostWorkers) return;
    if (idle_.empty()) {
      // Where the host has no thread left, those that are there do it, later.
      if (!add_worker(true)) return;
    } else {
      running_.fetch_add(1, std::memory_order_seq_cst);
      spinning_.fetch_add(1, std::memory_order_relaxed);
      woken = idle_.back();
      idle_.pop_back();
    }
  }
  if (woken != nullptr) woken->wake();
  wake_watcher();
}

/// False: the host has no thread left. The worker counts as running, and where it is to look around, as that.
bool Scheduler::add_worker(bool spinning) {
  const uint32_t count = spinning ? 1 : 0;
  running_.fetch_add(1, std::memory_order_seq_cst);
  spinning_.fetch_add(count, std::memory_order_relaxed);
  const uint32_t number = worker_count();
  workers_[number] = std::make_unique<Worker>(*this, number);
  if (workers_[number]->start(spinning)) {
    worker_count_.store(number + 1, std::memory_order_release);
    return true;
  }
  workers_[number].reset();
  running_.fetch_sub(1, std::memory_order_relaxed);
  spinning_.fetch_sub(count, std::memory_order_relaxed);
  return false;
}

/// Is there the watcher, and a worker? Else a fiber would wait for ever.
bool Scheduler::has_threads() {
  if (worker_count() != 0) return true;
  if (turns_ != nullptr || !watcher_.joinable()) return false;
  {
    engine::MutexLock lock(idle_mutex_);
    if (worker_count() != 0) return true;
    if (!add_worker(true)) return false;
  }
  wake_watcher();
  return true;
}

/// Somebody runs again: slices end again. REQUIRES: it is counted as running, by an operation in the one
/// order of all.
void Scheduler::wake_watcher() noexcept {
  if (!slices_end_.load(std::memory_order_seq_cst)) watcher_parker_->unpark();
}

bool Scheduler::start_spinning() noexcept {
  uint32_t none = 0;
  return spinning_.compare_exchange_strong(none, 1, std::memory_order_relaxed);
}

/// A worker that looked around has found a fiber: the next one that looks shall be somebody else.
void Scheduler::stopped_spinning() noexcept {
  spinning_.fetch_sub(1, std::memory_order_relaxed);
  engine::sequential_fence();
  if (has_work()) need_worker();
}

bool Scheduler::has_work() const noexcept {
  if (common_count_.load(std::memory_order_acquire) != 0) return true;
  for (uint32_t i = 0; i < worker_count(); ++i) {
    if (worker(i).has_work()) return true;
  }
  return false;
}

bool Scheduler::sleep(Worker& worker, bool spinning) noexcept {
  {
    engine::MutexLock lock(idle_mutex_);
    idle_.push_back(&worker);
    if (spinning) spinning_.fetch_sub(1, std::memory_order_relaxed);
    running_.fetch_sub(1, std::memory_order_relaxed);
  }
  engine::sequential_fence();
  if (has_work() || stopping()) {
    engine::MutexLock lock(idle_mutex_);
    const auto place = std::ranges::find(idle_, &worker);
    if (place != idle_.end() && (running_.load(std::memory_order_relaxed) < most_running_ || stopping())) {
      idle_.erase(place);
      running_.fetch_add(1, std::memory_order_seq_cst);
      wake_watcher();
      return false;
    }
  }
  const auto is_idle = [&] {
    engine::MutexLock lock(idle_mutex_);
    return std::ranges::find(idle_, &worker) != idle_.end();
  };
  do {
    worker.parker_->park(INT64_MAX);
  } while (is_idle() && !stopping());
  return !stopping();
}

/// Null if this is no fiber of this scheduler, or if nobody may take a worker's place since all is done in
/// turns.
Worker* Scheduler::worker_that_may_block() const noexcept {
  if (turns_ != nullptr || Fiber::current() == nullptr) return nullptr;
  Worker* const here = Worker::current();
  return here != nullptr && &here->scheduler() == this ? here : nullptr;
}

void Scheduler::before_blocking() noexcept {
  Worker* const here = worker_that_may_block();
  if (here == nullptr) return;
  if (here->begin_blocking()) running_.fetch_sub(1, std::memory_order_relaxed);
  here->hand_over();
  engine::sequential_fence();
  if (has_work()) need_worker();
}

void Scheduler::after_blocking() noexcept {
  after_host_call();  // which finds the place taken
}

/// A thread whose place may have been taken goes on, if there is one. If one too many runs then, it gives its
/// fiber away and sleeps.
void Scheduler::take_place() noexcept {
  if (running_.fetch_add(1, std::memory_order_seq_cst) >= most_running_) {
    Fiber::current()->stop(Fiber::Stop::leave);
  } else {
    wake_watcher();
  }
}

void Scheduler::before_host_call() noexcept {
  if (Worker* const here = worker_that_may_block()) here->begin_host_call();
}

void Scheduler::after_host_call() noexcept {
  Worker* const here = worker_that_may_block();
  if (here != nullptr && !here->end_host_call()) take_place();
}

/// Others wait. Asks a fiber that has run for the whole slice to yield; one that has been in the same call of
/// the host can't, and its place is taken.
void Scheduler::end_slice(Worker& worker, WorkerSeen seen) noexcept {
  if (worker.resumed() == seen.resumed) worker.ask_to_yield();
  if (!worker.replace_in_host_call(seen.host_call)) return;
  running_.fetch_sub(1, std::memory_order_relaxed);
  worker.hand_over();
}

void Scheduler::begin_outside_wait() noexcept {
  if (turns_ != nullptr) turns_->begin_outside_wait();
}

void Scheduler::end_outside_wait() noexcept {
  if (turns_ != nullptr) turns_->end_outside_wait();
}

void Scheduler::expire_slices() noexcept {
  if (has_work()) {
    for (uint32_t i = 0; i < worker_count(); ++i) end_slice(worker(i), seen_[i]);
    engine::sequential_fence();
    need_worker();
  }
  for (uint32_t i = 0; i < worker_count(); ++i) seen_[i] = worker(i).seen();
}

/// The watcher's thread: lets timers expire when no worker comes by, and ends time slices.
void Scheduler::watch() {
  engine::name_thread("heddle timers");
  int idle_slices = 0;
  while (!stopping()) {
    (void)expire_timers();
    idle_slices = running_.load(std::memory_order_relaxed) == 0 ? idle_slices + 1 : 0;
    expire_slices();
    const bool slices_end = idle_slices <= kIdleSlices;
    const int64_t slice_end = slices_end ? engine::monotonic_now_ns() + kSliceNs : INT64_MAX;
    slices_end_.store(slices_end, std::memory_order_seq_cst);
    watcher_wakes_ns_.store(std::min(slice_end, timers_.next_deadline()), std::memory_order_seq_cst);
    engine::sequential_fence();
    // What was added before the line above was read saw an earlier time; it counts.
    const int64_t until =
        std::min(watcher_wakes_ns_.load(std::memory_order_relaxed), timers_.next_deadline());
    // Who began to run before slices ended to end has not woken anybody.
    if (!slices_end && running_.load(std::memory_order_seq_cst) != 0) continue;
    watcher_parker_->park(until);
  }
}

}  // namespace heddle::threads
