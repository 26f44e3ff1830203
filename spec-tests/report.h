// SPDX-License-Identifier: Apache-2.0
// The results of a run, and the four forms in which they are reported.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::spec {

/// One directive that did not do what the script says.
struct Failure {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string directive;  ///< its text, shortened to one line
  std::string message;
};

struct Counts {
  uint64_t pass = 0;   ///< assertions that held
  uint64_t fail = 0;   ///< unexpected failures, and expected ones that did not happen
  uint64_t skip = 0;   ///< failures the expectation file lists
  uint64_t crash = 0;  ///< children that died or hung

  Counts& operator+=(const Counts& other);
  [[nodiscard]] bool clean() const { return fail == 0 && crash == 0; }
};

enum class FileStatus : uint8_t { done, crash, timeout };

/// What one file did on one tier.
struct FileResult {
  std::string path;   ///< as the user gave it
  std::string group;  ///< the row of the table: "spec", "spec/proposals/threads", ...
  std::string tier;
  Counts counts;
  FileStatus status = FileStatus::done;
  uint64_t message_mismatches = 0;  ///< refused, as it must be, but with other words
  double seconds = 0;
  std::vector<Failure> failures;  ///< unexpected ones
  std::vector<Failure> expected;  ///< those the expectation file lists
};

struct Report {
  std::vector<FileResult> files;
  std::vector<std::string> tiers;
  std::vector<std::string> complaints;  ///< stale expectations and the like; each makes the run fail
  uint64_t repeat = 1;
  double seconds = 0;

  [[nodiscard]] Counts totals(std::string_view tier) const;
  [[nodiscard]] bool clean() const;
};

struct TableStyle {
  bool color = false;
  size_t max_failures = 50;  ///< shown in full; the rest is counted
};

[[nodiscard]] std::string report_table(const Report& report, const TableStyle& style);
[[nodiscard]] std::string report_json(const Report& report);
[[nodiscard]] std::string report_junit(const Report& report);
[[nodiscard]] std::string report_html(const Report& report);

/// One line per tier for scripts: "heddle-wast: tier=interp files=284 pass=... fail=0 skip=0 crash=0
/// seconds=1.2".
[[nodiscard]] std::string machine_lines(const Report& report);

/// The rows of the table and of the page: results by group and tier, sorted by name.
using GroupedCounts = std::map<std::string, std::map<std::string, Counts>>;
[[nodiscard]] GroupedCounts group_counts(const Report& report);

/// Text for XML and HTML; characters that neither may contain become U+FFFD.
[[nodiscard]] std::string escape_markup(std::string_view text);

}  // namespace heddle::spec
