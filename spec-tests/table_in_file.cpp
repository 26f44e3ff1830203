// SPDX-License-Identifier: Apache-2.0
// Writing and checking the table of results that stands in a document.
#include "spec-tests/table_in_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "engine/support/try.h"
#include "spec-tests/usage_error.h"

namespace heddle::spec {

namespace {

std::string row(std::string_view name, const Report& report, const std::map<std::string, Counts>& tiers) {
  std::string out = fmt::format("| {} |", name);
  for (const std::string& tier : report.tiers) {
    const auto found = tiers.find(tier);
    const Counts counts = found == tiers.end() ? Counts{} : found->second;
    out += fmt::format(" {} | {} | {} | {} |", counts.pass, counts.fail, counts.skip, counts.crash);
  }
  return out + '\n';
}

Result<std::string> read_document(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return usage(fmt::format("cannot read {}", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Where the text between the markers begins and ends.
struct Extent {
  size_t begin;
  size_t end;
};

Result<Extent> find_markers(std::string_view document) {
  for (const std::string_view marker : {kTableBegin, kTableEnd}) {
    const size_t first = document.find(marker);
    if (first != std::string_view::npos && document.find(marker, first + 1) == std::string_view::npos)
      continue;
    return usage(fmt::format("the line `{}` must stand there exactly once", marker));
  }
  const Extent extent = {document.find(kTableBegin) + kTableBegin.size(), document.find(kTableEnd)};
  if (extent.begin > extent.end)
    return usage(fmt::format("`{}` must stand before `{}`", kTableBegin, kTableEnd));
  return extent;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The first line in which the two differ, as "says `...` where this run gave `...`".
std::string first_difference(std::string_view old_text, std::string_view new_text) {
  std::vector<std::string_view> old_lines = lines_of(old_text);
  std::vector<std::string_view> new_lines = lines_of(new_text);
  const size_t count = std::max(old_lines.size(), new_lines.size());
  old_lines.resize(count, "nothing");
  new_lines.resize(count, "nothing");
  for (size_t i = 0; i < count; ++i) {
    if (old_lines[i] != new_lines[i])
      return fmt::format("says `{}` where this run gave `{}`", old_lines[i], new_lines[i]);
  }
  return "ends otherwise";
}

}  // namespace

std::string markdown_table(const Report& report) {
  std::string head = "| suite |";
  std::string rule = "| --- |";
  const bool name_tiers = report.tiers.size() > 1;
  for (const std::string& tier : report.tiers) {
    for (const char* column : {"pass", "fail", "skip", "crash"}) {
      head += name_tiers ? fmt::format(" {}: {} |", tier, column) : fmt::format(" {} |", column);
      rule += " --: |";
    }
  }
  std::string out = head + '\n' + rule + '\n';
  std::map<std::string, Counts> totals;
  for (const auto& [group, tiers] : group_counts(report)) out += row(group, report, tiers);
  for (const std::string& tier : report.tiers) totals[tier] = report.totals(tier);
  return out + row("total", report, totals);
}

Result<std::string> with_table(std::string_view document, std::string_view table) {
  HEDDLE_TRY_ASSIGN(const Extent extent, find_markers(document));
  return fmt::format("{}\n\n{}\n{}", document.substr(0, extent.begin), table, document.substr(extent.end));
}

Result<void> update_table(const std::string& path, const Report& report) {
  HEDDLE_TRY_ASSIGN(const std::string document, read_document(path));
  auto updated = with_table(document, markdown_table(report));
  if (!updated.ok()) return usage(fmt::format("{}: {}", path, updated.error().message));
  if (*updated == document) return {};
  std::ofstream file(path, std::ios::binary);
  file << *updated;
  file.close();
  if (!file) return usage(fmt::format("cannot write {}", path));
  return {};
}

Result<std::string> check_table(const std::string& path, const Report& report) {
  HEDDLE_TRY_ASSIGN(const std::string document, read_document(path));
  auto updated = with_table(document, markdown_table(report));
  if (!updated.ok()) return usage(fmt::format("{}: {}", path, updated.error().message));
  if (*updated == document) return std::string();
  return fmt::format("{} {}: ./dev table writes it anew", path, first_difference(document, *updated));
}

}  // namespace heddle::spec
