// SPDX-License-Identifier: Apache-2.0
// Workers: the scheduler behind them, and the clocks of deterministic runs.
#include "threads/workers.h"

#include <algorithm>
#include <utility>

#include "threads/fiber_blocking.h"
#include "threads/fiber_clocks.h"
#include "threads/guest_process.h"

namespace heddle::threads {

namespace {

/// When deterministic runs begin: a day in 2001, in nanoseconds since 1970.
constexpr uint64_t kRealtimeStart = 1'000'000'000'000'000'000;

std::unique_ptr<Policy> make_policy(const WorkersOptions& options) {
  switch (options.order) {
    case Order::soonest: break;
    case Order::round_robin: return std::make_unique<RoundRobinPolicy>();
    case Order::random: return std::make_unique<RandomPolicy>(options.seed);
    case Order::pct: return std::make_unique<PctPolicy>(PctOptions{.seed = options.seed});
  }
  return nullptr;
}

SchedulerOptions scheduler_options(const WorkersOptions& options, Policy* policy,
                                   DeadlockObserver* observer) {
  return {.workers = options.threads,
          .stack_bytes = options.native_stack_bytes,
          .policy = policy,
          .deadlock_observer = observer,
          .recorder = options.recording != nullptr ? &options.recording->recorder() : nullptr};
}

}  // namespace

WorkersState::WorkersState(const WorkersOptions& options)
    : policy_(make_policy(options)),
      blocking_(std::make_shared<FiberBlocking>()),
      clocks_(std::make_shared<FiberClocks>(kRealtimeStart)),
      recording_(options.recording),
      scheduler_(scheduler_options(options, policy_.get(), this)) {}

void WorkersState::add(std::weak_ptr<GuestProcess> process) {
  engine::MutexLock lock(mutex_);
  std::erase_if(processes_, [](const auto& each) { return each.expired(); });
  processes_.push_back(std::move(process));
}

void WorkersState::on_deadlock() noexcept {
  std::vector<std::weak_ptr<GuestProcess>> processes;
  {
    engine::MutexLock lock(mutex_);
    processes = processes_;
  }
  for (const auto& each : processes) {
    if (const auto process = each.lock()) process->end_deadlock();
  }
}

Workers::Workers(const WorkersOptions& options) : state_(std::make_shared<WorkersState>(options)) {}

std::shared_ptr<wasi::Blocking> Workers::blocking() const { return state_->blocking(); }

std::shared_ptr<wasi::Clocks> Workers::clocks() const { return state_->clocks(); }

}  // namespace heddle::threads
