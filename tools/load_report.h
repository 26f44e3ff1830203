// SPDX-License-Identifier: Apache-2.0
// LoadReport: what `heddle validate --stats` says about one module.
#pragma once

#include <heddle/heddle.h>

#include <cstdint>
#include <string>

namespace heddle::tools {

struct LoadReport {
  std::string file;
  uint64_t module_bytes = 0;
  double read_seconds = 0;
  LoadStatistics load;
  bool is_compiled = false;  ///< to machine code; else what is translated is the interpreter's
};

/// One line for each figure, or one JSON object in one line, on standard error.
void print_load_report(const LoadReport& report, bool as_json);

}  // namespace heddle::tools
