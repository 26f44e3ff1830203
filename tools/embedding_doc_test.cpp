// SPDX-License-Identifier: Apache-2.0
// Every C++ snippet of docs/EMBEDDING.md is part of a program in examples/, so that none can be out of date.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace heddle::tools {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> snippets(const std::string& page) {
  std::vector<std::string> out;
  const std::string open = "```cpp\n";
  for (size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    out.push_back(page.substr(at, page.find("```", at) - at));
  }
  return out;
}

TEST(embedding_doc, snippets_are_parts_of_the_examples) {
  const std::filesystem::path root = HEDDLE_SOURCE_DIR;
  std::string examples;
  for (const auto& entry : std::filesystem::directory_iterator(root / "examples")) {
    if (entry.path().extension() == ".cpp") examples += read(entry.path()) + "\n";
  }
  const auto found = snippets(read(root / "docs" / "EMBEDDING.md") + read(root / "docs" / "WASI.md"));
  EXPECT_GE(found.size(), 8u);
  for (const std::string& snippet : found) {
    EXPECT_NE(examples.find(snippet), std::string::npos) << "in no example:\n" << snippet;
  }
}

}  // namespace
}  // namespace heddle::tools
