// SPDX-License-Identifier: Apache-2.0
// One task, from its module to its result.
#include "tools/task_runner.h"

#include <fmt/format.h>
#include <heddle/wasi.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "threads/store/guest_store.h"
#include "tools/guest_values.h"

namespace heddle::tools {

using threads::StoreResult;
using threads::TaskResult;

namespace {

constexpr size_t kMostModules = 64;
/// Stands before the keys of tasks: they reach no queue of workers, and no module.
constexpr const char* kTaskPrefix = "task-data/";

TaskResult failed(std::string why) { return {TaskResult::Status::failed, std::move(why)}; }

}  // namespace

/// What belongs to one task.
class TaskRunner::Run {
 public:
  Run(TaskRunner& runner, const RemoteTask& task, const Module& module)
      : runner_(runner), task_(task), module_(module), linker_(runner.engine_) {}

  TaskResult operator()();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] Result<void> provide();
  [[nodiscard]] Result<void> provide_task_functions();
  [[nodiscard]] Result<void> provide_wasi();
  [[nodiscard]] Outcome<void> execute(Store& store);
  void limit_time(Store& store) const;
  [[nodiscard]] TaskResult judge(const Outcome<void>& outcome) const;

  TaskRunner& runner_;
  const RemoteTask& task_;
  const Module& module_;
  Linker linker_;
  const Clock::time_point began_ = Clock::now();
  std::shared_ptr<wasi::Buffer> output_;
  std::shared_ptr<wasi::Buffer> errors_;
  std::optional<std::string> given_;  ///< by task_result
  std::string returned_;
};

TaskResult TaskRunner::Run::operator()() {
  if (const auto provided = provide(); !provided) return failed(provided.error().to_string());
  StoreLimits limits;
  limits.memory_bytes = runner_.limits_.memory_bytes;
  auto store = Store::create(runner_.engine_, limits);
  if (!store) return failed(store.error().to_string());
  const InterruptHandle handle = store->interrupt_handle();
  runner_.set_running(&handle);
  const Outcome<void> outcome = execute(*store);
  runner_.set_running(nullptr);
  return judge(outcome);
}

Result<void> TaskRunner::Run::provide() {
  HEDDLE_TRY(threads::define_store(linker_, {runner_.store_, kTaskPrefix}));
  HEDDLE_TRY(provide_task_functions());
  return provide_wasi();
}

