// SPDX-License-Identifier: Apache-2.0
// SpillSlots: gives slots of the frame to values, the same one to values that are not there at the same time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "jit/regalloc/layout.h"

namespace heddle::jit::regalloc {

class SpillSlots {
 public:
  void reset();

  /// The slot of something that is in it from `from` to `to`; REQUIRES ascending `from`. `preferred` is taken
  /// if it is free and of that width; UINT32_MAX: none. Slots of 16 bytes are two, the first even, and are
  /// never mixed with others.
  [[nodiscard]] uint32_t take(Position from, Position to, uint8_t width, uint32_t preferred);

  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(slots_.size()); }

 private:
  struct Slot {
    Position busy_until = 0;
    uint8_t width = 8;
  };
  struct End {
    Position at;
    uint32_t slot;
    friend bool operator<(const End& a, const End& b) {
      return std::pair(a.at, a.slot) > std::pair(b.at, b.slot);
    }
  };

  [[nodiscard]] uint32_t find_free(Position from, uint8_t width);
  [[nodiscard]] uint32_t add(uint8_t width);

  std::vector<Slot> slots_;
  std::vector<End> ends_;          ///< a heap
  std::vector<uint32_t> free_[2];  ///< of 8 and 16 bytes; some may have been taken since, as preferred ones
};

}  // namespace heddle::jit::regalloc
