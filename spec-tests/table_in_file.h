// SPDX-License-Identifier: Apache-2.0
// The table of results by suite that stands in a document, the README for example, between two markers.
#pragma once

#include <string>
#include <string_view>

#include "heddle/result.h"
#include "spec-tests/report.h"

namespace heddle::spec {

/// Lines by themselves; what stands between them is the runner's.
inline constexpr std::string_view kTableBegin = "<!-- suites:begin (written by ./dev table) -->";
inline constexpr std::string_view kTableEnd = "<!-- suites:end -->";

/// In Markdown: a row for each suite, four columns for each tier.
[[nodiscard]] std::string markdown_table(const Report& report);

/// `document` with `table` between the markers. Error: usage, if they are not there exactly once, in order.
[[nodiscard]] Result<std::string> with_table(std::string_view document, std::string_view table);

/// Puts the report's table into the file.
[[nodiscard]] Result<void> update_table(const std::string& path, const Report& report);
/// Is the file's table the report's? If not, the complaint says which lines differ.
[[nodiscard]] Result<std::string> check_table(const std::string& path, const Report& report);

}  // namespace heddle::spec
