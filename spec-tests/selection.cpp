// SPDX-License-Identifier: Apache-2.0
// Finding, filtering, grouping and shuffling of script files.
#include "spec-tests/selection.h"
#include "spec-tests/usage_error.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>

namespace heddle::spec {

namespace fs = std::filesystem;

namespace {

/// POSIX, because std::regex reports a bad expression by an exception.
class Expression {
 public:
  static Result<std::unique_ptr<Expression>> compile(const std::string& text) {
    auto expression = std::unique_ptr<Expression>(new Expression);
    const int status = regcomp(&expression->regex_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    expression->compiled_ = status == 0;
    if (status == 0) return expression;
    char reason[200];
    regerror(status, &expression->regex_, reason, sizeof reason);
    return usage(fmt::format("bad regular expression '{}': {}", text, reason));
  }
  ~Expression() {
    if (compiled_) regfree(&regex_);
  }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  [[nodiscard]] bool matches(const std::string& text) const {
    return regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  Expression() = default;
  regex_t regex_{};
  bool compiled_ = false;
};

Result<std::vector<std::string>> scripts_below(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    if (entry->path().extension() == ".wast" && !entry->is_directory(error))
      found.push_back(entry->path().string());
  }
  if (error) return usage(fmt::format("cannot read {}: {}", folder, error.message()));
  std::ranges::sort(found);
  return found;
}

/// Below a known suite folder: the path from there. Else: from the folder the user named.
std::string group_of(const std::string& path, const std::string& named, const std::string& suites) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(path, error).parent_path();
  if (!suites.empty()) {
    const fs::path relative = folder.lexically_relative(fs::weakly_canonical(suites, error));
    if (!relative.empty() && *relative.begin() != ".." && relative != ".") return relative.generic_string();
  }
  if (named.empty()) return folder.filename().string();
  const fs::path relative = folder.lexically_relative(fs::weakly_canonical(named, error).parent_path());
  return relative.empty() ? folder.filename().string() : relative.generic_string();
}

std::string existing_folder(fs::path path) {
  std::error_code error;
  path = path.lexically_normal();
  return fs::is_directory(path, error) ? path.string() : std::string();
}

}  // namespace

std::string find_suites() {
  if (const char* given = std::getenv("HEDDLE_SUITES"); given != nullptr && *given != '\0') {
    return existing_folder(given);
  }
  const fs::path source(HEDDLE_SOURCE_DIR);
  std::string found = existing_folder(source / "../shared/suites");
  if (found.empty()) found = existing_folder(source / "build/suites");
  return found;
}

std::vector<std::string> default_paths() {
  std::vector<std::string> paths;
  const std::string suites = find_suites();
  if (suites.empty()) return paths;
  for (const char* name : {"spec", "threads"}) {
    const std::string folder = existing_folder(fs::path(suites) / name);
    if (!folder.empty()) paths.push_back(folder);
  }
  return paths;
}

Result<std::vector<SelectedFile>> select_files(const SelectionOptions& options) {
  std::unique_ptr<Expression> expressions[2];
  for (int i = 0; i < 2; ++i) {
    const std::string& text = i == 0 ? options.filter : options.exclude;
    if (text.empty()) continue;
    auto compiled = Expression::compile(text);
    if (!compiled.ok()) return compiled.error();
    expressions[i] = std::move(compiled).value();
  }
  const std::string suites = find_suites();
  std::vector<SelectedFile> selected;
  std::set<std::string> seen;
  for (const std::string& path : options.paths) {
    std::error_code error;
    std::vector<std::string> found = {path};
    const bool is_folder = fs::is_directory(path, error);
    if (is_folder) {
      auto below = scripts_below(path);
      if (!below.ok()) return below.error();
      found = std::move(below).value();
    } else if (!fs::exists(path, error)) {
      return usage(fmt::format("there is no {}", path));
    }
    for (std::string& file : found) {
      if (expressions[0] && !expressions[0]->matches(file)) continue;
      if (expressions[1] && expressions[1]->matches(file)) continue;
      if (!seen.insert(file).second) continue;
      std::string group = group_of(file, is_folder ? path : "", suites);
      selected.push_back({std::move(file), std::move(group)});
    }
  }
  if (selected.empty()) return usage("no scripts selected");
  if (options.shuffle_seed) {
    std::mt19937_64 random(*options.shuffle_seed);
    for (size_t i = selected.size() - 1; i > 0; --i) std::swap(selected[i], selected[random() % (i + 1)]);
  }
  return selected;
}

}  // namespace heddle::spec
