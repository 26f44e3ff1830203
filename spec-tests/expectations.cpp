// SPDX-License-Identifier: Apache-2.0
// Reading the expectation file and judging results by it.
#include "spec-tests/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

namespace heddle::spec {

namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// "a/b.wast:12" -> path and line.
void split_line_number(std::string_view text, Expectation& entry) {
  const size_t colon = text.rfind(':');
  entry.path = std::string(text);
  if (colon == std::string_view::npos) return;
  uint32_t line = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, line);
  if (error != std::errc() || stop != end || line == 0) return;
  entry.path = std::string(text.substr(0, colon));
  entry.line = line;
}

/// The folder may stand for any leading part of the entry's path: suites, suites/spec, suites/spec/legacy.
bool is_missing_below(const std::string& folder, const std::string& entry) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (size_t slash = 0;;) {
    const std::string outside = entry.substr(0, slash);
    const fs::path inside = slash == 0 ? entry : entry.substr(slash + 1);
    const bool covered = slash == 0
                             ? inside.has_parent_path() && fs::is_directory(folder / *inside.begin(), ignored)
                             : ends_with_path(folder, outside);
    if (covered) return !fs::exists(folder / inside, ignored);
    slash = entry.find('/', slash + 1);
    if (slash == std::string::npos) return false;
  }
}

}  // namespace

bool ends_with_path(std::string_view path, std::string_view tail) {
  if (!path.ends_with(tail)) return false;
  return path.size() == tail.size() || tail.starts_with('/') || path[path.size() - tail.size() - 1] == '/';
}

Result<Expectations> Expectations::parse(std::string_view text, std::string file_name) {
  Expectations result;
  result.file_name_ = std::move(file_name);
  uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const size_t space = std::min(line.find_first_of(" \t"), line.size());
    Expectation entry;
    split_line_number(line.substr(0, space), entry);
    entry.reason = std::string(trimmed(line.substr(space)));
    entry.defined_at = number;
    if (entry.reason.empty()) {
      Error error;
      error.kind = ErrorKind::usage;
      error.message = fmt::format("{}:{}: an expected failure needs a reason", result.file_name_, number);
      return error;
    }
    result.entries_.push_back(std::move(entry));
  }
  return result;
}

std::vector<const Expectation*> Expectations::of(std::string_view path) const {
  std::vector<const Expectation*> found;
  for (const Expectation& entry : entries_) {
    if (ends_with_path(path, entry.path)) found.push_back(&entry);
  }
  return found;
}

std::string Expectations::place(const Expectation& entry) const {
  return fmt::format("{}:{} ({})", file_name_, entry.defined_at, entry.reason);
}

void Expectations::apply(std::vector<Failure> reported, FileResult& result, uint32_t only_line) const {
  const auto entries = of(result.path);
  std::set<const Expectation*> used;
  for (Failure& failure : reported) {
    const Expectation* because = nullptr;
    for (const Expectation* entry : entries) {
      if (entry->line != 0 && entry->line != failure.line) continue;
      if (because == nullptr || entry->line != 0) because = entry;
      used.insert(entry);
    }
    if (because != nullptr) {
      ++result.counts.skip;
      failure.message += fmt::format(" [expected: {}]", because->reason);
      result.expected.push_back(std::move(failure));
    } else {
      ++result.counts.fail;
      result.failures.push_back(std::move(failure));
    }
  }
  if (result.status != FileStatus::done) return;  // what did not run can't have passed
  for (const Expectation* entry : entries) {
    if (used.contains(entry) || (only_line != 0 && entry->line != only_line)) continue;
    ++result.counts.fail;
    result.failures.push_back(
        {entry->line, 0, "", fmt::format("unexpected pass: a failure is expected by {}", place(*entry))});
  }
}

std::vector<std::string> Expectations::stale(std::span<const std::string> folders) const {
  std::vector<std::string> complaints;
  for (const Expectation& entry : entries_) {
    const bool missing = std::ranges::any_of(
        folders, [&](const std::string& folder) { return is_missing_below(folder, entry.path); });
    if (!missing) continue;
    complaints.push_back(fmt::format("{}:{}: there is no {}", file_name_, entry.defined_at, entry.path));
  }
  return complaints;
}

}  // namespace heddle::spec
