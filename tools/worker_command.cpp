// SPDX-License-Identifier: Apache-2.0
// `heddle worker`: takes tasks out of a queue, runs each by itself, and stores its result.
#include <fmt/core.h>
#include <heddle/heddle.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "engine/support/escape.h"
#include "threads/store/open_store.h"
#include "threads/store/work_queue.h"
#include "tools/claim_keeper.h"
#include "tools/commands.h"
#include "tools/input_file.h"
#include "tools/quantities.h"
#include "tools/stop_signals.h"
#include "tools/task_runner.h"
#include "tools/tier_options.h"

namespace heddle::tools {

namespace {

using std::chrono::milliseconds;
using threads::Claim;
using threads::StoreErrorKind;
using threads::TaskResult;

struct WorkerOptions {
  std::string store;
  std::string queue = "tasks";
  std::optional<uint64_t> tasks;
  std::string timeout = "1m";
  std::string visibility = "15s";
  std::string idle;
  std::string max_memory = "1GiB";
  bool quiet = false;
};

milliseconds to_milliseconds(const std::string& duration) {
  return std::chrono::ceil<milliseconds>(parse_duration(duration).value_or(std::chrono::nanoseconds(0)));
}

/// One `heddle worker`, from the store to the last task.
class Worker {
 public:
  explicit Worker(const WorkerOptions& options)
      : options_(options), visibility_(std::max(to_milliseconds(options.visibility), milliseconds(1))) {}

  int operator()();

 private:
  [[nodiscard]] bool prepare();
  /// Claims and runs one task; false if this was the last.
  [[nodiscard]] bool work_once();
  void run(const Claim& claim);
  void finish(const Claim& claim, const TaskResult& result);
  void stop(int count);
  /// After an error of the store; false if the worker is to end.
  [[nodiscard]] bool carry_on_after(const threads::StoreError& error);
  void show_progress(const char* doing) const;
  /// A line that stays, unless --quiet.
  void say(const std::string& line) const;
  [[nodiscard]] bool shows_progress() const { return !options_.quiet && isatty(STDERR_FILENO) != 0; }

  const WorkerOptions& options_;
  const milliseconds visibility_;
  threads::Cancellation stopped_;
  engine::Mutex mutex_;
  TaskRunner* running_ HEDDLE_GUARDED_BY(mutex_) = nullptr;  ///< what a second signal interrupts

