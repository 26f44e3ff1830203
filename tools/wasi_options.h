// SPDX-License-Identifier: Apache-2.0
// The options of `heddle run` that say what a WASI program gets to see.
#pragma once

#include <heddle/wasi.h>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace heddle::tools {

struct WasiOptions {
  std::vector<std::string> directories;            ///< HOST[::GUEST]
  std::vector<std::string> read_only_directories;  ///< HOST[::GUEST]
  std::vector<std::string> environment;            ///< NAME=VALUE, or NAME: the host's value
  std::string input;                               ///< a file; empty: the host's standard input
};

/// REQUIRES: `options` outlives the parsing.
void add_wasi_options(CLI::App& command, WasiOptions& options);

/// `program` is argv[0], as the user wrote it. Errors: usage.
[[nodiscard]] Result<wasi::Config> make_wasi_config(const WasiOptions& options, const std::string& program,
                                                    const std::vector<std::string>& arguments);

}  // namespace heddle::tools
