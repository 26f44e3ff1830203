// SPDX-License-Identifier: Apache-2.0
// The schedule fuzzer (`./dev fuzz schedules`): runs a campaign and prints what it found, as commands that
// replay it.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdio>
#include <thread>

#include "fuzz/schedules/campaign.h"

namespace heddle::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string file = HEDDLE_BINARY_DIR "/guests/schedules/schedules.wasm";
  std::string tier = "interp";
  Campaign campaign;
  uint64_t seconds = 0;
};

void print_counts(const CampaignCounts& counts, Clock::time_point start, char end) {
  const std::chrono::duration<double> passed = Clock::now() - start;
  std::fprintf(stderr, "%llu schedules of primitives, %llu random programs, %llu deadlocks, %.0f s%c",
               static_cast<unsigned long long>(counts.scenarios),
               static_cast<unsigned long long>(counts.programs),
               static_cast<unsigned long long>(counts.deadlocks), passed.count(), end);
}

int run(Options options) {
  const auto program = ScheduledProgram::load(options.file, options.tier);
  if (!program) {
    std::fprintf(stderr, "fuzz_schedules: %s\n", program.error().to_string().c_str());
    return 2;
  }
  const Clock::time_point start = Clock::now();
  if (options.seconds != 0) options.campaign.deadline = start + std::chrono::seconds(options.seconds);
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  uint64_t lines = 0;
  const CampaignEnd end = run_campaign(*program, options.campaign, [&](const CampaignCounts& counts) {
    // In a log, a line every ten seconds.
    if (is_terminal || lines++ % 10 == 0) print_counts(counts, start, is_terminal ? '\r' : '\n');
  });
  print_counts(end.counts, start, '\n');
  for (const Finding& finding : end.findings) {
    std::printf("run %llu: %s\n  %s\n", static_cast<unsigned long long>(finding.number),
                finding.run.command(options.file, options.tier).c_str(), finding.what.c_str());
  }
  std::printf("schedules: %llu runs, %zu findings\n", static_cast<unsigned long long>(end.counts.all()),
              end.findings.size());
  return end.findings.empty() ? 0 : 1;
}

int main(int count, char** arguments) {
  Options options;
  CLI::App app(
      "Runs programs with threads in many orders; each finding comes with the command that replays it.",
      "fuzz_schedules");
  options.campaign.jobs = std::max(1u, std::thread::hardware_concurrency());
  app.add_option("seconds", options.seconds, "End after so many seconds (0: only after --runs)");
  app.add_option("--runs", options.campaign.runs, "End after so many runs");
  app.add_option("--first", options.campaign.first, "The number of the first run")->capture_default_str();
  app.add_option("--jobs", options.campaign.jobs, "Runs at a time (default: the processors)");
  app.add_option("--workers", options.campaign.workers,
                 "Without an order: each run on so many workers, whoever is soonest (0: ordered)");
  app.add_option("--tier", options.tier, "Who executes: interp, jit or auto")->capture_default_str();
  app.add_option("--guest", options.file, "The program, for example one with a planted bug");
  CLI11_PARSE(app, count, arguments);
  if (options.seconds == 0 && app.count("--runs") == 0) options.seconds = 60;
  return run(options);
}

}  // namespace
}  // namespace heddle::fuzz

int main(int count, char** arguments) { return heddle::fuzz::main(count, arguments); }
