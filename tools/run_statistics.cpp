// SPDX-License-Identifier: Apache-2.0
// How statistics of a run are printed.
#include "tools/run_statistics.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

namespace heddle::tools {

namespace {

/// Addresses whose waits are reported: those that were waited for longest.
constexpr size_t kMostAddresses = 10;

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

nlohmann::ordered_json latency(const threads::Latency& latency) {
  return {{"count", latency.count},
          {"p50_ns", latency.p50.count()},
          {"p90_ns", latency.p90.count()},
          {"p99_ns", latency.p99.count()},
          {"max_ns", latency.max.count()}};
}

void add_recording(nlohmann::ordered_json& report, const threads::Recording& recording) {
  const threads::RecordedTotals totals = recording.totals();
  report["thread_switches"] = totals.switches;
  report["thread_steals"] = totals.steals;
  report["waits"] = totals.waits;
  report["notifies"] = totals.notifies;
  report["start_latency"] = latency(totals.start);
  report["wake_latency"] = latency(totals.wake);
  report["contention"] = nlohmann::ordered_json::array();
  for (const threads::Contention& place : recording.contention()) {
    if (report["contention"].size() == kMostAddresses) break;
    report["contention"].push_back({{"memory", place.memory},
                                    {"address", place.address},
                                    {"waits", place.waits},
                                    {"timed_out", place.timed_out},
                                    {"wait_seconds", seconds(place.waited)},
                                    {"longest_seconds", seconds(place.longest)},
                                    {"notifies", place.notifies},
                                    {"woken", place.woken}});
  }
}

/// An object of the report in one line.
void print_parts(const std::string& key, const nlohmann::ordered_json& object) {
  std::string line;
  for (const auto& [name, value] : object.items()) {
    line += (line.empty() ? "" : ", ") + name + " " + value.dump();
  }
  fmt::print(stderr, "{:<20} {}\n", key, line);
}

}  // namespace

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
  if (recording != nullptr) add_recording(report, *recording);
  if (as_json) {
    fmt::print(stderr, "{}\n", report.dump());
    return;
  }
  for (const auto& [key, value] : report.items()) {
    if (value.is_array()) {
      for (const auto& object : value) print_parts(key, object);
    } else if (value.is_object()) {
      print_parts(key, value);
    } else {
      fmt::print(stderr, "{:<20} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
}

}  // namespace heddle::tools
