// SPDX-License-Identifier: Apache-2.0
// The report for continuous integration: one test suite per folder and tier, one test case per file.
#include <fmt/format.h>

#include <map>

#include "spec-tests/report.h"

namespace heddle::spec {

namespace {

std::string test_case(const FileResult& file) {
  std::string out =
      fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\" assertions=\"{}\" time=\"{:.3f}\"",
                  escape_markup(file.group), escape_markup(file.tier), escape_markup(file.path),
                  file.counts.pass + file.counts.fail + file.counts.skip, file.seconds);
  if (file.failures.empty() && file.expected.empty()) return out + "/>\n";
  out += ">\n";
  if (!file.failures.empty()) {
    const bool died = file.status != FileStatus::done;
    const char* tag = died ? "error" : "failure";
    const auto& first = died ? file.failures.back() : file.failures.front();
    out += fmt::format("      <{} message=\"{}\">", tag,
                       escape_markup(first.message.substr(0, first.message.find('\n'))));
    for (const Failure& failure : file.failures) {
      out += escape_markup(fmt::format("{}:{}:{}: {}\n  {}\n", file.path, failure.line, failure.column,
                                       failure.directive, failure.message));
    }
    out += fmt::format("</{}>\n", tag);
  }
  if (!file.expected.empty()) {
    out += fmt::format("      <system-out>{} expected failures</system-out>\n", file.expected.size());
  }
  return out + "    </testcase>\n";
}

}  // namespace

std::string report_junit(const Report& report) {
  struct Suite {
    std::string cases;
    uint64_t tests = 0, failures = 0, errors = 0;
    double seconds = 0;
  };
  std::map<std::string, Suite> suites;
  for (const FileResult& file : report.files) {
    Suite& suite = suites[file.group + " [" + file.tier + "]"];
    suite.cases += test_case(file);
    ++suite.tests;
    if (file.counts.crash > 0) {
      ++suite.errors;
    } else if (file.counts.fail > 0) {
      ++suite.failures;
    }
    suite.seconds += file.seconds;
  }
  if (!report.complaints.empty()) {
    Suite& suite = suites["expectations"];
    for (const std::string& complaint : report.complaints) {
      suite.cases += fmt::format(
          "    <testcase classname=\"expectations\" name=\"{0}\"><failure message=\"{0}\"/></testcase>\n",
          escape_markup(complaint));
      ++suite.tests;
      ++suite.failures;
    }
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [name, suite] : suites) {
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}  "
        "</testsuite>\n",
        escape_markup(name), suite.tests, suite.failures, suite.errors, suite.seconds, suite.cases);
  }
  return out + "</testsuites>\n";
}

}  // namespace heddle::spec
