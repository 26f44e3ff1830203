// SPDX-License-Identifier: Apache-2.0
// One run of a program of guests/, in an order that a seed decides, and whether it ended as it must.
#pragma once

#include <heddle/engine.h>
#include <heddle/module.h>
#include <heddle/threads.h>

#include <cstdint>
#include <span>
#include <string>

namespace heddle::fuzz {

/// The scenarios of guests/scenarios.c.
[[nodiscard]] std::span<const char* const> scenarios() noexcept;

/// What runs, and in which order.
struct ScheduledRun {
  std::string program;  ///< a scenario, `random` or `deadlock`
  uint64_t program_seed = 0;
  threads::Order order = threads::Order::random;
  uint64_t seed = 0;     ///< of the order
  unsigned workers = 2;  ///< of the order `soonest`, which has no seed

  /// The shell command that runs the same. In an order, it is the same in every tier.
  [[nodiscard]] std::string command(const std::string& file, const std::string& tier = "interp") const;
};

/// How it ended: what `heddle run` would print and exit with.
struct ScheduledEnd {
  uint32_t exit_code = 0;
  std::string output;   ///< standard output
  std::string message;  ///< standard error and the trap

  bool operator==(const ScheduledEnd&) const = default;
};

/// The module of guests/, ready to run.
///
/// Threads: any.
class ScheduledProgram {
 public:
  /// For engines of this tier. Errors: those of reading and loading.
  [[nodiscard]] static Result<ScheduledProgram> load(const std::string& file,
                                                     const std::string& tier = "interp");

  [[nodiscard]] ScheduledEnd run(const ScheduledRun& run) const;
  /// What is wrong with the end; empty if nothing is.
  [[nodiscard]] static std::string judge(const ScheduledRun& run, const ScheduledEnd& end);

 private:
  /// As `heddle run` has it with and without --deterministic: what counts fuel is another code.
  struct Mode {
    Engine engine;
    Module module;
  };
  [[nodiscard]] static Result<Mode> load_for(bool is_deterministic, const std::string& file,
                                             const std::string& tier);
  ScheduledProgram(Mode soonest, Mode deterministic)
      : soonest_(std::move(soonest)), deterministic_(std::move(deterministic)) {}

  Mode soonest_;
  Mode deterministic_;
};

}  // namespace heddle::fuzz
