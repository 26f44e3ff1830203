// SPDX-License-Identifier: Apache-2.0
// `heddle run` for programs that spawn threads: options and the run itself.
#pragma once

#include <heddle/threads.h>
#include <heddle/wasi.h>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tools/run_statistics.h"

namespace heddle::tools {

struct RunProcessOptions {
  unsigned workers = 0;
  uint32_t max_threads = threads::ProcessOptions{}.threads;
  std::optional<uint64_t> seed;  ///< deterministic, and how
  threads::Order policy = threads::Order::random;
  std::string trace_file;  ///< empty: no trace
  bool records = false;    ///< set by `heddle run`, as are the next two
  StoreLimits thread;
  std::optional<std::chrono::nanoseconds> timeout;  ///< of the whole run
};

/// REQUIRES: `options` outlives the parsing.
void add_process_options(CLI::App& command, RunProcessOptions& options);

/// Defines the imports, with WASI that sleeps as those workers' guests do.
using DefineWith = std::function<Result<void>(Linker&, const threads::Workers&)>;

/// Runs `_start` with all threads it spawns: the exit code.
[[nodiscard]] Outcome<uint32_t> run_process(const Engine& engine, const Module& module,
                                            const RunProcessOptions& options, const DefineWith& define,
                                            RunStatistics& statistics);

}  // namespace heddle::tools
