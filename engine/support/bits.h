// SPDX-License-Identifier: Apache-2.0
// Small facts about bits and bytes: unaligned little-endian access, alignment, powers of two.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace heddle::engine {

// Wasm stores numbers little-endian, and so does every host we run on: these are plain moves.
static_assert(std::endian::native == std::endian::little, "Heddle needs a little-endian host");

/// The T stored at `address`, whatever its alignment.
template <class T>
[[nodiscard]] inline T load_little_endian(const void* address) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

/// Stores `value` at `address`, whatever its alignment.
template <class T>
inline void store_little_endian(void* address, std::type_identity_t<T> value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(address, &value, sizeof value);
}

[[nodiscard]] constexpr bool is_power_of_two(uint64_t value) noexcept { return std::has_single_bit(value); }

/// The least multiple of `alignment` that is not below `value`. REQUIRES: alignment is a power of two, and
/// the result fits (callers bound `value` first; it wraps otherwise).
[[nodiscard]] constexpr uint64_t align_up(uint64_t value, uint64_t alignment) noexcept {
  assert(is_power_of_two(alignment));
  return (value + alignment - 1) & ~(alignment - 1);
}

/// The greatest multiple of `alignment` that is not above `value`. REQUIRES: alignment is a power of two.
[[nodiscard]] constexpr uint64_t align_down(uint64_t value, uint64_t alignment) noexcept {
  assert(is_power_of_two(alignment));
  return value & ~(alignment - 1);
}

[[nodiscard]] constexpr bool is_aligned(uint64_t value, uint64_t alignment) noexcept {
  return align_down(value, alignment) == value;
}

}  // namespace heddle::engine
