// SPDX-License-Identifier: Apache-2.0
// Repros: for each failure a small script that shows it, with the command that runs it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heddle/result.h"
#include "spec-tests/report.h"
#include "spec-tests/script.h"

namespace heddle::spec {

/// The script reduced to the directive at `line` and what it depends on: modules that are named, registered
/// or current, and the actions on them. Empty if no directive is there.
[[nodiscard]] std::string reduce_script(const Script& script, uint32_t line);

/// Writes `folder`/<file>-<line>.wast for every unexpected failure; the names of the files written.
[[nodiscard]] Result<std::vector<std::string>> write_repros(const Report& report, const std::string& folder);

}  // namespace heddle::spec
