// SPDX-License-Identifier: Apache-2.0
// Entropy: turns an input's bytes into choices; once they are used up, every choice is the simplest one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace heddle::fuzz {

class Entropy {
 public:
  explicit Entropy(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return position_ == bytes_.size(); }
  uint8_t byte() { return empty() ? 0 : bytes_[position_++]; }
  /// Evenly in [0, bound). REQUIRES: 0 < bound <= 65536.
  uint32_t below(uint32_t bound) {
    if (bound == 1) return 0;
    const uint32_t low = byte();
    return (bound <= 256 ? low : low | static_cast<uint32_t>(byte()) << 8) % bound;
  }
  /// True about `percent` times of a hundred; false once the bytes are used up.
  bool chance(uint32_t percent) { return !empty() && byte() * 100u < percent * 256u; }
  uint64_t bits(unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) value |= static_cast<uint64_t>(byte()) << (8 * i);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

}  // namespace heddle::fuzz
