// SPDX-License-Identifier: Apache-2.0
// fuzz_seeds TARGET FOLDER DICTIONARY: writes the first corpus and the dictionary of a fuzz target.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/lib/seeds.h"

namespace {

bool write(const std::filesystem::path& path, std::string_view contents) {
  std::ofstream file(path, std::ios::binary);
  file << contents;
  return file.good();
}

bool write(const std::filesystem::path& folder, const std::vector<heddle::fuzz::Seed>& seeds) {
  for (const auto& seed : seeds) {
    const std::string_view bytes(reinterpret_cast<const char*>(seed.bytes.data()), seed.bytes.size());
    if (!write(folder / seed.name, bytes)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace heddle::fuzz;
  if (argc != 4) {
    std::fputs("usage: fuzz_seeds decode|wat|exec|tiers FOLDER DICTIONARY\n", stderr);
    return 2;
  }
  const std::string_view target = argv[1];
  const std::filesystem::path folder = argv[2];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const bool is_text = target == "wat";
  bool done = write(folder, is_text ? text_seeds() : module_seeds());
  if (target == "exec" || target == "tiers") done = done && write(folder, generator_seeds(60));
  done = done && write(argv[3], is_text ? text_dictionary() : binary_dictionary());
  if (!done) std::fprintf(stderr, "fuzz_seeds: cannot write into %s\n", argv[2]);
  return done ? 0 : 1;
}
