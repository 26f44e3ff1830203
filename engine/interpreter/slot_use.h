// SPDX-License-Identifier: Apache-2.0
// Slots as bodies see them: how an operand is read from the frame and a result written to it, and what each
// body declares about it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/interpreter/code.h"

namespace heddle::engine {

/// The slots of an instruction that runs by itself: always those of the frame.
struct FrameSlots {
  template <class T, unsigned kField>
  [[nodiscard, gnu::always_inline]] T read(const Word* ip, const Slot* fp) const {
    return read_slot<T>(fp + field<kField>(ip));
  }

  /// Into field 0's slot.
  template <class T>
  [[gnu::always_inline]] void write(T value, const Word* ip, Slot* fp) const {
    if constexpr (std::is_same_v<T, float>) {
      std::memcpy(fp + field<0>(ip), &value, sizeof value);
    } else {
      write_slot(fp + field<0>(ip), value);
    }
  }
};

/// What a slot is read or written as. `copied` is all of a slot, whatever it holds.
enum class SlotType : uint8_t { none, integer, f32, f64, copied };

template <class T>
inline constexpr SlotType kSlotType = std::is_same_v<T, float>    ? SlotType::f32
                                      : std::is_same_v<T, double> ? SlotType::f64
                                                                  : SlotType::integer;

/// Does a read as `read` see exactly the value that was written as `written`?
[[nodiscard]] constexpr bool passes_on(SlotType written, SlotType read) {
  const auto is_whole = [](SlotType type) { return type == SlotType::integer || type == SlotType::f64; };
  return written == read || (written == SlotType::copied && is_whole(read)) ||
         (read == SlotType::copied && is_whole(written));
}

/// Which of its fields a body reads as slots; and what it writes to field 0's, if anything. A body writes no
/// other slot, unless nothing can follow it in a superinstruction or nothing can stand before it.
struct SlotUse {
  std::array<SlotType, 4> read{};
  SlotType written = SlotType::none;

  [[nodiscard]] constexpr SlotUse reads(unsigned index, SlotType type, bool does = true) const {
    SlotUse use = *this;
    if (does) use.read[index] = type;
    return use;
  }
  [[nodiscard]] constexpr SlotUse writes(SlotType type, bool does = true) const {
    SlotUse use = *this;
    if (does) use.written = type;
    return use;
  }
};

/// For each field: how many instructions before, in the same superinstruction, the one stands whose result is
/// in that slot; 0 if none does, or the field is no slot. Four bits each, the lowest for field 0.
using Feeds = uint16_t;
inline constexpr unsigned kMostDistance = 15;

[[nodiscard]] constexpr unsigned distance_in(Feeds feeds, unsigned index) { return feeds >> 4 * index & 15; }
[[nodiscard]] constexpr Feeds with_distance(Feeds feeds, unsigned index, unsigned distance) {
  return static_cast<Feeds>(feeds | distance << 4 * index);
}

}  // namespace heddle::engine