Result<void> TaskRunner::Run::provide_task_functions() {
  HEDDLE_TRY(linker_.wrap(
      "heddle", "task_argument",
      [this](Caller& caller, uint32_t address, uint32_t size) -> Outcome<uint32_t> {
        const auto memory = caller.memory();
        if (!memory)
          return Trap::host(
              "task_argument needs the guest's memory: the module must export it as \"memory\"");
        const std::string_view bytes = std::string_view(task_.argument).substr(0, size);
        const auto written =
            memory->write(address, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
        if (!written) return Trap::host("task_argument: " + written.error().message);
        return static_cast<uint32_t>(task_.argument.size());
      }));
  return linker_.wrap(
      "heddle", "task_result", [this](Caller& caller, uint32_t address, uint32_t size) -> Outcome<void> {
        const auto memory = caller.memory();
        if (!memory)
          return Trap::host("task_result needs the guest's memory: the module must export it as \"memory\"");
        if (size > kMostResultBytes)
          return Trap::host(fmt::format("task_result: {} bytes; at most {}", size, kMostResultBytes));
        std::string bytes(size, '\0');
        const auto read = memory->read(address, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
        if (!read) return Trap::host("task_result: " + read.error().message);
        given_ = std::move(bytes);
        return {};
      });
}

Result<void> TaskRunner::Run::provide_wasi() {
  if (!wasi::is_wanted_by(module_)) return {};
  output_ = std::make_shared<wasi::Buffer>("", kMostResultBytes);
  errors_ = std::make_shared<wasi::Buffer>("", kMostErrorBytes);
  wasi::Config config;
  config.arguments = {task_.module};
  config.input = wasi::Stdio::stream(std::make_shared<wasi::Buffer>(task_.argument));
  config.output = wasi::Stdio::stream(output_);
  config.error = wasi::Stdio::stream(errors_);
  HEDDLE_TRY_ASSIGN(const wasi::Context context, wasi::Context::create(config));
  return context.add_to(linker_);
}

/// What stays of the time limit goes to the next call.
void TaskRunner::Run::limit_time(Store& store) const {
  if (!runner_.limits_.timeout) return;
  const auto left = *runner_.limits_.timeout - (Clock::now() - began_);
  (void)store.set_timeout(std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(1)));
}

Outcome<void> TaskRunner::Run::execute(Store& store) {
  limit_time(store);
  auto instance = linker_.instantiate(store, module_);
  if (!instance.ok()) return std::move(instance).failure();
  if (const auto initialize = instance->typed<void()>("_initialize");
      initialize && task_.function != "_initialize") {
    limit_time(store);
    if (auto done = initialize->call(); !done.ok()) return done;
  }
  const auto function = instance->function(task_.function);
  if (!function) return function.error();
  std::vector<Value> values;
  if (const FunctionType type = function->type(); !type.parameters.empty()) {
    std::istringstream words(task_.argument);
    std::vector<std::string> arguments;
    for (std::string word; words >> word;) arguments.push_back(word);
    auto parsed = parse_arguments(type, arguments);
    if (!parsed) return std::move(parsed).error();
    values = std::move(*parsed);
  }
  limit_time(store);
  auto results = function->call(values);
  if (!results.ok()) return std::move(results).failure();
  for (const Value& value : *results) returned_ += to_string(value) + "\n";
  return {};
}

TaskResult TaskRunner::Run::judge(const Outcome<void>& outcome) const {
  if (outcome.ok() || outcome.exit_code() == 0u) {
    if (given_) return {TaskResult::Status::done, *given_};
    if (!returned_.empty() || output_ == nullptr) return {TaskResult::Status::done, returned_};
    return {TaskResult::Status::done, output_->written()};
  }
  std::string why = outcome.message();
  if (outcome.trapped() && outcome.trap().kind == TrapKind::interrupted && !runner_.interrupted())
    why = "the time limit is over: " + why;
  if (errors_ != nullptr && !errors_->written().empty()) why += "\nstandard error: " + errors_->written();
  return failed(std::move(why));
}

TaskRunner::TaskRunner(const Engine& engine, std::shared_ptr<threads::KeyValueStore> store,
                       const TaskLimits& limits)
    : engine_(engine), store_(std::move(store)), limits_(limits) {}

StoreResult<Result<Module>> TaskRunner::find_module(const std::string& hash) {
  if (const auto it = modules_.find(hash); it != modules_.end()) return Result<Module>(it->second);
  HEDDLE_TRY_ASSIGN(auto bytes, load_module(*store_, hash));
  auto module = Module::load(engine_, std::move(bytes));
  if (modules_.size() >= kMostModules) modules_.clear();
  if (module) modules_.emplace(hash, *module);
  return module;
}

StoreResult<TaskResult> TaskRunner::run(const RemoteTask& task) {
  {
    engine::MutexLock lock(mutex_);
    interrupted_ = false;
  }
  const auto module = find_module(task.module);
  if (module.is(threads::StoreErrorKind::invalid) || module.is(threads::StoreErrorKind::corrupt))
    return failed(module.error().message);
  if (!module) return module.error();
  if (!*module) return failed(module->error().to_string());
  return Run(*this, task, **module)();
}

void TaskRunner::set_running(const InterruptHandle* handle) {
  engine::MutexLock lock(mutex_);
  running_ = handle != nullptr ? *handle : InterruptHandle();
}

void TaskRunner::interrupt() noexcept {
  engine::MutexLock lock(mutex_);
  interrupted_ = true;
  running_.interrupt();
}

bool TaskRunner::interrupted() {
  engine::MutexLock lock(mutex_);
  return interrupted_;
}

}  // namespace heddle::tools
