// SPDX-License-Identifier: Apache-2.0
// Golden files of tests: sources that carry, below a mark, what is expected of them. HEDDLE_BLESS=1 in the
// environment writes what is instead of comparing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::engine::test {

class GoldenFiles {
 public:
  /// What becomes of the source in the file of that name (without its extension).
  using Make = std::function<std::string(const std::string& source, const std::string& name)>;

  /// All .wat files of a folder below the project's; `mark` is a line, and what follows it is the test's.
  GoldenFiles(std::string_view folder, std::string mark)
      : folder_(std::filesystem::path(HEDDLE_SOURCE_DIR) / folder), mark_(std::move(mark)) {}

  void compare(size_t least_files, const Make& make) const {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() == ".wat") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    ASSERT_GE(paths.size(), least_files);
    for (const auto& path : paths) {
      const auto [source, wanted] = read(path);
      const std::string got = mark_ + make(source, path.stem().string());
      if (std::getenv("HEDDLE_BLESS") != nullptr) {
        std::ofstream(path) << source << got;
      } else {
        EXPECT_EQ(got, wanted) << path.filename() << " (HEDDLE_BLESS=1 accepts what is)";
      }
    }
  }

  /// The source of one file.
  [[nodiscard]] std::string source(const std::string& name) const {
    return read(folder_ / (name + ".wat")).first;
  }

 private:
  [[nodiscard]] std::pair<std::string, std::string> read(const std::filesystem::path& path) const {
    std::ifstream file(path);
    std::ostringstream stream;
    stream << file.rdbuf();
    const std::string text = stream.str();
    const size_t mark = text.find(mark_);
    return {text.substr(0, mark), mark == std::string::npos ? "" : text.substr(mark)};
  }

  const std::filesystem::path folder_;
  const std::string mark_;
};

/// Each line behind ";; ".
inline std::string commented(const std::string& text) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result += line.empty() ? ";;\n" : ";; " + line + "\n";
  return result;
}

}  // namespace heddle::engine::test
