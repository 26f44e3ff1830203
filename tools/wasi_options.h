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
  std::string program_name;                        ///< argv[0]; empty: the module as the user named it
  std::string input;                               ///< a file; empty: the host's standard input
};

/// REQUIRES: `options` outlives the parsing.
void add_wasi_options(CLI::App& command, WasiOptions& options);

/// `file` is the module as the user named it.
[[nodiscard]] wasi::Config make_wasi_config(const WasiOptions& options, const std::string& file,
                                            const std::vector<std::string>& arguments);

}  // namespace heddle::tools
