// SPDX-License-Identifier: Apache-2.0
// Which C++ types stand for which WebAssembly types in typed functions, and how they travel in slots.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <heddle/outcome.h>
#include <heddle/types.h>
#include <heddle/value.h>

namespace heddle::detail {

/// How a host's pointer stands in a slot. One that is none (a guest's object made an externref) reads as
/// null.
[[nodiscard]] constexpr uint64_t encode_host(uint64_t pointer) { return pointer == 0 ? 0 : pointer << 2 | 2; }
[[nodiscard]] constexpr uint64_t decode_host(uint64_t slot) { return (slot & 3) == 2 ? slot >> 2 : 0; }

/// int32_t, uint32_t: i32; int64_t, uint64_t: i64; float: f32; double: f64; V128: v128; void*: externref.
/// Others do not compile here. A slot is 8 bytes; smaller values stand in its low half, zero-extended; a V128
/// takes two.
template <class T>
struct Native {
  static constexpr bool kSupported =
      (std::is_integral_v<T> && !std::is_same_v<T, bool> && (sizeof(T) == 4 || sizeof(T) == 8)) ||
      std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, V128> ||
      std::is_same_v<T, void*>;
  static_assert(kSupported,
                "typed functions take int32_t, uint32_t, int64_t, uint64_t, float, double, V128, void*");
  static constexpr size_t kSlots = sizeof(T) == 16 ? 2 : 1;

  static constexpr ValueType type() {
    if constexpr (std::is_same_v<T, float>)
      return ValueType::Kind::f32;
    else if constexpr (std::is_same_v<T, double>)
      return ValueType::Kind::f64;
    else if constexpr (std::is_same_v<T, V128>)
      return ValueType::Kind::v128;
    else if constexpr (std::is_same_v<T, void*>)
      return ValueType::externref();
    else
      return sizeof(T) == 8 ? ValueType::Kind::i64 : ValueType::Kind::i32;
  }

  static T read(const uint64_t* slot) {
    if constexpr (std::is_same_v<T, V128>)
      return std::bit_cast<V128>(std::array{slot[0], slot[1]});
    else if constexpr (std::is_same_v<T, void*>)
      return reinterpret_cast<void*>(decode_host(*slot));  // NOLINT: a payload
    else if constexpr (sizeof(T) == 8)
      return std::bit_cast<T>(*slot);
    else
      return std::bit_cast<T>(static_cast<uint32_t>(*slot));
  }

  static void write(uint64_t* slot, T value) {
    if constexpr (std::is_same_v<T, V128>) {
      const auto halves = std::bit_cast<std::array<uint64_t, 2>>(value);
      slot[0] = halves[0];
      slot[1] = halves[1];
    } else if constexpr (std::is_same_v<T, void*>) {
      *slot = encode_host(reinterpret_cast<uint64_t>(value));
    } else if constexpr (sizeof(T) == 8) {
      *slot = std::bit_cast<uint64_t>(value);
    } else {
      *slot = std::bit_cast<uint32_t>(value);
    }
  }
};

/// A list of values in consecutive slots.
template <class... T>
struct NativeList {
  static constexpr size_t kSlots = (size_t{0} + ... + Native<T>::kSlots);

  static std::vector<ValueType> types() { return {Native<T>::type()...}; }

  static std::tuple<T...> read([[maybe_unused]] const uint64_t* slots) {
    // Braces order the reads from left to right.
    return std::tuple<T...>{Native<T>::read(std::exchange(slots, slots + Native<T>::kSlots))...};
  }
  static void write([[maybe_unused]] uint64_t* slots, T... values) {
    (Native<T>::write(std::exchange(slots, slots + Native<T>::kSlots), values), ...);
  }
};

/// How results of a C++ function type are seen: void is none, a tuple several, Outcome<R> is R or a failure.
template <class R>
struct NativeResults : NativeList<R> {
  static R read(const uint64_t* slots) { return Native<R>::read(slots); }
};
template <>
struct NativeResults<void> : NativeList<> {
  static void read(const uint64_t*) {}
};
template <class... R>
struct NativeResults<std::tuple<R...>> : NativeList<R...> {
  static void write(uint64_t* slots, const std::tuple<R...>& values) {
    std::apply([&](R... each) { NativeList<R...>::write(slots, each...); }, values);
  }
};
template <class R>
struct NativeResults<Outcome<R>> : NativeResults<R> {};

/// The WebAssembly type of the C++ function type R(A...).
template <class R, class... A>
FunctionType native_type() {
  return {NativeList<A...>::types(), NativeResults<R>::types()};
}

}  // namespace heddle::detail
