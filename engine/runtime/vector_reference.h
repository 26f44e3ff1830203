// SPDX-License-Identifier: Apache-2.0
// Vector semantics as the specification tells them: lane by lane, from the scalar semantics.
// (Spec 4.3.2-4.3.5)
//
// Every semantics type of a SIMD row of opcodes.def is defined here, in ops::reference, for any processor.
// What runs is in vector_ops.h, under the same names in ops; vector_ops_test.cpp compares the two.
#pragma once

#include <concepts>
#include <cstdint>

#include "engine/runtime/lane_ops.h"
#include "engine/runtime/vector.h"

namespace heddle::engine::ops {

/// A relaxed row: the result of the deterministic profile, and the one its processor gives soonest.
template <class D, class N>
struct Relaxed {
  using Deterministic = D;
  using Native = N;
};

template <class T>
struct Splat {
  using Argument = T;
  [[gnu::always_inline]] static Vector apply(T value) {
    Lanes<T> result = {};
    for (unsigned i = 0; i < kLaneCount<T>; ++i) result[i] = value;
    return vector_of(result);
  }
};

/// Extract and replace: a handler reads or writes the one lane where it lies.
template <class T>
struct ExtractLane {
  using Lane = T;
};
template <class T>
struct ReplaceLane {
  using Lane = T;
};

/// The shuffle's lanes are an immediate, so it has no semantics type beyond its name: see shuffle().
struct Shuffle {};
struct VectorConstant {};

/// Memory accesses: what is loaded, by its C++ type, and what becomes of it.
struct VectorLoad {};
struct VectorStore {};
template <class T>
struct VectorLoadExtend {};
template <class T>
struct VectorLoadSplat {};
template <class T>
struct VectorLoadZero {};
template <class T>
struct VectorLoadLane {
  using Lane = T;
};
template <class T>
struct VectorStoreLane {
  using Lane = T;
};

namespace reference {

template <class Op>
struct Lanewise;

template <class Op>
  requires requires { typename Op::Argument; }
struct Lanewise<Op> {
  static Vector apply(Vector a) {
    const auto x = lanes<typename Op::Argument>(a);
    Lanes<typename Op::Result> result = {};
    for (unsigned i = 0; i < kLaneCount<typename Op::Result>; ++i) result[i] = Op::apply(x[i]);
    return vector_of(result);
  }
};

template <class Op>
  requires(
      requires { typename Op::Left; } && !requires { typename Op::Third; })
struct Lanewise<Op> {
  static Vector apply(Vector a, Vector b) {
    const auto x = lanes<typename Op::Left>(a);
    const auto y = lanes<typename Op::Right>(b);
    Lanes<typename Op::Result> result = {};
    for (unsigned i = 0; i < kLaneCount<typename Op::Result>; ++i) result[i] = Op::apply(x[i], y[i]);
    return vector_of(result);
  }
};

template <class Op>
  requires requires { typename Op::Third; }
struct Lanewise<Op> {
  static Vector apply(Vector a, Vector b, Vector c) {
    using T = typename Op::Left;
    const auto x = lanes<T>(a), y = lanes<T>(b), z = lanes<T>(c);
    Lanes<T> result = {};
    for (unsigned i = 0; i < kLaneCount<T>; ++i) result[i] = Op::apply(x[i], y[i], z[i]);
    return vector_of(result);
  }
};

template <class T>
using MaskOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

/// All bits of a lane set where the comparison holds.
template <class Op>
struct LanewiseCompare {
  static Vector apply(Vector a, Vector b) {
    using T = typename Op::Left;
    const auto x = lanes<T>(a), y = lanes<T>(b);
    Lanes<MaskOf<T>> result = {};
    for (unsigned i = 0; i < kLaneCount<T>; ++i) {
      result[i] = static_cast<MaskOf<T>>(Op::apply(x[i], y[i]) != 0 ? -1 : 0);
    }
    return vector_of(result);
  }
};

template <class Op>
struct LanewiseShift {
  static Vector apply(Vector a, uint32_t count) {
    using T = typename Op::Left;
    const auto x = lanes<T>(a);
    Lanes<T> result = {};
    for (unsigned i = 0; i < kLaneCount<T>; ++i) result[i] = Op::apply(x[i], static_cast<T>(count));
    return vector_of(result);
  }
};

struct VectorNot {
  static Vector apply(Vector a) { return ~a; }
};

struct Bitselect {
  static Vector apply(Vector a, Vector b, Vector mask) { return (a & mask) | (b & ~mask); }
};

struct AnyTrue {
  static uint32_t apply(Vector a) { return (a[0] | a[1]) != 0; }
};

template <class T>
struct AllTrue {
  static uint32_t apply(Vector a) {
    const auto x = lanes<T>(a);
    for (unsigned i = 0; i < kLaneCount<T>; ++i) {
      if (x[i] == 0) return 0;
    }
    return 1;
  }
};

/// The lanes' top bits.
template <class T>
struct Bitmask {
  static uint32_t apply(Vector a) {
    const auto x = lanes<T>(a);
    uint32_t result = 0;
    for (unsigned i = 0; i < kLaneCount<T>; ++i) {
      result |= static_cast<uint32_t>(x[i] >> (kBits<T> - 1) & 1) << i;
    }
    return result;
  }
};

struct Swizzle {
  static Vector apply(Vector a, Vector indices) {
    const auto x = lanes<uint8_t>(a), y = lanes<uint8_t>(indices);
    Lanes<uint8_t> result = {};
    for (unsigned i = 0; i < 16; ++i) result[i] = y[i] < 16 ? x[y[i] & 15] : 0;
    return vector_of(result);
  }
};

/// Lanes 0 to 15 are the first vector's.
inline Vector shuffle(Vector a, Vector b, Vector which) {
  const auto x = lanes<uint8_t>(a), y = lanes<uint8_t>(b), z = lanes<uint8_t>(which);
  Lanes<uint8_t> result = {};
  for (unsigned i = 0; i < 16; ++i) result[i] = z[i] < 16 ? x[z[i] & 15] : y[z[i] & 15];
  return vector_of(result);
}

/// Signed lanes of both, saturated to lanes of half the width.
template <class To, class From>
struct Narrow {
  static Vector apply(Vector a, Vector b) {
    const auto x = lanes<From>(a), y = lanes<From>(b);
    Lanes<To> result = {};
    constexpr unsigned half = kLaneCount<From>;
    for (unsigned i = 0; i < half; ++i) {
      result[i] = saturate<To>(x[i]);
      result[i + half] = saturate<To>(y[i]);
    }
    return vector_of(result);
  }
};

/// The lanes from `kFirst` on, widened.
template <class To, class From, unsigned kFirst>
struct Extend {
  static Vector apply(Vector a) {
    const auto x = lanes<From>(a);
    Lanes<To> result = {};
    for (unsigned i = 0; i < kLaneCount<To>; ++i) result[i] = x[i + kFirst];
    return vector_of(result);
  }
};
template <class To, class From>
struct ExtendLow : Extend<To, From, 0> {};
template <class To, class From>
struct ExtendHigh : Extend<To, From, kLaneCount<To>> {};

template <class To, class From>
struct ExtendAddPairwise {
  static Vector apply(Vector a) {
    const auto x = lanes<From>(a);
    Lanes<To> result = {};
    for (unsigned i = 0; i < kLaneCount<To>; ++i) {
      result[i] = static_cast<To>(static_cast<To>(x[2 * i]) + static_cast<To>(x[2 * i + 1]));
    }
    return vector_of(result);
  }
};

template <class To, class From, unsigned kFirst>
struct ExtendMul {
  static Vector apply(Vector a, Vector b) {
    const auto x = lanes<From>(a), y = lanes<From>(b);
    Lanes<To> result = {};
    for (unsigned i = 0; i < kLaneCount<To>; ++i) {  // a product of two lanes fits
      result[i] = static_cast<To>(static_cast<To>(x[i + kFirst]) * static_cast<To>(y[i + kFirst]));
    }
    return vector_of(result);
  }
};
template <class To, class From>
struct ExtendMulLow : ExtendMul<To, From, 0> {};
template <class To, class From>
struct ExtendMulHigh : ExtendMul<To, From, kLaneCount<To>> {};

/// Products of 16-bit lanes, added in pairs; wraps.
struct Dot {
  static Vector apply(Vector a, Vector b) {
    const auto x = lanes<int16_t>(a), y = lanes<int16_t>(b);
    Lanes<uint32_t> result = {};
    for (unsigned i = 0; i < 4; ++i) {
      result[i] =
          static_cast<uint32_t>(x[2 * i] * y[2 * i]) + static_cast<uint32_t>(x[2 * i + 1] * y[2 * i + 1]);
    }
    return vector_of(result);
  }
};

/// Products of 8-bit lanes, the right one's of type Right, added in pairs; saturates.
template <class Right>
struct DotSaturating {
  static Vector apply(Vector a, Vector b) {
    const auto x = lanes<int8_t>(a);
    const auto y = lanes<Right>(b);
    Lanes<int16_t> result = {};
    for (unsigned i = 0; i < 8; ++i) {
      result[i] = saturate<int16_t>(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]);
    }
    return vector_of(result);
  }
};

template <class Right>
struct DotAdd {
  static Vector apply(Vector a, Vector b, Vector c) {
    const auto dot = lanes<int16_t>(DotSaturating<Right>::apply(a, b));
    Lanes<uint32_t> result = lanes<uint32_t>(c);
    for (unsigned i = 0; i < 4; ++i) result[i] += static_cast<uint32_t>(dot[2 * i] + dot[2 * i + 1]);
    return vector_of(result);
  }
};

struct DemoteZero {
  static Vector apply(Vector a) {
    const auto x = lanes<double>(a);
    return vector_of(Lanes<float>{static_cast<float>(x[0]), static_cast<float>(x[1]), 0, 0});
  }
};

struct PromoteLow {
  static Vector apply(Vector a) {
    const auto x = lanes<float>(a);
    return vector_of(Lanes<double>{x[0], x[1]});
  }
};

template <class To>
struct TruncSatZero {
  static Vector apply(Vector a) {
    const auto x = lanes<double>(a);
    return vector_of(Lanes<To>{TruncSat<To, double>::apply(x[0]), TruncSat<To, double>::apply(x[1]), 0, 0});
  }
};

template <class From>
struct ConvertLow {
  static Vector apply(Vector a) {
    const auto x = lanes<From>(a);
    return vector_of(Lanes<double>{static_cast<double>(x[0]), static_cast<double>(x[1])});
  }
};

// What x86 gives soonest for the relaxed rows, each a result that the specification lists. (Spec 4.3.5)

/// Index modulo 16, unless its top bit is set.
struct NativeSwizzle {
  static Vector apply(Vector a, Vector indices) {
    return Swizzle::apply(a, vector_of(lanes<uint8_t>(indices) & uint8_t{0x8f}));
  }
};

/// What does not fit becomes the least value.
struct NativeTruncZero {
  static Vector apply(Vector a) {
    const auto trunc = [](double x) {
      return truncation_fits<int32_t>(x) ? static_cast<int32_t>(x) : INT32_MIN;
    };
    return vector_of(Lanes<int32_t>{trunc(lanes<double>(a)[0]), trunc(lanes<double>(a)[1]), 0, 0});
  }
};

/// The lanes whose mask has its top bit.
template <class T>
struct LaneSelect {
  static Vector apply(Vector a, Vector b, Vector mask) {
    const auto m = lanes<std::make_signed_t<T>>(mask) >> (kBits<T> - 1);
    return Bitselect::apply(a, b, vector_of(m));
  }
};

}  // namespace reference
}  // namespace heddle::engine::ops
