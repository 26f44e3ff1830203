// SPDX-License-Identifier: Apache-2.0
// Floating-point semantics as types: what the float and conversion rows of opcodes.def compute.
// (Spec 4.3.3, 4.3.4)
//
// Add, Sub, Mul and the comparisons are in integer_ops.h, for both kinds of numbers. NaN results are
// whatever IEEE 754 hardware gives: quiet, which the spec accepts. Abs, Neg and Copysign touch the sign bit
// only.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "engine/runtime/integer_ops.h"

namespace heddle::engine::ops {

template <std::floating_point T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <std::floating_point T>
inline constexpr BitsOf<T> kSignBit = BitsOf<T>{1} << (sizeof(T) * 8 - 1);

template <std::floating_point T>
constexpr BitsOf<T> bits(T value) {
  return std::bit_cast<BitsOf<T>>(value);
}

template <std::floating_point T>
struct Div : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a / b; }
};

template <std::floating_point T>
struct Min : BinaryTypes<T> {
  static constexpr T apply(T a, T b) {
    if (a < b) return a;
    if (b < a) return b;
    if (a == b) return std::bit_cast<T>(bits(a) | bits(b));  // -0 is less than +0
    return a + b;                                            // a NaN, made quiet
  }
};

template <std::floating_point T>
struct Max : BinaryTypes<T> {
  static constexpr T apply(T a, T b) {
    if (a > b) return a;
    if (b > a) return b;
    if (a == b) return std::bit_cast<T>(bits(a) & bits(b));
    return a + b;
  }
};

template <std::floating_point T>
struct Copysign : BinaryTypes<T> {
  static constexpr T apply(T a, T b) {
    return std::bit_cast<T>((bits(a) & ~kSignBit<T>) | (bits(b) & kSignBit<T>));
  }
};

template <std::floating_point T>
struct Abs : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return std::bit_cast<T>(bits(a) & ~kSignBit<T>); }
};

template <std::floating_point T>
struct Neg : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return std::bit_cast<T>(bits(a) ^ kSignBit<T>); }
};

template <std::floating_point T>
struct Ceil : UnaryTypes<T, T> {
  static T apply(T a) { return std::ceil(a); }
};

template <std::floating_point T>
struct Floor : UnaryTypes<T, T> {
  static T apply(T a) { return std::floor(a); }
};

template <std::floating_point T>
struct Trunc : UnaryTypes<T, T> {
  static T apply(T a) { return std::trunc(a); }
};

/// Round half to even; the rounding mode is never changed from the default.
template <std::floating_point T>
struct Nearest : UnaryTypes<T, T> {
  static T apply(T a) { return std::nearbyint(a); }
};

template <std::floating_point T>
struct Sqrt : UnaryTypes<T, T> {
  static T apply(T a) { return std::sqrt(a); }
};

struct Demote : UnaryTypes<double, float> {
  static float apply(double a) { return static_cast<float>(a); }
};

struct Promote : UnaryTypes<float, double> {
  static double apply(float a) { return static_cast<double>(a); }
};

template <std::floating_point To, std::integral From>
struct Convert : UnaryTypes<From, To> {
  static constexpr To apply(From a) { return static_cast<To>(a); }
};

template <class To, class From>
struct Reinterpret : UnaryTypes<From, To> {
  static constexpr To apply(From a) { return std::bit_cast<To>(a); }
};

/// Does truncating `a` give a value of `To`? False for NaN.
template <std::integral To, std::floating_point From>
constexpr bool truncation_fits(From a) {
  constexpr unsigned value_bits = kBits<To> - (std::is_signed_v<To> ? 1 : 0);
  constexpr From above = static_cast<From>(uint64_t{1} << (value_bits - 1)) * 2;  // the first value too great
  if constexpr (std::is_unsigned_v<To>) {
    return a > From{-1} && a < above;
  } else if constexpr (std::numeric_limits<From>::digits > static_cast<int>(value_bits) + 1) {
    return a > -above - 1 && a < above;
  } else {
    return a >= -above && a < above;  // -above - 1 has no representation, so nothing lies between
  }
}

template <std::integral To, std::floating_point From>
struct TruncTrap : UnaryTypes<From, To> {
  static constexpr bool kTraps = true;
  static TrapKind apply(From a, To& result) {
    if (!truncation_fits<To>(a)) [[unlikely]] {
      return a != a ? TrapKind::invalid_conversion : TrapKind::integer_overflow;
    }
    result = static_cast<To>(a);
    return TrapKind::none;
  }
};

template <std::integral To, std::floating_point From>
struct TruncSat : UnaryTypes<From, To> {
  static To apply(From a) {
    if (truncation_fits<To>(a)) [[likely]]
      return static_cast<To>(a);
    if (a != a) return 0;
    return a < 0 ? std::numeric_limits<To>::min() : std::numeric_limits<To>::max();
  }
};

}  // namespace heddle::engine::ops
