// SPDX-License-Identifier: Apache-2.0
// Slot: the 8 bytes in which locals, operands, arguments, globals and references live at run time.
//
// An i32 or f32 occupies the low half (i32 zero-extended whenever it is written); a v128 takes two slots,
// low half first; a reference is a pointer, null is 0.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace heddle::engine {

using Slot = uint64_t;

/// The value of C++ type T in a slot.
template <class T>
[[nodiscard]] inline T read_slot(const Slot* slot) {
  static_assert(sizeof(T) <= sizeof(Slot));
  T value;
  std::memcpy(&value, slot, sizeof(T));
  return value;
}

template <class T>
inline void write_slot(Slot* slot, T value) {
  if constexpr (sizeof(T) == 8) {
    *slot = std::bit_cast<Slot>(value);
  } else if constexpr (std::is_integral_v<T>) {
    *slot = static_cast<std::make_unsigned_t<T>>(value);  // whole slot: a later 8-byte copy must not stall
  } else {
    *slot = std::bit_cast<uint32_t>(value);
  }
}

}  // namespace heddle::engine
