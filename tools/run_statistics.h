// SPDX-License-Identifier: Apache-2.0
// RunStatistics: what `heddle run --stats` reports.
#pragma once

#include <heddle/threads.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heddle::tools {

struct RunStatistics {
  using Clock = std::chrono::steady_clock;

  std::string tier;
  std::string memory_mode;
  uint64_t module_bytes = 0;
  uint64_t functions = 0;
  double load_seconds = 0;
  double instantiate_seconds = 0;
  double run_seconds = 0;
  std::optional<uint64_t> fuel_used;
  std::optional<threads::ProcessStatistics> process;
  // Of engines with a compiler, by the names they are reported under.
  std::vector<std::pair<std::string, uint64_t>> compiled;
  std::vector<std::pair<std::string, double>> compile_seconds;
  std::shared_ptr<const threads::Recording> recording;  ///< of the process's threads; null: none

  /// One line for each figure, or one JSON object, on standard error.
  void print(bool as_json) const;

  /// Seconds since `start`, which becomes now.
  static double lap(Clock::time_point& start);
};

}  // namespace heddle::tools
