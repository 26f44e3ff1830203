// SPDX-License-Identifier: Apache-2.0
// Selection: which scripts a run is about, in which order, and to which row of the table each belongs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heddle/result.h"

namespace heddle::spec {

struct SelectedFile {
  std::string path;  ///< as given, or found below a given folder
  std::string group;
};

struct SelectionOptions {
  std::vector<std::string> paths;  ///< files and folders
  std::string filter;              ///< extended regular expression on the path; empty: all
  std::string exclude;
  std::optional<uint64_t> shuffle_seed;
};

/// Files in the order given, folders recursively in the order of their names. Errors: a path that does not
/// exist, a bad expression, nothing selected.
[[nodiscard]] Result<std::vector<SelectedFile>> select_files(const SelectionOptions& options);

/// The folder with the official suites: $HEDDLE_SUITES, else ../shared/suites or build/suites beside the
/// sources. Empty if there is none.
[[nodiscard]] std::string find_suites();

/// The folders of .wast scripts that `heddle wast` runs without arguments.
[[nodiscard]] std::vector<std::string> default_paths();

}  // namespace heddle::spec
