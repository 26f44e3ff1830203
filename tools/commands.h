// SPDX-License-Identifier: Apache-2.0
// The commands of the heddle tool; each lives in a file of its own and adds itself to the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/interpreter/operation_profile.h"
#include "engine/support/sanitizers.h"

namespace heddle::tools {

/// Of the flag --custom-descriptors, which several commands have.
inline constexpr const char* kCustomDescriptorsHelp = "Accept that proposal, which may still change";

/// Exit codes besides a guest's own.
inline constexpr int kSuccess = 0;
inline constexpr int kUsageError = 2;  ///< the command line, an input file, or loading it
inline constexpr int kTrap = 134;      ///< what a shell reports for a program that aborted
/// A guest's greater ones become this: cut to a byte, as the system would, they could look like success.
inline constexpr uint32_t kMostExitCode = 255;

/// Engines, modules and threads that last as long as the process are not taken apart at its end: that takes
/// time. But for builds that look at what is left.
inline constexpr bool kTakesApart =
    engine::kAddressSanitizer || engine::kThreadSanitizer || engine::kProfilesOperations;

/// A command that CLI11 has parsed leaves its exit code in `exit_code`.
void add_validate_command(CLI::App& app, int& exit_code);
void add_wat2wasm_command(CLI::App& app, int& exit_code);
void add_wasm2wat_command(CLI::App& app, int& exit_code);
void add_dump_command(CLI::App& app, int& exit_code);
void add_run_command(CLI::App& app, int& exit_code);
void add_worker_command(CLI::App& app, int& exit_code);
void add_enqueue_command(CLI::App& app, int& exit_code);

// What options that take a number refuse.

/// CLI11 itself would take -1 for a large number.
[[nodiscard]] CLI::Validator count_check();
[[nodiscard]] CLI::Validator duration_check();
[[nodiscard]] CLI::Validator size_check();

/// What stands after `heddle run`, with the guest's arguments taken off the end: `run` is the command to ask
/// which options take a value. `--invoke NAME` may also stand right after the file.
struct RunArguments {
  std::vector<std::string> host;
  std::vector<std::string> guest;
};
[[nodiscard]] RunArguments split_run_arguments(const CLI::App& run,
                                               const std::vector<std::string>& arguments);

/// Hands the guest's arguments to the run command.
void set_guest_arguments(std::vector<std::string> arguments);

}  // namespace heddle::tools
