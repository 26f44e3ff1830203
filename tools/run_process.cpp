// SPDX-License-Identifier: Apache-2.0
// Running a program that spawns threads.
#include "tools/run_process.h"

#include <map>
#include <string>

namespace heddle::tools {

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
}

Outcome<uint32_t> run_process(const Engine& engine, const Module& module, const RunProcessOptions& options,
                              const DefineWith& define, RunStatistics& statistics) {
  RunStatistics::Clock::time_point clock = RunStatistics::Clock::now();
  threads::WorkersOptions workers_options{.threads = options.workers};
  if (options.seed) {
    workers_options.order = options.policy;
    workers_options.seed = *options.seed;
  }
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

}  // namespace heddle::tools