  std::shared_ptr<threads::KeyValueStore> store_;
  std::optional<threads::WorkQueue> queue_;
  std::optional<TaskRunner> runner_;
  uint64_t done_ = 0;
  uint64_t failed_ = 0;
  uint64_t lost_ = 0;
  uint64_t claimed_ = 0;
  unsigned failures_in_a_row_ = 0;
  int exit_code_ = kSuccess;
};

int Worker::operator()() {
  const StopSignals signals([this](int count) { stop(count); });
  if (!prepare()) return kUsageError;
  while (work_once()) {
  }
  say(fmt::format("heddle worker: {} task{} done, {} failed{}", done_, done_ == 1 ? "" : "s", failed_,
                  lost_ == 0 ? "" : fmt::format(", {} lost to other workers", lost_)));
  const engine::MutexLock lock(mutex_);
  running_ = nullptr;
  return exit_code_;
}

bool Worker::prepare() {
  Config config;
  apply(TierOptions(), config);
  auto engine = Engine::create(config);
  if (!engine) {
    print_error(engine.error().message);
    return false;
  }
  auto store = threads::open_store(options_.store);
  if (!store) {
    print_error(store.error().message);
    return false;
  }
  store_ = *std::move(store);
  auto queue = threads::WorkQueue::open(store_, options_.queue);
  if (!queue) {
    print_error(queue.error().message);
    return false;
  }
  queue_ = *std::move(queue);
  TaskLimits limits;
  limits.timeout = parse_duration(options_.timeout);
  if (limits.timeout == std::chrono::nanoseconds(0)) limits.timeout.reset();
  limits.memory_bytes = parse_size(options_.max_memory).value_or(0);
  runner_.emplace(*engine, store_, limits);
  const engine::MutexLock lock(mutex_);
  running_ = &*runner_;
  return true;
}

/// The first signal ends the wait for a task, the second one the task.
void Worker::stop(int count) {
  stopped_.cancel();
  const engine::MutexLock lock(mutex_);
  if (count > 1 && running_ != nullptr) running_->interrupt();
}

bool Worker::work_once() {
  if (stopped_.cancelled() || (options_.tasks && claimed_ >= *options_.tasks)) return false;
  show_progress("waiting");
  threads::Wait wait = {.cancellation = &stopped_};
  if (!options_.idle.empty())
    wait.deadline_ns =
        store_->host().now_ns() + std::chrono::nanoseconds(to_milliseconds(options_.idle)).count();
  const auto claim = queue_->claim(visibility_, wait);
  if (claim) {
    failures_in_a_row_ = 0;
    ++claimed_;
    run(*claim);
    return true;
  }
  if (claim.is(StoreErrorKind::cancelled) || claim.is(StoreErrorKind::timed_out)) return false;
  return carry_on_after(claim.error());
}

/// A server may be gone for a while; there is nothing to wait for but time.
bool Worker::carry_on_after(const threads::StoreError& error) {
  constexpr unsigned kMostFailures = 10;
  print_error(error.message);
  if (error.kind != StoreErrorKind::unavailable || ++failures_in_a_row_ == kMostFailures) {
    exit_code_ = kUsageError;
    return false;
  }
  const auto parker = &store_->host().take_parker();
  stopped_.attach(parker);
  const int64_t until =
      store_->host().now_ns() + int64_t{250'000'000} * (1 << std::min(failures_in_a_row_, 6u));
  while (!stopped_.cancelled() && store_->host().now_ns() < until) parker->park(until);
  stopped_.attach(nullptr);
  store_->host().give_back(*parker);
  return true;
}

void Worker::run(const Claim& claim) {
  show_progress("running a task");
  ClaimKeeper keeper(*queue_, claim, visibility_, [this] { runner_->interrupt(); });
  auto result = [&]() -> threads::StoreResult<TaskResult> {
    const auto payload = queue_->payload(claim.id);
    if (!payload) return payload.error();
    const auto task = RemoteTask::parse(*payload);
    if (!task) return TaskResult{TaskResult::Status::failed, task.error().message};
    return runner_->run(*task);
  }();
  const Claim now = keeper.stop();
  if (result && !runner_->interrupted()) {
    finish(now, *result);
    return;
  }
  const std::string why = result ? "its worker was stopped" : result.error().message;
  const auto given_back = queue_->retry(now, why);
  if (given_back.is(StoreErrorKind::lost)) ++lost_;
  if (!result) print_error(fmt::format("task {}: {}", claim.id, result.error().message));
}

void Worker::finish(const Claim& claim, const TaskResult& result) {
  const auto completed = queue_->complete(claim, result);
  if (completed.is(StoreErrorKind::lost)) {
    ++lost_;
  } else if (!completed) {
    print_error(fmt::format("task {}: {}", claim.id, completed.error().message));
  } else if (result.status == TaskResult::Status::done) {
    ++done_;
  } else {
    ++failed_;
    const std::string first_line = result.bytes.substr(0, result.bytes.find('\n'));
    say(fmt::format("heddle worker: task {} failed: {}", claim.id, engine::escape_for_terminal(first_line)));
  }
}

void Worker::say(const std::string& line) const {
  if (shows_progress()) std::fputs("\r\x1b[K", stderr);
  if (!options_.quiet) print_message(line);
}

void Worker::show_progress(const char* doing) const {
  if (!shows_progress()) return;
  fmt::print(stderr, "\r\x1b[K{} done, {} failed; {} (Ctrl-C leaves)", done_, failed_, doing);
  std::fflush(stderr);
}

}  // namespace

void add_worker_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("worker", "Take tasks out of a shared queue and run them");
  auto options = std::make_shared<WorkerOptions>();
  command->add_option("--store", options->store, threads::kStoreUrls)->required();
  command->add_option("--queue", options->queue, "Name of the queue")->capture_default_str();
  command->add_option("--tasks", options->tasks, "Leave after so many tasks")->check(count_check());
  command->add_option("--idle", options->idle, "Leave when no task has come for this time")
      ->check(duration_check());
  command->add_option("--timeout", options->timeout, "Time limit of a task; 0: none")
      ->check(duration_check())
      ->capture_default_str();
  command
      ->add_option("--visibility", options->visibility,
                   "After this time without a sign of life from its worker a task goes to another one")
      ->check(duration_check())
      ->capture_default_str();
  command->add_option("--max-memory", options->max_memory, "Most memory a task may have")
      ->check(size_check())
      ->capture_default_str();
  command->add_flag("--quiet,-q", options->quiet, "Print errors of the worker only");
  command->footer(
      "Each task runs in a fresh instance with a memory of its own; a trap or a time-out is its result and "
      "ends\n"
      "nothing else. Ctrl-C or SIGTERM: the present task is finished; a second one gives it back to the "
      "queue.\n"
      "Any number of workers may share a queue. docs/STORE.md says how tasks get arguments and give "
      "results.\n\n"
      "Examples:\n"
      "  heddle worker --store redis://queue.example:6379/0\n"
      "  heddle worker --store lmdb:/var/lib/tasks --queue thumbnails --timeout 5m --max-memory 256MiB\n"
      "  heddle worker --store lmdb:/tmp/tasks --idle 10s      leaves when nothing is left to do");
  command->callback([options, &exit_code] { exit_code = Worker(*options)(); });
}

}  // namespace heddle::tools
