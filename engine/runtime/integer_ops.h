// SPDX-License-Identifier: Apache-2.0
// Integer semantics as types: what the integer rows of opcodes.def compute. (Spec 4.3.2, 4.4.1)
//
// The interpreter's handlers, constant folding and the fuzz oracles share these definitions.
// An operation has Left and Right (or Argument) and Result types, and either
//   static Result apply(operands...)                      with kTraps == false, or
//   static TrapKind apply(operands..., Result& result)    with kTraps == true (TrapKind::none: no trap).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "heddle/trap.h"

namespace heddle::engine::ops {

template <class T, class R = T>
struct BinaryTypes {
  using Left = T;
  using Right = T;
  using Result = R;
  static constexpr bool kTraps = false;
};

template <class A, class R>
struct UnaryTypes {
  using Argument = A;
  using Result = R;
  static constexpr bool kTraps = false;
};

template <class T>
struct TrappingBinaryTypes : BinaryTypes<T> {
  static constexpr bool kTraps = true;
};

template <class T>
inline constexpr unsigned kBits = sizeof(T) * 8;

/// The shift count, modulo the width.
template <class T>
constexpr unsigned shift_count(T count) {
  return static_cast<unsigned>(count) & (kBits<T> - 1);
}

// Arithmetic that wraps; also the float rows of the same name, where + - * are IEEE 754.

template <class T>
struct Add : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a + b); }
};

template <class T>
struct Sub : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a - b); }
};

template <class T>
struct Mul : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a * b); }
};

// Division traps.

template <std::signed_integral T>
struct DivS : TrappingBinaryTypes<T> {
  static constexpr TrapKind apply(T a, T b, T& result) {
    if (b == 0) [[unlikely]]
      return TrapKind::integer_divide_by_zero;
    if (b == -1) [[unlikely]] {
      if (a == std::numeric_limits<T>::min()) return TrapKind::integer_overflow;
      result = static_cast<T>(-a);
      return TrapKind::none;
    }
    result = static_cast<T>(a / b);
    return TrapKind::none;
  }
};

template <std::unsigned_integral T>
struct DivU : TrappingBinaryTypes<T> {
  static constexpr TrapKind apply(T a, T b, T& result) {
    if (b == 0) [[unlikely]]
      return TrapKind::integer_divide_by_zero;
    result = static_cast<T>(a / b);
    return TrapKind::none;
  }
};

template <std::signed_integral T>
struct RemS : TrappingBinaryTypes<T> {
  static constexpr TrapKind apply(T a, T b, T& result) {
    if (b == 0) [[unlikely]]
      return TrapKind::integer_divide_by_zero;
    result = b == -1 ? T{0} : static_cast<T>(a % b);  // min % -1 is 0, where hardware would fault
    return TrapKind::none;
  }
};

template <std::unsigned_integral T>
struct RemU : TrappingBinaryTypes<T> {
  static constexpr TrapKind apply(T a, T b, T& result) {
    if (b == 0) [[unlikely]]
      return TrapKind::integer_divide_by_zero;
    result = static_cast<T>(a % b);
    return TrapKind::none;
  }
};

// Bits.

template <std::integral T>
struct And : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a & b; }
};

template <std::integral T>
struct Or : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a | b; }
};

template <std::integral T>
struct Xor : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return a ^ b; }
};

template <std::unsigned_integral T>
struct Shl : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a << shift_count(b)); }
};

template <std::signed_integral T>
struct ShrS : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a >> shift_count(b)); }
};

template <std::unsigned_integral T>
struct ShrU : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return static_cast<T>(a >> shift_count(b)); }
};

template <std::unsigned_integral T>
struct Rotl : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return std::rotl(a, static_cast<int>(shift_count(b))); }
};

template <std::unsigned_integral T>
struct Rotr : BinaryTypes<T> {
  static constexpr T apply(T a, T b) { return std::rotr(a, static_cast<int>(shift_count(b))); }
};

template <std::unsigned_integral T>
struct Clz : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>(std::countl_zero(a)); }
};

template <std::unsigned_integral T>
struct Ctz : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>(std::countr_zero(a)); }
};

template <std::unsigned_integral T>
struct Popcnt : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>(std::popcount(a)); }
};

/// Sign-extends the low part of a value. `T` is the value's type, `Low` the part's.
template <std::signed_integral T, std::signed_integral Low>
struct ExtendS : UnaryTypes<T, T> {
  static constexpr T apply(T a) { return static_cast<T>(static_cast<Low>(a)); }
};

struct Wrap : UnaryTypes<uint64_t, uint32_t> {
  static constexpr uint32_t apply(uint64_t a) { return static_cast<uint32_t>(a); }
};

struct ExtendI32S : UnaryTypes<int32_t, int64_t> {
  static constexpr int64_t apply(int32_t a) { return a; }
};

struct ExtendI32U : UnaryTypes<uint32_t, uint64_t> {
  static constexpr uint64_t apply(uint32_t a) { return a; }
};

// Tests and comparisons; Eq and Ne serve floats too.

template <class T>
struct Eqz : UnaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a) { return a == 0; }
};

template <class T>
struct Eq : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a == b; }
};

template <class T>
struct Ne : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a != b; }
};

template <class T>
struct Lt : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a < b; }
};

template <class T>
struct Gt : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a > b; }
};

template <class T>
struct Le : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a <= b; }
};

template <class T>
struct Ge : BinaryTypes<T, uint32_t> {
  static constexpr uint32_t apply(T a, T b) { return a >= b; }
};

template <std::signed_integral T>
struct LtS : Lt<T> {};
template <std::unsigned_integral T>
struct LtU : Lt<T> {};
template <std::signed_integral T>
struct GtS : Gt<T> {};
template <std::unsigned_integral T>
struct GtU : Gt<T> {};
template <std::signed_integral T>
struct LeS : Le<T> {};
template <std::unsigned_integral T>
struct LeU : Le<T> {};
template <std::signed_integral T>
struct GeS : Ge<T> {};
template <std::unsigned_integral T>
struct GeU : Ge<T> {};

}  // namespace heddle::engine::ops
