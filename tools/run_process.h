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

#include "tools/run_statistics.h"

namespace heddle::tools {

struct ProcessOptions {
  unsigned workers = 0;
  uint32_t max_threads = threads::ProcessLimits{}.threads;
  StoreLimits thread;                               ///< set by `heddle run`, as is the next
  std::optional<std::chrono::nanoseconds> timeout;  ///< of the whole run
};

/// REQUIRES: `options` outlives the parsing.
void add_process_options(CLI::App& command, ProcessOptions& options);

/// Defines the imports, with WASI that sleeps in the given way.
using DefineWith = std::function<Result<void>(Linker&, std::shared_ptr<wasi::Blocking>)>;

/// Runs `_start` with all threads it spawns: the exit code.
[[nodiscard]] Outcome<uint32_t> run_process(const Engine& engine, const Module& module,
                                            const ProcessOptions& options, const DefineWith& define,
                                            RunStatistics& statistics);

}  // namespace heddle::tools
