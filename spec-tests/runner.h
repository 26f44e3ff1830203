// SPDX-License-Identifier: Apache-2.0
// The runner: executes the commands of one script on one tier and says what each came to.
#pragma once

#include <cstdint>
#include <string>

#include "heddle/result.h"
#include "spec-tests/recorder.h"
#include "spec-tests/script.h"

namespace heddle::spec {

struct RunOptions {
  std::string tier = "interp";
  bool strict_messages = false;  ///< a refusal with other words than the suite's is a failure
  bool self_test = false;        ///< scripts may import "selftest"
  uint32_t only_line = 0;        ///< judge only directives that span this line; the rest prepares the ground
  uint64_t repeat = 1;
  bool check_compiler = false;      ///< prove what it makes
  bool checked_memory = false;      ///< explicit bounds checks, where guard pages would do
  bool fuel = false;                ///< code that counts fuel, of which there is plenty
  bool eager = false;               ///< all functions translated before the first call
  bool gc_stress = false;           ///< garbage collected before every allocation
  bool custom_descriptors = false;  ///< that proposal is on for all scripts, not just for those of its folder
};

/// Whether this build has the tier.
[[nodiscard]] bool has_tier(const std::string& tier);

/// Runs the file's script `repeat` times, each with an engine of its own. Errors: the file cannot be read, no
/// such tier.
[[nodiscard]] Result<void> run_file(const std::string& path, const RunOptions& options, Progress& progress,
                                    FailureSink& sink);

/// Runs a parsed script once.
[[nodiscard]] Result<void> run_script(const Script& script, const RunOptions& options, Recorder& recorder);

}  // namespace heddle::spec
