// SPDX-License-Identifier: Apache-2.0
// Seeds and dictionaries: a first corpus for each target, made from the opcode table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::fuzz {

struct Seed {
  std::string name;  ///< a file name
  std::vector<uint8_t> bytes;
};

/// One tiny valid module for each row of the built features, and some generated ones.
[[nodiscard]] std::vector<Seed> module_seeds();
/// The same as text.
[[nodiscard]] std::vector<Seed> text_seeds();
/// Bytes for the generator, reproducible.
[[nodiscard]] std::vector<Seed> generator_seeds(uint32_t count);
[[nodiscard]] std::vector<uint8_t> random_bytes(uint32_t seed, size_t size);

/// In libFuzzer's format: every opcode's bytes, or every mnemonic and the keywords of the text format.
[[nodiscard]] std::string binary_dictionary();
[[nodiscard]] std::string text_dictionary();

}  // namespace heddle::fuzz
