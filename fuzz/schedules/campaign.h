// SPDX-License-Identifier: Apache-2.0
// Campaigns of the schedule fuzzer: many runs, numbered, so that a number says which.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/schedules/program.h"

namespace heddle::fuzz {

enum class RunKind : uint8_t { scenario, program, deadlock };

struct NumberedRun {
  RunKind kind;
  ScheduledRun run;
};

/// The run of that number. Of 16 in a row, 10 are scenarios, 5 random programs and one a deadlock; every
/// other one of each kind is ordered by PCT. With `workers` (not 0), none is ordered.
[[nodiscard]] NumberedRun numbered_run(uint64_t number, unsigned workers = 0);

struct Finding {
  uint64_t number = 0;
  ScheduledRun run;
  std::string what;
};

struct Campaign {
  uint64_t first = 0;
  uint64_t runs = UINT64_MAX;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  unsigned jobs = 1;          ///< runs at a time
  unsigned workers = 0;       ///< see numbered_run()
  size_t most_findings = 10;  ///< it ends after
};

struct CampaignCounts {
  uint64_t scenarios = 0, programs = 0, deadlocks = 0;
  [[nodiscard]] uint64_t all() const noexcept { return scenarios + programs + deadlocks; }
};

struct CampaignEnd {
  CampaignCounts counts;
  std::vector<Finding> findings;  ///< in the order of their numbers
};

/// Runs it. `progress` is called about once a second, on a thread of the campaign.
[[nodiscard]] CampaignEnd run_campaign(const ScheduledProgram& program, const Campaign& campaign,
                                       const std::function<void(const CampaignCounts&)>& progress = {});

}  // namespace heddle::fuzz
