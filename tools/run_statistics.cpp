// SPDX-License-Identifier: Apache-2.0
// How statistics of a run are printed.
#include "tools/run_statistics.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

namespace heddle::tools {

double RunStatistics::lap(Clock::time_point& start) {
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - start).count();
  start = now;
  return seconds;
}

void RunStatistics::print(bool as_json) const {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  nlohmann::ordered_json report = {
      {"tier", tier},
      {"memory_mode", memory_mode},
      {"module_bytes", module_bytes},
      {"functions", functions},
      {"load_seconds", load_seconds},
      {"instantiate_seconds", instantiate_seconds},
      {"run_seconds", run_seconds},
      {"peak_resident_bytes", static_cast<uint64_t>(usage.ru_maxrss) * 1024},
  };
  if (fuel_used) report["fuel_used"] = *fuel_used;
  if (process) {
    report["threads_spawned"] = process->spawned;
    report["threads_most_live"] = process->most_live;
    report["instances_made"] = process->new_instances;
  }
  for (const auto& [name, count] : compiled) report[name] = count;
  for (const auto& [name, seconds] : compile_seconds) report[name] = seconds;
  if (as_json) {
    fmt::print(stderr, "{}\n", report.dump());
    return;
  }
  for (const auto& [key, value] : report.items()) {
    fmt::print(stderr, "{:<20} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

}  // namespace heddle::tools
