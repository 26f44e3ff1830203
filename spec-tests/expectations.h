// SPDX-License-Identifier: Apache-2.0
// Expectations: the failures that are known and explained, as data; an entry that no longer holds is itself a
// failure.
//
// A line of the file reads `path reason ...` (failures anywhere in the file are expected) or `path:line
// reason ...` (the directive that begins in that line). A path fits every file whose own path ends with it.
// '#' begins a comment.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heddle/result.h"
#include "spec-tests/report.h"

namespace heddle::spec {

struct Expectation {
  std::string path;
  uint32_t line = 0;  ///< 0: the whole file
  std::string reason;
  uint32_t defined_at = 0;  ///< line of the expectation file
};

class Expectations {
 public:
  Expectations() = default;
  [[nodiscard]] static Result<Expectations> parse(std::string_view text, std::string file_name);

  /// Splits the failures a file reported into expected and unexpected ones, and adds one failure per entry
  /// that did not come true. `only_line`: 0, or the one line that was run.
  void apply(std::vector<Failure> reported, FileResult& result, uint32_t only_line) const;

  /// Entries for files that should lie below one of these folders but do not.
  [[nodiscard]] std::vector<std::string> stale(std::span<const std::string> folders) const;

 private:
  [[nodiscard]] std::vector<const Expectation*> of(std::string_view path) const;
  [[nodiscard]] std::string place(const Expectation& entry) const;

  std::string file_name_;
  std::vector<Expectation> entries_;
};

/// Whether `path` ends with all components of `tail`.
[[nodiscard]] bool ends_with_path(std::string_view path, std::string_view tail);

}  // namespace heddle::spec
