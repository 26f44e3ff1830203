// SPDX-License-Identifier: Apache-2.0
// TaskPoolState on Scheduler and InstancePool, and the public Task and TaskPool.
#include "threads/task_pool.h"

#include <algorithm>
#include <utility>

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "threads/attachment.h"
#include "threads/workers.h"

namespace heddle::threads {

namespace {

using std::chrono::nanoseconds;
using SteadyClock = std::chrono::steady_clock;

Error error_of(ErrorKind kind, std::string message) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

Trap interrupted(const char* why) {
  Trap trap = Trap::interrupted();
  trap.message = why;
  return trap;
}
constexpr const char* kCancelled = "the task was cancelled";
constexpr const char* kTooLong = "the task's time limit is over";

bool has_reference(const std::vector<ValueType>& types) {
  return std::ranges::any_of(types, [](const ValueType& type) { return type.is_ref(); });
}

/// Runs one task after the other.
class TaskFiber final : public Job {
 public:
  TaskFiber(std::shared_ptr<TaskPoolState> pool, std::shared_ptr<TaskState> task)
      : pool_(std::move(pool)), task_(std::move(task)) {}
  void run() noexcept override {
    for (; task_ != nullptr; task_ = pool_->next(task_)) pool_->run(*task_);
    delete this;
  }

