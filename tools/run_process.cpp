// SPDX-License-Identifier: Apache-2.0
// Running a program that spawns threads.
#include "tools/run_process.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <utility>

namespace heddle::tools {

namespace {

/// Of a trace: some 40 MB while the program runs, ten times that in the file.
constexpr size_t kTraceEvents = 1'000'000;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

Error resource(std::string message) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = std::move(message);
  return error;
}

/// Before the program runs, so that no long run is for nothing. Null: no trace is wanted.
Result<File> open_trace(const std::string& name) {
  if (name.empty()) return File();
  File file(std::fopen(name.c_str(), "wb"));
  if (file == nullptr) return resource("can't create \"" + name + "\": " + std::strerror(errno));
  return file;
}

threads::WorkersOptions workers_options(const RunProcessOptions& options) {
  threads::WorkersOptions workers{.threads = options.workers};
  if (options.seed) {
    workers.order = options.policy;
    workers.seed = *options.seed;
  }
  if (options.records || !options.trace_file.empty()) {
    workers.recording = std::make_shared<threads::Recording>(
        threads::RecordingOptions{.trace_events = options.trace_file.empty() ? 0 : kTraceEvents});
  }
  return workers;
}

/// All of its threads have ended when it is back.
Outcome<uint32_t> run_on(const threads::WorkersOptions& workers_options, const Engine& engine,
                         const Module& module, const RunProcessOptions& options, const DefineWith& define,
                         RunStatistics& statistics) {
  RunStatistics::Clock::time_point clock = RunStatistics::Clock::now();
  const threads::Workers workers(workers_options);
  threads::ProcessOptions limits;
  limits.threads = options.max_threads;
  limits.thread = options.thread;
  auto process = threads::Process::create(
      engine, workers, module, [&](Linker& linker) { return define(linker, workers); }, limits);
  if (!process) return std::move(process).error();
  statistics.instantiate_seconds = RunStatistics::lap(clock);
  auto outcome = process->run(options.timeout);
  statistics.run_seconds = RunStatistics::lap(clock);
  statistics.process = process->statistics();
  return outcome;
}

}  // namespace

void add_process_options(CLI::App& command, RunProcessOptions& options) {
  command
      .add_option("--workers", options.workers,
                  "Threads of the system on which a program's threads run (default: the processors)")
      ->check(CLI::Range(1, 128));
  command
      .add_option("--max-threads", options.max_threads,
                  "Most threads that a program may have at a time; to spawn more fails")
      ->check(CLI::Range(1u, 1u << 24))
      ->capture_default_str();
  command
      .add_option("--deterministic", options.seed,
                  "Run all threads in turn, in an order that follows from SEED, by a clock of their own")
      ->type_name("SEED");
  command.add_option("--policy", options.policy, "How --deterministic chooses: round-robin, random or pct")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, threads::Order>{{"round-robin", threads::Order::round_robin},
                                                {"random", threads::Order::random},
                                                {"pct", threads::Order::pct}}))
      ->default_str("random");
  command
      .add_option("--trace-threads", options.trace_file,
                  "Write what the threads did, for chrome://tracing or ui.perfetto.dev")
      ->type_name("FILE");
}

Outcome<uint32_t> run_process(const Engine& engine, const Module& module, const RunProcessOptions& options,
                              const DefineWith& define, RunStatistics& statistics) {
  auto trace = open_trace(options.trace_file);
  if (!trace) return std::move(trace).error();
  const threads::WorkersOptions workers = workers_options(options);
  auto outcome = run_on(workers, engine, module, options, define, statistics);
  statistics.recording = workers.recording;
  if (*trace != nullptr) {
    if (const auto written = workers.recording->write_trace(trace->get()); !written) return written.error();
  }
  return outcome;
}

}  // namespace heddle::tools
