// SPDX-License-Identifier: Apache-2.0
// Integer vector semantics with the instructions of x86-64-v2. Included by vector_ops.h only.
#pragma once

#include <immintrin.h>

#include "engine/runtime/vector_lanewise.h"

namespace heddle::engine::ops {

[[nodiscard, gnu::always_inline]] inline __m128i as_integers(Vector v) {
  return reinterpret_cast<__m128i>(v);
}

// Rows that are one instruction: Lanewise<Op>, of two operands or one.
#define HEDDLE_ONE_INSTRUCTION(Op, instruction)                      \
  template <>                                                        \
  struct Lanewise<Op> {                                              \
    static Vector apply(Vector a, Vector b) {                        \
      return vector_of(instruction(as_integers(a), as_integers(b))); \
    }                                                                \
  };
HEDDLE_ONE_INSTRUCTION(AddSaturating<int8_t>, _mm_adds_epi8)
HEDDLE_ONE_INSTRUCTION(AddSaturating<uint8_t>, _mm_adds_epu8)
HEDDLE_ONE_INSTRUCTION(AddSaturating<int16_t>, _mm_adds_epi16)
HEDDLE_ONE_INSTRUCTION(AddSaturating<uint16_t>, _mm_adds_epu16)
HEDDLE_ONE_INSTRUCTION(SubSaturating<int8_t>, _mm_subs_epi8)
HEDDLE_ONE_INSTRUCTION(SubSaturating<uint8_t>, _mm_subs_epu8)
HEDDLE_ONE_INSTRUCTION(SubSaturating<int16_t>, _mm_subs_epi16)
HEDDLE_ONE_INSTRUCTION(SubSaturating<uint16_t>, _mm_subs_epu16)
HEDDLE_ONE_INSTRUCTION(IntegerMin<int8_t>, _mm_min_epi8)
HEDDLE_ONE_INSTRUCTION(IntegerMin<uint8_t>, _mm_min_epu8)
HEDDLE_ONE_INSTRUCTION(IntegerMin<int16_t>, _mm_min_epi16)
HEDDLE_ONE_INSTRUCTION(IntegerMin<uint16_t>, _mm_min_epu16)
HEDDLE_ONE_INSTRUCTION(IntegerMin<int32_t>, _mm_min_epi32)
HEDDLE_ONE_INSTRUCTION(IntegerMin<uint32_t>, _mm_min_epu32)
HEDDLE_ONE_INSTRUCTION(IntegerMax<int8_t>, _mm_max_epi8)
HEDDLE_ONE_INSTRUCTION(IntegerMax<uint8_t>, _mm_max_epu8)
HEDDLE_ONE_INSTRUCTION(IntegerMax<int16_t>, _mm_max_epi16)
HEDDLE_ONE_INSTRUCTION(IntegerMax<uint16_t>, _mm_max_epu16)
HEDDLE_ONE_INSTRUCTION(IntegerMax<int32_t>, _mm_max_epi32)
HEDDLE_ONE_INSTRUCTION(IntegerMax<uint32_t>, _mm_max_epu32)
HEDDLE_ONE_INSTRUCTION(Average<uint8_t>, _mm_avg_epu8)
HEDDLE_ONE_INSTRUCTION(Average<uint16_t>, _mm_avg_epu16)
HEDDLE_ONE_INSTRUCTION(NativeQ15Mul, _mm_mulhrs_epi16)
#undef HEDDLE_ONE_INSTRUCTION

/// pmulhrsw gives the least value for the one product that does not fit.
template <>
struct Lanewise<Q15Mul> {
  static Vector apply(Vector a, Vector b) {
    const __m128i product = _mm_mulhrs_epi16(as_integers(a), as_integers(b));
    const __m128i overflowed = _mm_cmpeq_epi16(product, _mm_set1_epi16(INT16_MIN));
    return vector_of(_mm_xor_si128(product, overflowed));
  }
};

template <class T>
struct Lanewise<IntegerAbs<T>> {
  static Vector apply(Vector a) {
    if constexpr (sizeof(T) == 1) return vector_of(_mm_abs_epi8(as_integers(a)));
    if constexpr (sizeof(T) == 2) return vector_of(_mm_abs_epi16(as_integers(a)));
    if constexpr (sizeof(T) == 4) return vector_of(_mm_abs_epi32(as_integers(a)));
    const Vector sign = vector_of(lanes<int64_t>(a) < 0);
    return (a ^ sign) - sign;
  }
};

/// Of each byte: from a table of the bits of 4.
template <>
struct Lanewise<Popcnt<uint8_t>> {
  static Vector apply(Vector a) {
    const __m128i counts = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m128i low = _mm_set1_epi8(15);
    const __m128i x = as_integers(a);
    const __m128i below = _mm_shuffle_epi8(counts, _mm_and_si128(x, low));
    const __m128i above = _mm_shuffle_epi8(counts, _mm_and_si128(_mm_srli_epi16(x, 4), low));
    return vector_of(_mm_add_epi8(below, above));
  }
};

// Shifts: the count is taken modulo the lanes' width.

template <class Op>
struct LanewiseShift;

template <class T>
struct LanewiseShift<Shl<T>> {
  static Vector apply(Vector a, uint32_t count) {
    const int n = static_cast<int>(count & (kBits<T> - 1));
    const __m128i by = _mm_cvtsi32_si128(n);
    if constexpr (sizeof(T) == 1) {
      const __m128i kept = _mm_set1_epi8(static_cast<char>(0xff << n));
      return vector_of(_mm_and_si128(_mm_sll_epi16(as_integers(a), by), kept));
    }
    if constexpr (sizeof(T) == 2) return vector_of(_mm_sll_epi16(as_integers(a), by));
    if constexpr (sizeof(T) == 4) return vector_of(_mm_sll_epi32(as_integers(a), by));
    return vector_of(_mm_sll_epi64(as_integers(a), by));
  }
};

template <class T>
struct LanewiseShift<ShrU<T>> {
  static Vector apply(Vector a, uint32_t count) {
    const int n = static_cast<int>(count & (kBits<T> - 1));
    const __m128i by = _mm_cvtsi32_si128(n);
    if constexpr (sizeof(T) == 1) {
      const __m128i kept = _mm_set1_epi8(static_cast<char>(0xff >> n));
      return vector_of(_mm_and_si128(_mm_srl_epi16(as_integers(a), by), kept));
    }
    if constexpr (sizeof(T) == 2) return vector_of(_mm_srl_epi16(as_integers(a), by));
    if constexpr (sizeof(T) == 4) return vector_of(_mm_srl_epi32(as_integers(a), by));
    return vector_of(_mm_srl_epi64(as_integers(a), by));
  }
};

template <class T>
struct LanewiseShift<ShrS<T>> {
  static Vector apply(Vector a, uint32_t count) {
    using U = std::make_unsigned_t<T>;
    const int n = static_cast<int>(count & (kBits<T> - 1));
    const __m128i by = _mm_cvtsi32_si128(n);
    if constexpr (sizeof(T) == 2) return vector_of(_mm_sra_epi16(as_integers(a), by));
    if constexpr (sizeof(T) == 4) return vector_of(_mm_sra_epi32(as_integers(a), by));
    // There is none for these: shift zeros in, then extend from where the sign is now.
    const Vector shifted = LanewiseShift<ShrU<U>>::apply(a, count);
    const auto sign = lanes<U>(Splat<U>::apply(static_cast<U>((U{1} << (kBits<U> - 1)) >> n)));
    return vector_of((lanes<U>(shifted) ^ sign) - sign);
  }
};

// Masks to integers.

template <class T>
struct AllTrue {
  static uint32_t apply(Vector a) {
    const __m128i zeros = reinterpret_cast<__m128i>(lanes<T>(a) == 0);
    return static_cast<uint32_t>(_mm_testz_si128(zeros, zeros));
  }
};

template <class T>
struct Bitmask {
  static uint32_t apply(Vector a) {
    const __m128i x = as_integers(a);
    int bits;
    if constexpr (sizeof(T) == 1) {
      bits = _mm_movemask_epi8(x);
    } else if constexpr (sizeof(T) == 2) {
      bits = _mm_movemask_epi8(_mm_packs_epi16(x, _mm_setzero_si128()));
    } else if constexpr (sizeof(T) == 4) {
      bits = _mm_movemask_ps(reinterpret_cast<__m128>(x));
    } else {
      bits = _mm_movemask_pd(reinterpret_cast<__m128d>(x));
    }
    return static_cast<uint32_t>(bits);
  }
};

// Moves of bytes.

/// pshufb zeroes lanes whose index has its top bit: others beyond 15 get it by saturation.
struct Swizzle {
  static Vector apply(Vector a, Vector indices) {
    const __m128i raised = _mm_adds_epu8(as_integers(indices), _mm_set1_epi8(0x70));
    return vector_of(_mm_shuffle_epi8(as_integers(a), raised));
  }
};

struct NativeSwizzle {
  static Vector apply(Vector a, Vector indices) {
    return vector_of(_mm_shuffle_epi8(as_integers(a), as_integers(indices)));
  }
};

[[gnu::always_inline]] inline Vector shuffle(Vector a, Vector b, Vector which) {
  const __m128i in_a = _mm_add_epi8(as_integers(which), _mm_set1_epi8(0x70));  // from 16 on, the top bit
  const __m128i in_b = _mm_sub_epi8(as_integers(which), _mm_set1_epi8(16));    // below 16, the top bit
  return vector_of(
      _mm_or_si128(_mm_shuffle_epi8(as_integers(a), in_a), _mm_shuffle_epi8(as_integers(b), in_b)));
}

template <class T>
struct LaneSelect {
  static Vector apply(Vector a, Vector b, Vector mask) {
    Vector m = mask;
    if constexpr (sizeof(T) == 2) m = vector_of(_mm_srai_epi16(as_integers(mask), 15));
    if constexpr (sizeof(T) == 4) m = vector_of(_mm_srai_epi32(as_integers(mask), 31));
    if constexpr (sizeof(T) == 8) m = vector_of(lanes<int64_t>(mask) < 0);
    return vector_of(_mm_blendv_epi8(as_integers(b), as_integers(a), as_integers(m)));
  }
};

// Narrower and wider lanes.

template <class To, class From>
struct Narrow {
  static Vector apply(Vector a, Vector b) {
    const __m128i x = as_integers(a), y = as_integers(b);
    if constexpr (std::is_same_v<To, int8_t>) return vector_of(_mm_packs_epi16(x, y));
    if constexpr (std::is_same_v<To, uint8_t>) return vector_of(_mm_packus_epi16(x, y));
    if constexpr (std::is_same_v<To, int16_t>) return vector_of(_mm_packs_epi32(x, y));
    return vector_of(_mm_packus_epi32(x, y));
  }
};

template <class From>
[[gnu::always_inline]] inline __m128i widen_low(__m128i x) {
  if constexpr (std::is_same_v<From, int8_t>) return _mm_cvtepi8_epi16(x);
  if constexpr (std::is_same_v<From, uint8_t>) return _mm_cvtepu8_epi16(x);
  if constexpr (std::is_same_v<From, int16_t>) return _mm_cvtepi16_epi32(x);
  if constexpr (std::is_same_v<From, uint16_t>) return _mm_cvtepu16_epi32(x);
  if constexpr (std::is_same_v<From, int32_t>) return _mm_cvtepi32_epi64(x);
  return _mm_cvtepu32_epi64(x);
}

[[gnu::always_inline]] inline __m128i upper_half(Vector v) { return _mm_srli_si128(as_integers(v), 8); }

template <class To, class From>
struct ExtendLow {
  static Vector apply(Vector a) { return vector_of(widen_low<From>(as_integers(a))); }
};

template <class To, class From>
struct ExtendHigh {
  static Vector apply(Vector a) { return vector_of(widen_low<From>(upper_half(a))); }
};

template <class From>
[[gnu::always_inline]] inline Vector multiply_low(__m128i x, __m128i y) {
  const __m128i a = widen_low<From>(x), b = widen_low<From>(y);
  if constexpr (sizeof(From) == 1) return vector_of(_mm_mullo_epi16(a, b));
  if constexpr (sizeof(From) == 2) return vector_of(_mm_mullo_epi32(a, b));
  if constexpr (std::is_signed_v<From>) return vector_of(_mm_mul_epi32(a, b));
  return vector_of(_mm_mul_epu32(a, b));
}

template <class To, class From>
struct ExtendMulLow {
  static Vector apply(Vector a, Vector b) { return multiply_low<From>(as_integers(a), as_integers(b)); }
};

template <class To, class From>
struct ExtendMulHigh {
  static Vector apply(Vector a, Vector b) { return multiply_low<From>(upper_half(a), upper_half(b)); }
};

/// Products with 1 are added in pairs; pmaddubsw takes unsigned bytes on the left, signed ones on the right.
template <class To, class From>
struct ExtendAddPairwise {
  static Vector apply(Vector a) {
    const __m128i x = as_integers(a);
    const __m128i ones = _mm_set1_epi8(1);
    if constexpr (std::is_same_v<From, int8_t>) return vector_of(_mm_maddubs_epi16(ones, x));
    if constexpr (std::is_same_v<From, uint8_t>) return vector_of(_mm_maddubs_epi16(x, ones));
    if constexpr (std::is_same_v<From, int16_t>) return vector_of(_mm_madd_epi16(x, _mm_set1_epi16(1)));
    return vector_of(_mm_add_epi32(_mm_srli_epi32(x, 16), _mm_and_si128(x, _mm_set1_epi32(0xffff))));
  }
};

struct Dot {
  static Vector apply(Vector a, Vector b) {
    return vector_of(_mm_madd_epi16(as_integers(a), as_integers(b)));
  }
};

/// Signed: exact sums of 32 bits, narrowed. Unsigned on the right: one instruction.
template <class Right>
struct DotSaturating {
  static Vector apply(Vector a, Vector b) {
    if constexpr (std::is_signed_v<Right>) {
      const __m128i low =
          _mm_madd_epi16(widen_low<int8_t>(as_integers(a)), widen_low<int8_t>(as_integers(b)));
      const __m128i high = _mm_madd_epi16(widen_low<int8_t>(upper_half(a)), widen_low<int8_t>(upper_half(b)));
      return vector_of(_mm_packs_epi32(low, high));
    } else {
      return vector_of(_mm_maddubs_epi16(as_integers(b), as_integers(a)));
    }
  }
};

template <class Right>
struct DotAdd {
  static Vector apply(Vector a, Vector b, Vector c) {
    const __m128i pairs = _mm_madd_epi16(as_integers(DotSaturating<Right>::apply(a, b)), _mm_set1_epi16(1));
    return vector_of(_mm_add_epi32(pairs, as_integers(c)));
  }
};

}  // namespace heddle::engine::ops
