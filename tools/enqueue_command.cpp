// SPDX-License-Identifier: Apache-2.0
// `heddle enqueue`: puts tasks into a queue, and waits for their results.
#include <fmt/core.h>
#include <heddle/heddle.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "threads/store/open_store.h"
#include "threads/store/work_queue.h"
#include "tools/commands.h"
#include "tools/input_file.h"
#include "tools/quantities.h"
#include "tools/remote_task.h"

namespace heddle::tools {

namespace {

using threads::StoreResult;
using threads::TaskId;
using threads::TaskResult;

struct EnqueueOptions {
  std::string store;
  std::string queue = "tasks";
  std::string file;
  std::string function = "_start";
  std::vector<std::string> arguments;
  bool stdin_is_argument = false;
  bool lines = false;
  bool detach = false;
  uint32_t attempts = 3;
  std::string timeout;
};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The arguments of the tasks, one for each.
Result<std::vector<std::string>> task_arguments(const EnqueueOptions& options) {
  if (!options.stdin_is_argument && !options.lines) return std::vector{join(options.arguments)};
  HEDDLE_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file("-"));
  const std::string text(bytes.begin(), bytes.end());
  if (!options.lines) return std::vector{text};
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Prints one result; false if the task has failed.
bool report(TaskId id, const TaskResult& result) {
  if (result.status != TaskResult::Status::done) {
    std::fflush(stdout);
    print_message(fmt::format("heddle: task {}: {}", id, engine::escape_for_terminal(result.bytes)));
    return false;
  }
  std::fwrite(result.bytes.data(), 1, result.bytes.size(), stdout);
  if (!result.bytes.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);  // the next one may take long
  return true;
}

/// Puts the tasks in and prints what comes out; the exit code.
StoreResult<int> enqueue(const EnqueueOptions& options, const std::vector<uint8_t>& module,
                         const std::vector<std::string>& arguments) {
  HEDDLE_TRY_ASSIGN(const auto store, threads::open_store(options.store));
  HEDDLE_TRY_ASSIGN(threads::WorkQueue queue, threads::WorkQueue::open(store, options.queue));
  RemoteTask task;
  HEDDLE_TRY_ASSIGN(task.module, store_module(*store, module));
  task.function = options.function;
  threads::Wait wait;
  if (const auto timeout = parse_duration(options.timeout); timeout)
    wait.deadline_ns = store->host().now_ns() + timeout->count();
  std::vector<TaskId> ids;
  for (const std::string& argument : arguments) {
    task.argument = argument;
    HEDDLE_TRY_ASSIGN(const TaskId id, queue.enqueue(task.to_bytes(), {options.attempts, !options.detach}));
    ids.push_back(id);
    if (options.detach) fmt::print("{}\n", id);
  }
  if (options.detach) return kSuccess;
  int exit_code = kSuccess;
  for (const TaskId id : ids) {
    const auto result = queue.wait_result(id, wait);
    if (result.is(threads::StoreErrorKind::timed_out)) {
      return threads::StoreError{result.error().kind,
                                 fmt::format("no result of task {} in time; it stays in the queue", id)};
    }
    if (!result) return result.error();
    if (!report(id, *result)) exit_code = kTrap;
    HEDDLE_TRY(queue.forget(id));
  }
  return exit_code;
}

int run_enqueue(const EnqueueOptions& options) {
  if ((options.stdin_is_argument || options.lines) && !options.arguments.empty()) {
    print_error("--stdin and --lines take the arguments from standard input, so there can't be others");
    return kUsageError;
  }
  const auto module = read_module_bytes(options.file);
  if (!module) {
    print_error(options.file, module.error());
    return kUsageError;
  }
  const auto arguments = task_arguments(options);
  if (!arguments) {
    print_error(arguments.error().message);
    return kUsageError;
  }
  const auto exit_code = enqueue(options, *module, *arguments);
  if (exit_code) return *exit_code;
  std::fflush(stdout);
  print_error(exit_code.error().message);
  return kUsageError;
}

}  // namespace

void add_enqueue_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("enqueue", "Put tasks into a shared queue and wait for their results");
  auto options = std::make_shared<EnqueueOptions>();
  command->add_option("--store", options->store, threads::kStoreUrls)->required();
  command->add_option("--queue", options->queue, "Name of the queue")->capture_default_str();
  command->add_option("--invoke", options->function, "The export to call")->capture_default_str();
  command->add_flag("--stdin", options->stdin_is_argument, "Standard input is the task's argument");
  command->add_flag("--lines", options->lines,
                    "Each line of standard input is the argument of a task of its own");
  command->add_flag("--detach", options->detach,
                    "Print the tasks' numbers and leave; nobody keeps the results");
  command->add_option("--attempts", options->attempts, "Workers that may die of a task before it is given up")
      ->check(CLI::Range(1u, 1000u))
      ->capture_default_str();
  command->add_option("--timeout", options->timeout, "Stop waiting after this time")->check(duration_check());
  command->add_option("FILE", options->file, "Module in binary or text form; - is standard input")
      ->required();
  command->add_option("ARGUMENTS", options->arguments,
                      "For the function; after --, if one begins with a dash");
  command->footer(
      "The module is stored once, under the hash of its bytes. Results are printed in the order of the "
      "tasks.\n"
      "Exit code: 0; 134 if a task has failed; 2 for errors of usage or of the store.\n\n"
      "Examples:\n"
      "  heddle enqueue --store redis://queue.example:6379/0 --invoke fib fib.wat 30\n"
      "  seq 1 30 | heddle enqueue --store lmdb:/tmp/tasks --invoke fib --lines fib.wat\n"
      "  heddle enqueue --store lmdb:/tmp/tasks --stdin upper.wasm < text     a WASI program");
  command->callback([options, &exit_code] { exit_code = run_enqueue(*options); });
}

}  // namespace heddle::tools
