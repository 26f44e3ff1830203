// SPDX-License-Identifier: Apache-2.0
// Replays every input that once found a bug, fuzz/regressions/*, through every oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/text/assembler.h"
#include "fuzz/lib/oracles.h"

namespace heddle::fuzz {
namespace {

std::vector<std::filesystem::path> regressions() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(HEDDLE_SOURCE_DIR "/fuzz/regressions"))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(fuzz_replay, regressions_stay_fixed) {
  const auto files = regressions();
  EXPECT_FALSE(files.empty());
  for (const auto& path : files) {
    const std::string input = contents(path);
    const std::span bytes(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    EXPECT_EQ(check_decode(bytes), "") << path;
    EXPECT_EQ(check_exec_any(bytes), "") << path;
    EXPECT_EQ(check_tiers_any(bytes), "") << path;
    EXPECT_EQ(check_wat(input), "") << path;
    // Text is also run, if it is a module.
    if (auto module = engine::assemble(input)) {
      EXPECT_EQ(check_exec(*module), "") << path;
      EXPECT_EQ(check_tiers(*module), "") << path;
    }
  }
}

}  // namespace
}  // namespace heddle::fuzz
