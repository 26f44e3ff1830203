// SPDX-License-Identifier: Apache-2.0
// Float vector semantics with the instructions of x86-64-v2. Included by vector_ops.h only.
#pragma once

#include <immintrin.h>

#include "engine/runtime/vector_lanewise.h"

namespace heddle::engine::ops {

[[nodiscard, gnu::always_inline]] inline __m128 as_floats(Vector v) { return reinterpret_cast<__m128>(v); }
[[nodiscard, gnu::always_inline]] inline __m128d as_doubles(Vector v) { return reinterpret_cast<__m128d>(v); }

// The same instruction for floats and doubles: Name(a, b), by the lanes' type.
#define HEDDLE_BOTH_WIDTHS(name, instruction)                                \
  template <class T>                                                         \
  [[nodiscard, gnu::always_inline]] inline Vector name(Vector a, Vector b) { \
    if constexpr (sizeof(T) == 4) {                                          \
      return vector_of(instruction##_ps(as_floats(a), as_floats(b)));        \
    } else {                                                                 \
      return vector_of(instruction##_pd(as_doubles(a), as_doubles(b)));      \
    }                                                                        \
  }
HEDDLE_BOTH_WIDTHS(hardware_min, _mm_min)  // the second operand where they are equal, or one is NaN
HEDDLE_BOTH_WIDTHS(hardware_max, _mm_max)
HEDDLE_BOTH_WIDTHS(unordered, _mm_cmpunord)
#undef HEDDLE_BOTH_WIDTHS

/// `chosen` where the mask is set.
[[nodiscard, gnu::always_inline]] inline Vector blend(Vector otherwise, Vector chosen, Vector mask) {
  return vector_of(_mm_blendv_epi8(reinterpret_cast<__m128i>(otherwise), reinterpret_cast<__m128i>(chosen),
                                   reinterpret_cast<__m128i>(mask)));
}

/// Both orders of the operands: they differ in zeros only, whose signs meet, and where one is NaN.
template <class T>
struct Lanewise<Min<T>> {
  static Vector apply(Vector a, Vector b) {
    const Vector least = hardware_min<T>(a, b) | hardware_min<T>(b, a);
    return blend(least, vector_of(lanes<T>(a) + lanes<T>(b)), unordered<T>(a, b));
  }
};

template <class T>
struct Lanewise<Max<T>> {
  static Vector apply(Vector a, Vector b) {
    const Vector greatest = hardware_max<T>(a, b) & hardware_max<T>(b, a);
    return blend(greatest, vector_of(lanes<T>(a) + lanes<T>(b)), unordered<T>(a, b));
  }
};

template <class T>
struct Lanewise<PseudoMin<T>> {
  static Vector apply(Vector a, Vector b) { return hardware_min<T>(b, a); }
};

template <class T>
struct Lanewise<PseudoMax<T>> {
  static Vector apply(Vector a, Vector b) { return hardware_max<T>(b, a); }
};

template <class T>
struct Lanewise<NativeMin<T>> {
  static Vector apply(Vector a, Vector b) { return hardware_min<T>(a, b); }
};

template <class T>
struct Lanewise<NativeMax<T>> {
  static Vector apply(Vector a, Vector b) { return hardware_max<T>(a, b); }
};

template <class T>
struct Lanewise<Sqrt<T>> {
  static Vector apply(Vector a) {
    if constexpr (sizeof(T) == 4) return vector_of(_mm_sqrt_ps(as_floats(a)));
    return vector_of(_mm_sqrt_pd(as_doubles(a)));
  }
};

template <class T, int kMode>
struct LanewiseRound {
  static Vector apply(Vector a) {
    constexpr int mode = kMode | _MM_FROUND_NO_EXC;
    if constexpr (sizeof(T) == 4) return vector_of(_mm_round_ps(as_floats(a), mode));
    return vector_of(_mm_round_pd(as_doubles(a), mode));
  }
};
template <class T>
struct Lanewise<Ceil<T>> : LanewiseRound<T, _MM_FROUND_TO_POS_INF> {};
template <class T>
struct Lanewise<Floor<T>> : LanewiseRound<T, _MM_FROUND_TO_NEG_INF> {};
template <class T>
struct Lanewise<Trunc<T>> : LanewiseRound<T, _MM_FROUND_TO_ZERO> {};
template <class T>
struct Lanewise<Nearest<T>> : LanewiseRound<T, _MM_FROUND_TO_NEAREST_INT> {};

// Conversions. cvttps2dq gives the least integer for everything that does not fit.

template <class From>
struct Lanewise<Convert<float, From>> {
  static Vector apply(Vector a) { return vector_of(__builtin_convertvector(lanes<From>(a), Lanes<float>)); }
};

template <>
struct Lanewise<TruncSat<int32_t, float>> {
  static Vector apply(Vector a) {
    const auto x = lanes<float>(a);
    const Vector numbers = a & vector_of(x == x);  // NaN: 0
    const Vector too_great = vector_of(x >= 0x1p31F);
    return vector_of(_mm_cvttps_epi32(as_floats(numbers))) ^ too_great;  // least: all bits turn
  }
};

template <>
struct Lanewise<NativeTrunc> {
  static Vector apply(Vector a) { return vector_of(_mm_cvttps_epi32(as_floats(a))); }
};

/// What is from 2^31 on is converted without that, and it is added back.
template <>
struct Lanewise<TruncSat<uint32_t, float>> {
  static Vector apply(Vector a) {
    const __m128 positive = _mm_max_ps(as_floats(a), _mm_setzero_ps());  // NaN: 0
    const __m128 half = _mm_set1_ps(0x1p31F);
    const __m128 rest = _mm_sub_ps(positive, half);
    const Vector low = vector_of(_mm_cvttps_epi32(positive));
    const Vector high = vector_of(lanes<uint32_t>(vector_of(_mm_cvttps_epi32(rest))) ^ 0x80000000U);
    const Vector is_high = vector_of(_mm_cmpge_ps(positive, half));
    const Vector too_great = vector_of(_mm_cmpge_ps(rest, half));
    return blend(low, high, is_high) | too_great;
  }
};

template <class To>
struct TruncSatZero;

template <>
struct TruncSatZero<int32_t> {
  static Vector apply(Vector a) {
    const auto x = lanes<double>(a);
    const Vector numbers = a & vector_of(x == x);  // NaN: 0
    return vector_of(_mm_cvttpd_epi32(_mm_min_pd(as_doubles(numbers), _mm_set1_pd(0x7fffffffp0))));
  }
};

/// 2^52 more, the integer stands in the low bits.
template <>
struct TruncSatZero<uint32_t> {
  static Vector apply(Vector a) {
    const __m128d positive = _mm_max_pd(as_doubles(a), _mm_setzero_pd());  // NaN: 0
    const __m128d bounded = _mm_min_pd(positive, _mm_set1_pd(0xffffffffp0));
    const __m128d whole = _mm_round_pd(bounded, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    const __m128 bits = _mm_castpd_ps(_mm_add_pd(whole, _mm_set1_pd(0x1p52)));
    return vector_of(_mm_shuffle_ps(bits, _mm_setzero_ps(), 0x88));
  }
};

struct NativeTruncZero {
  static Vector apply(Vector a) { return vector_of(_mm_cvttpd_epi32(as_doubles(a))); }
};

template <class From>
struct ConvertLow {
  static Vector apply(Vector a) {
    const __m128i x = reinterpret_cast<__m128i>(a);
    if constexpr (std::is_signed_v<From>) return vector_of(_mm_cvtepi32_pd(x));
    const __m128i biased = _mm_unpacklo_epi32(x, _mm_set1_epi32(0x43300000));  // 2^52 + the integer
    return vector_of(_mm_sub_pd(_mm_castsi128_pd(biased), _mm_set1_pd(0x1p52)));
  }
};

struct DemoteZero {
  static Vector apply(Vector a) { return vector_of(_mm_cvtpd_ps(as_doubles(a))); }
};

struct PromoteLow {
  static Vector apply(Vector a) { return vector_of(_mm_cvtps_pd(as_floats(a))); }
};

}  // namespace heddle::engine::ops
