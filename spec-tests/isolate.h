// SPDX-License-Identifier: Apache-2.0
// Isolation: each file and tier in a child process, so that a crash, a hang or a sanitizer's report is one
// result.
//
// A child is this very program again with `wast --child`. It writes one JSON line per failure into a pipe and
// counts in memory shared with the parent (Progress), so that what happened before a crash is not lost.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spec-tests/recorder.h"
#include "spec-tests/runner.h"

namespace heddle::spec {

struct Job {
  size_t number = 0;  ///< the caller's
  std::string path;
  RunOptions options;
};

/// What came of a job, before expectations are applied.
struct JobResult {
  size_t number = 0;
  uint64_t passed = 0;
  uint64_t message_mismatches = 0;
  FileStatus status = FileStatus::done;
  double seconds = 0;
  std::vector<Failure> failures;  ///< of a crash or time-out the last one tells about it
};

struct IsolationOptions {
  unsigned jobs = 1;
  std::chrono::duration<double> timeout{60};  ///< per file, tier and repetition; zero: none
};

/// Runs all jobs in children, `jobs` at a time, and hands each result over as it arrives. Errors: usage or
/// resource, when processes can't be started at all.
[[nodiscard]] Result<void> run_isolated(const std::vector<Job>& jobs, const IsolationOptions& options,
                                        const std::function<void(JobResult)>& done);

/// Runs one job in this process: a crash ends everything, a hang lasts for ever.
[[nodiscard]] JobResult run_here(const Job& job);

/// The child's side: `arguments` are those behind --child. The process exit code.
int run_child(std::span<const std::string> arguments);

}  // namespace heddle::spec
