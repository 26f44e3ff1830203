// SPDX-License-Identifier: Apache-2.0
// Semantics of single lanes that no scalar row has: saturation, averages, pseudo-minimum. (Spec 4.3.2, 4.3.3)
//
// Like integer_ops.h and float_ops.h, whose types serve lanes too: Lanewise<Op> applies Op to each lane.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>

#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::engine::ops {

template <class T>
struct TernaryTypes {
  using Left = T;
  using Right = T;
  using Third = T;
  using Result = T;
  static constexpr bool kTraps = false;
};

/// `wide` as a To: the nearest there is.
template <std::integral To>
constexpr To saturate(int64_t wide) {
  constexpr int64_t least = std::numeric_limits<To>::min();
  constexpr int64_t greatest = std::numeric_limits<To>::max();
  return static_cast<To>(std::clamp(wide, least, greatest));
}

/// 16-bit operands would be promoted to int, and their product may not fit that.
template <>
struct Mul<uint16_t> : BinaryTypes<uint16_t> {
  static constexpr uint16_t apply(uint16_t a, uint16_t b) { return static_cast<uint16_t>(uint32_t{a} * b); }
};

template <std::integral T>
struct AddSaturating : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return saturate<T>(int64_t{a} + b); }
};

template <std::integral T>
struct SubSaturating : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return saturate<T>(int64_t{a} - b); }
};

template <std::integral T>
struct IntegerMin : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return std::min(a, b); }
};

template <std::integral T>
struct IntegerMax : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return std::max(a, b); }
};

/// Rounds up.
template <std::unsigned_integral T>
struct Average : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>((a + b + 1) / 2); }
};

/// The product of two fixed-point numbers with 15 fraction bits, rounded.
struct Q15Mul : BinaryTypes<int16_t> {
  static constexpr int16_t apply(int16_t a, int16_t b) {
    return saturate<int16_t>((int64_t{a} * b + 0x4000) >> 15);
  }
};

template <std::integral T>
struct AndNot : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a & ~b; }
};

/// Of unsigned lanes: the least value has no absolute one, and stays.
template <std::unsigned_integral T>
struct IntegerAbs : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>((a >> (kBits<T> - 1)) != 0 ? 0 - a : a); }
};

template <std::unsigned_integral T>
struct IntegerNeg : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>(0 - a); }
};

/// The second operand only if it is less; so the first, if either is NaN.
template <std::floating_point T>
struct PseudoMin : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return b < a ? b : a; }
};

template <std::floating_point T>
struct PseudoMax : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a < b ? b : a; }
};

/// Rounded twice, as the deterministic profile has it.
template <std::floating_point T>
struct MulAdd : TernaryTypes<T> {
  static constexpr T apply(T a, T b, T c) {
    const T product = a * b;
    return product + c;
  }
};

template <std::floating_point T>
struct NegMulAdd : TernaryTypes<T> {
  static constexpr T apply(T a, T b, T c) { return MulAdd<T>::apply(Neg<T>::apply(a), b, c); }
};

// What x86 gives soonest for relaxed rows, each a result that the specification lists. (Spec 4.3.5)

/// What does not fit becomes the least value.
struct NativeTrunc : UnaryTypes<float, int32_t> {
  static int32_t apply(float a) {
    return truncation_fits<int32_t>(a) ? static_cast<int32_t>(a) : std::numeric_limits<int32_t>::min();
  }
};

/// The second operand where they are equal, or one is NaN.
template <std::floating_point T>
struct NativeMin : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a < b ? a : b; }
};

template <std::floating_point T>
struct NativeMax : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a > b ? a : b; }
};

/// -1 times -1 is -1.
struct NativeQ15Mul : BinaryTypes<int16_t> {
  static constexpr int16_t apply(int16_t a, int16_t b) {
    return static_cast<int16_t>((a * b + 0x4000) >> 15);
  }
};

}  // namespace heddle::engine::ops
