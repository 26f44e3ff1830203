// SPDX-License-Identifier: Apache-2.0
// Sections: a module's bytes taken apart, and put together again with new sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace heddle::fuzz {

inline constexpr size_t kHeaderBytes = 8;
inline constexpr uint8_t kGlobalSection = 6;
inline constexpr uint8_t kCodeSection = 10;

struct Section {
  uint8_t id = 0;
  std::vector<uint8_t> contents;
};

/// Nothing if these are no bytes of a module, as far as sections go.
[[nodiscard]] std::optional<std::vector<Section>> take_apart(std::span<const uint8_t> bytes);
/// `header`: the first bytes of a module.
[[nodiscard]] std::vector<uint8_t> put_together(std::span<const uint8_t> header,
                                                std::span<const Section> sections);

}  // namespace heddle::fuzz
