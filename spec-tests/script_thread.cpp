// SPDX-License-Identifier: Apache-2.0
// Starting and joining the threads of scripts.
#include "spec-tests/script_thread.h"

#include <fmt/format.h>

#include <atomic>

#include "engine/support/try.h"
#include "spec-tests/run_assertion.h"

namespace heddle::spec {

namespace {

std::atomic<int> live_threads{0};

}  // namespace

Result<void> ScriptThreads::start(const ScriptRun& run, const Context& parent, const Command& command,
                                  uint32_t index) {
  const auto same_name = threads_.find(*command.name);
  if (same_name != threads_.end() && same_name->second->thread.joinable()) {
    return usage_error(fmt::format("thread ${} is still running", *command.name));
  }
  auto running = std::make_unique<Running>();
  HEDDLE_TRY_ASSIGN(running->context, Context::create(run.engine, run.options.self_test));
  for (const std::string& module : command.shared) {
    HEDDLE_TRY_ASSIGN(SharedExports exports, parent.shared_exports(module));
    running->context->add_shared(module, std::move(exports));
  }
  if (live_threads.fetch_add(1) >= kMaxThreads) {
    live_threads.fetch_sub(1);
    return usage_error(fmt::format("more than {} threads at once", kMaxThreads));
  }
  running->thread = std::thread([&run, state = running.get(), begin = index + 1, end = command.body_end] {
    state->failures = run_commands(run, *state->context, begin, end);
  });
  threads_.insert_or_assign(*command.name, std::move(running));
  return {};
}

Result<void> ScriptThreads::wait(const std::string& name) {
  const auto found = threads_.find(name);
  if (found == threads_.end()) return usage_error(fmt::format("there is no thread ${}", name));
  Running& running = *found->second;
  if (!running.thread.joinable()) return usage_error(fmt::format("thread ${} has been waited for", name));
  join(running);
  if (running.failures == 0) return {};
  return usage_error(
      fmt::format("{} of thread ${} failed", running.failures == 1 ? "a directive" : "directives", name));
}

void ScriptThreads::join_all() {
  for (const auto& [name, running] : threads_) {
    if (running->thread.joinable()) join(*running);
  }
}

void ScriptThreads::join(Running& running) {
  running.thread.join();
  running.context.reset();
  live_threads.fetch_sub(1);
}

}  // namespace heddle::spec