 private:
  const std::shared_ptr<TaskPoolState> pool_;
  std::shared_ptr<TaskState> task_;
};

}  // namespace

TaskPoolState::TaskPoolState(const Engine& engine, Scheduler& scheduler, const Module& module,
                             const TaskPoolOptions& options)
    : engine_(engine), scheduler_(scheduler), module_(module), options_(options), linker_(engine) {
  for (const ExportType& each : module_.exports()) {
    if (const auto* const type = std::get_if<FunctionType>(&each.type)) functions_.emplace(each.name, *type);
  }
}

Result<void> TaskPoolState::link(const TaskPool::Define& define) {
  if (define) HEDDLE_TRY(define(linker_));
  if (const auto missing = linker_.missing(module_); !missing.empty()) {
    return error_of(ErrorKind::link, "unknown import \"" + engine::escape_for_terminal(missing[0].module) +
                                         "\" \"" + engine::escape_for_terminal(missing[0].name) + "\" " +
                                         to_string(missing[0].type));
  }
  pool_.emplace(engine_, module_, linker_, options_.limits);
  return {};
}

Result<void> TaskPoolState::check(const std::string& function, const std::vector<Value>& arguments) const {
  const std::string name = "\"" + engine::escape_for_terminal(function) + "\"";
  const auto found = functions_.find(function);
  if (found == functions_.end()) {
    return error_of(ErrorKind::usage, "the module exports no function " + name);
  }
  const FunctionType& type = found->second;
  if (has_reference(type.parameters) || has_reference(type.results)) {
    return error_of(ErrorKind::usage,
                    name + " takes or gives references, which belong to one instance: " + to_string(type));
  }
  const bool fits =
      std::ranges::equal(arguments, type.parameters,
                         [](const Value& value, const ValueType& wanted) { return value.type() == wanted; });
  if (!fits) return error_of(ErrorKind::usage, "the arguments do not fit " + name + ", " + to_string(type));
  return {};
}

Result<std::shared_ptr<TaskState>> TaskPoolState::submit(std::string_view function,
                                                         std::vector<Value> arguments) {
  HEDDLE_TRY(check(std::string(function), arguments));
  auto task = std::make_shared<TaskState>(std::string(function), std::move(arguments));
  engine::MutexLock lock(mutex_);
  if (is_closed_) return error_of(ErrorKind::usage, "the pool of tasks is shut down");
  if (running_.size() < std::max(options_.running, 1U)) {
    auto* const fiber = new TaskFiber(shared_from_this(), task);
    begin(task);  // before the fiber, which may be quicker than this
    if (!scheduler_.spawn(*fiber)) {
      running_.erase(task);
      delete fiber;
      return error_of(ErrorKind::resource, "the host has no memory for the stack of another task");
    }
  } else if (queue_.size() < options_.queued) {
    task->place = queue_.insert(queue_.end(), task);
  } else {
    return error_of(ErrorKind::resource,
                    std::to_string(queue_.size()) + " tasks are queued: no room for another");
  }
  ++statistics_.submitted;
  return task;
}

void TaskPoolState::begin(const std::shared_ptr<TaskState>& task) {
  task->state = Task::State::running;
  running_.insert(task);
  statistics_.most_running = std::max<uint64_t>(statistics_.most_running, running_.size());
}

std::shared_ptr<TaskState> TaskPoolState::next(const std::shared_ptr<TaskState>& ran) {
  engine::MutexLock lock(mutex_);
  running_.erase(ran);
  if (!queue_.empty()) {
    const std::shared_ptr<TaskState> task = std::move(queue_.front());
    queue_.pop_front();
    begin(task);
    return task;
  }
  if (is_closed_ && running_.empty()) all_done_.complete();
  return nullptr;
}

void TaskPoolState::run(TaskState& task) {
  CallResult outcome = std::vector<Value>();
  if (auto instance = pool_->take()) {
    outcome = run_in(**instance, task);
    pool_->give_back(std::move(*instance));
  } else {
    outcome = std::move(instance).error();
  }
  engine::MutexLock lock(mutex_);
  finish(task, std::move(outcome));
}

CallResult TaskPoolState::run_in(PooledInstance& instance, TaskState& task) {
  CallResult outcome = interrupted(kCancelled);
  {
    const Attachment attachment(instance, *Fiber::current());
    if (enter(task, instance)) outcome = call(instance, task);
    leave(task);
  }
  if (outcome.trapped() && outcome.trap().exception != nullptr) {
    // It belongs to the store, which other tasks will use on other threads.
    Trap trap = outcome.trap();
    trap.exception = nullptr;
    outcome = std::move(trap);
  }
  return outcome;
}

/// The time limit is for making the instance and for the call together.
CallResult TaskPoolState::call(PooledInstance& instance, const TaskState& task) const {
  const SteadyClock::time_point began = SteadyClock::now();
  const auto limit_time = [&] {
    if (!options_.timeout) return;
    const nanoseconds left = *options_.timeout - (SteadyClock::now() - began);
    (void)instance.store().set_timeout(std::max(left, nanoseconds(1)));
  };
  limit_time();
  if (auto prepared = instance.prepare(); !prepared.ok()) return std::move(prepared).failure();
  const auto function = instance.instance().function(task.function);
  if (!function) return function.error();
  limit_time();
  return function->call(task.arguments);
}

bool TaskPoolState::enter(TaskState& task, PooledInstance& instance) {
  engine::MutexLock lock(mutex_);
  if (task.is_cancelled) return false;
  task.interrupt = instance.store().interrupt_handle();
  return true;
}

void TaskPoolState::leave(TaskState& task) {
  engine::MutexLock lock(mutex_);
  task.interrupt = {};
}

void TaskPoolState::finish(TaskState& task, CallResult outcome) {
  if (outcome.trapped() && outcome.trap().kind == TrapKind::interrupted) {
    Trap trap = outcome.trap();
    if (task.is_cancelled) {
      trap.message = kCancelled;
    } else if (options_.timeout) {
      trap.message = kTooLong;
    }
    outcome = std::move(trap);
  }
  task.outcome = std::move(outcome);
  task.state = Task::State::done;
  ++statistics_.done;
  task.done.complete();
}

Task::State TaskPoolState::state_of(const TaskState& task) const {
  engine::MutexLock lock(mutex_);
  return task.state;
}

void TaskPoolState::cancel(TaskState& task) {
  engine::MutexLock lock(mutex_);
  cancel_locked(task);
}

void TaskPoolState::cancel_locked(TaskState& task) {
  if (task.state == Task::State::done) return;
  task.is_cancelled = true;
  if (task.state == Task::State::running) return task.interrupt.interrupt();
  const std::shared_ptr<TaskState> kept = *task.place;  // the queue may be the last that holds it
  queue_.erase(task.place);
  finish(task, interrupted(kCancelled));
}

void TaskPoolState::shut_down(TaskPool::Ending ending) {
  {
    engine::MutexLock lock(mutex_);
    is_closed_ = true;
    if (ending == TaskPool::Ending::cancel) {
      while (!queue_.empty()) cancel_locked(*queue_.front());
      for (const auto& task : running_) cancel_locked(*task);
    }
    if (running_.empty()) all_done_.complete();  // nothing is queued without something that runs
  }
  (void)all_done_.wait(INT64_MAX);
  pool_->trim();
}

TaskStatistics TaskPoolState::statistics() const {
  engine::MutexLock lock(mutex_);
  TaskStatistics statistics = statistics_;
  statistics.new_instances = pool_->made();
  return statistics;
}

// The public faces.

Task::Task(std::shared_ptr<TaskPoolState> pool, std::shared_ptr<TaskState> state)
    : pool_(std::move(pool)), state_(std::move(state)) {}

Task::State Task::state() const noexcept { return pool_->state_of(*state_); }

const CallResult& Task::wait() const {
  (void)state_->done.wait(INT64_MAX);
  return state_->outcome;
}

bool Task::wait_for(nanoseconds timeout) const {
  return state_->done.wait(deadline_after(std::max<int64_t>(timeout.count(), 0)));
}

void Task::cancel() const noexcept { pool_->cancel(*state_); }

TaskPool::TaskPool(Workers workers, std::shared_ptr<TaskPoolState> state)
    : workers_(std::move(workers)), state_(std::move(state)) {}

TaskPool::~TaskPool() { shut_down(Ending::cancel); }

TaskPool::TaskPool(TaskPool&&) noexcept = default;

TaskPool& TaskPool::operator=(TaskPool&& other) noexcept {
  if (this == &other) return *this;
  shut_down(Ending::cancel);
  state_ = std::move(other.state_);
  workers_ = std::move(other.workers_);
  return *this;
}

Result<TaskPool> TaskPool::create(const Engine& engine, const Workers& workers, const Module& module,
                                  const Define& define, const TaskPoolOptions& options) {
  Scheduler& scheduler = workers.state_->scheduler();
  if (scheduler.refueler() != nullptr && !engine.config().fuel) {
    return error_of(ErrorKind::usage,
                    "workers with an order need an engine that counts fuel: set Config::fuel");
  }
  auto state = std::make_shared<TaskPoolState>(engine, scheduler, module, options);
  HEDDLE_TRY(state->link(define));
  return TaskPool(workers, std::move(state));
}

Result<Task> TaskPool::submit(std::string_view function, std::vector<Value> arguments) {
  if (state_ == nullptr) return error_of(ErrorKind::usage, "the pool of tasks was moved from");
  HEDDLE_TRY_ASSIGN(auto task, state_->submit(function, std::move(arguments)));
  return Task(state_, std::move(task));
}

void TaskPool::shut_down(Ending ending) {
  if (state_ != nullptr) state_->shut_down(ending);
}

TaskStatistics TaskPool::statistics() const {
  return state_ != nullptr ? state_->statistics() : TaskStatistics();
}

}  // namespace heddle::threads
