// SPDX-License-Identifier: Apache-2.0
// TierOptions: who executes, as `heddle run` and others are told, and what the compiler did, as they report
// it.
#pragma once

#include <heddle/config.h>
#include <heddle/engine.h>
#include <heddle/module.h>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

#include "tools/run_statistics.h"

namespace heddle::tools {

/// What gets hot is compiled, where this build has a compiler.
[[nodiscard]] const char* default_tier() noexcept;

struct TierOptions {
  std::string tier = default_tier();
  std::string functions;  ///< "FIRST:END": the only ones that are compiled
  bool checks = false;
  bool perf_map = false;
  std::string jitdump;
  bool debugger = false;
};

void add_tier_options(CLI::App& command, TierOptions& options);
/// Chooses the tier, with the compiler that this build has.
void apply(const TierOptions& options, Config& config);
/// Nothing in builds or engines without a compiler.
void add_compile_statistics(const Engine& engine, RunStatistics& statistics);

/// Does the stage belong to the compiler?
[[nodiscard]] bool is_compiler_stage(const std::string& stage);
/// What such a stage makes of a function. REQUIRES: an engine of the tier "jit".
[[nodiscard]] Result<std::string> dump_stage(const Engine& engine, const Module& module, uint32_t function,
                                             const std::string& stage);

}  // namespace heddle::tools
