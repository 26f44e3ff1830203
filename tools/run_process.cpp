// SPDX-License-Identifier: Apache-2.0
// Running a program that spawns threads.
#include "tools/run_process.h"

namespace heddle::tools {

void add_process_options(CLI::App& command, ProcessOptions& options) {
  command
      .add_option("--workers", options.workers,
                  "Threads of the system on which a program's threads run (default: the processors)")
      ->check(CLI::Range(1, 128));
  command
      .add_option("--max-threads", options.max_threads,
                  "Most threads that a program may have at a time; to spawn more fails")
      ->check(CLI::Range(1u, 1u << 24))
      ->capture_default_str();
}

Outcome<uint32_t> run_process(const Engine& engine, const Module& module, const ProcessOptions& options,
                              const DefineWith& define, RunStatistics& statistics) {
  RunStatistics::Clock::time_point clock = RunStatistics::Clock::now();
  const threads::Workers workers({.threads = options.workers});
  threads::ProcessLimits limits;
  limits.threads = options.max_threads;
  limits.thread = options.thread;
  auto process = threads::Process::create(
      engine, workers, module, [&](Linker& linker) { return define(linker, nullptr); }, limits);
  if (!process) return std::move(process).error();
  statistics.instantiate_seconds = RunStatistics::lap(clock);
  auto outcome = process->run(options.timeout);
  statistics.run_seconds = RunStatistics::lap(clock);
  statistics.process = process->statistics();
  return outcome;
}

}  // namespace heddle::tools
