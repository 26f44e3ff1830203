// SPDX-License-Identifier: Apache-2.0
// The report for programs; its form is documented in docs/TESTING.md and stays.
#include <nlohmann/json.hpp>

#include <cmath>

#include "spec-tests/report.h"

namespace heddle::spec {

std::string report_json(const Report& report) {
  using Json = nlohmann::ordered_json;
  Json files = Json::array();
  for (const FileResult& file : report.files) {
    Json failures = Json::array();
    for (const Failure& failure : file.failures) {
      failures.push_back(
          {{"line", failure.line}, {"directive", failure.directive}, {"message", failure.message}});
    }
    files.push_back({{"path", file.path},
                     {"tier", file.tier},
                     {"pass", file.counts.pass},
                     {"fail", file.counts.fail},
                     {"skip", file.counts.skip},
                     {"crash", file.counts.crash},
                     {"seconds", std::round(file.seconds * 1e6) / 1e6},
                     {"failures", std::move(failures)}});
  }
  Json totals = Json::object();
  for (const std::string& tier : report.tiers) {
    const Counts sum = report.totals(tier);
    // A complaint about the expectations belongs to no file; the exit status carries it.
    totals[tier] = {{"pass", sum.pass}, {"fail", sum.fail}, {"skip", sum.skip}, {"crash", sum.crash}};
  }
  const Json root = {{"files", std::move(files)}, {"totals", std::move(totals)}};
  return root.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace heddle::spec
