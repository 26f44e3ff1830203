// SPDX-License-Identifier: Apache-2.0
// Vectors: rows that take several instructions.
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

constexpr uint64_t repeated(uint32_t lane) { return uint64_t{lane} << 32 | lane; }
constexpr uint64_t repeated16(uint16_t lane) { return repeated(uint32_t{lane} << 16 | lane); }
constexpr uint64_t repeated8(uint8_t lane) { return repeated16(static_cast<uint16_t>(lane << 8 | lane)); }

constexpr int64_t kLessEqual = 2, kUnordered = 3;  // predicates of cmpps

}  // namespace

VirtualRegister Selector::of(Mnemonic mnemonic, VirtualRegister left, VirtualRegister right) {
  const VirtualRegister result = vector(16);
  vectors(mnemonic, result, left, right);
  return result;
}

VirtualRegister Selector::of_literal(Mnemonic mnemonic, VirtualRegister left, uint64_t half) {
  const VirtualRegister result = vector(16);
  vector_with(mnemonic, result, left, half, half);
  return result;
}

VirtualRegister Selector::of_count(Mnemonic mnemonic, VirtualRegister value, int64_t immediate) {
  const VirtualRegister result = vector(16);
  add(mnemonic, Form::ri, 16, {write_tied(result, 1), read(value)}).immediate = immediate;
  return result;
}

VirtualRegister Selector::of_one(Mnemonic mnemonic, VirtualRegister value) {
  const VirtualRegister result = vector(16);
  add(mnemonic, Form::rr, 16, {write(result), read(value)});
  return result;
}

VirtualRegister Selector::compared(Mnemonic mnemonic, VirtualRegister left, VirtualRegister right,
                                   int64_t predicate) {
  const VirtualRegister result = vector(16);
  add(mnemonic, Form::rri, 16, {write_tied(result, 1), read(left), read(right)}).immediate = predicate;
  return result;
}

/// left >= right is max(left, right) == left, and so on.
VirtualRegister Selector::compare_unsigned(VirtualRegister a, VirtualRegister b, Mnemonic extreme,
                                           Mnemonic equal, bool inverted) {
  const VirtualRegister is = of(equal, of(extreme, a, b), a);
  return inverted ? of_literal(Mnemonic::pxor, is, ~uint64_t{0}) : is;
}

/// There are no shifts of bytes: those of words, with the bits masked that came from the neighbour.
VirtualRegister Selector::shift_bytes(Value value, Mnemonic mnemonic) {
  const VirtualRegister from = use(argument(value, 0)), by = count_of(value, 8);
  if (mnemonic != Mnemonic::psraw) {
    const VirtualRegister lane = of(mnemonic, vector_literal(repeated16(0xff), repeated16(0xff)), by);
    return of(Mnemonic::pand, of(mnemonic, from, by), of(Mnemonic::pshufb, lane, vector_literal(0, 0)));
  }
  const auto half = [&](Mnemonic unpack) {
    return of(mnemonic, of_count(mnemonic, of(unpack, from, from), 8), by);
  };
  const VirtualRegister low = half(Mnemonic::punpcklbw), high = half(Mnemonic::punpckhbw);
  return of(Mnemonic::packsswb, low, high);
}

/// The shift's count modulo `bits`, in a vector register.
VirtualRegister Selector::count_of(Value value, unsigned bits) {
  const VirtualRegister count = use(argument(value, 1)), masked = general(), by = vector(16);
  two_address_immediate(Mnemonic::and_, 4, masked, count, bits - 1);
  add(Mnemonic::movd, Form::rr, 4, {write(by), read(masked)});
  return by;
}

/// Without a sign, and then the sign from where it has been moved to.
VirtualRegister Selector::shift_signed_64(Value value) {
  const VirtualRegister from = use(argument(value, 0)), by = count_of(value, 64);
  const uint64_t top = uint64_t{1} << 63;
  const VirtualRegister sign = of(Mnemonic::psrlq, vector_literal(top, top), by);
  return of(Mnemonic::psubq, of(Mnemonic::pxor, of(Mnemonic::psrlq, from, by), sign), sign);
}

VirtualRegister Selector::multiply_64(VirtualRegister a, VirtualRegister b) {
  const VirtualRegister first = of(Mnemonic::pmuludq, of_count(Mnemonic::psrlq, a, 32), b);
  const VirtualRegister second = of(Mnemonic::pmuludq, of_count(Mnemonic::psrlq, b, 32), a);
  const VirtualRegister crossed = of_count(Mnemonic::psllq, of(Mnemonic::paddq, first, second), 32);
  return of(Mnemonic::paddq, of(Mnemonic::pmuludq, a, b), crossed);
}

/// All bits of a lane of 64 bits are its highest.
VirtualRegister Selector::signs_64(VirtualRegister value) {
  const VirtualRegister result = vector(16);
  shuffle(Mnemonic::pshufd, result, of_count(Mnemonic::psrad, value, 31), 0xf5);
  return result;
}

VirtualRegister Selector::count_bits(VirtualRegister value) {
  const auto count = [&](VirtualRegister nibbles) {
    return of(Mnemonic::pshufb, vector_literal(0x0302020102010100, 0x0403030203020201), nibbles);
  };
  const VirtualRegister low = of_literal(Mnemonic::pand, value, repeated8(0x0f));
  const VirtualRegister high =
      of_literal(Mnemonic::pand, of_count(Mnemonic::psrlw, value, 4), repeated8(0x0f));
  const VirtualRegister of_low = count(low);
  return of(Mnemonic::paddb, of_low, count(high));
}

/// The processor's extremes give their second operand for NaN and equal operands: so both orders are taken
/// and joined, and a NaN gets its quiet bit. (As V8 has it)
VirtualRegister Selector::float_extreme(VirtualRegister a, VirtualRegister b, bool narrow, bool minimum) {
  const Mnemonic extreme =
      minimum ? (narrow ? Mnemonic::minps : Mnemonic::minpd) : (narrow ? Mnemonic::maxps : Mnemonic::maxpd);
  const Mnemonic compare = narrow ? Mnemonic::cmpps : Mnemonic::cmppd;
  const VirtualRegister one = of(extreme, a, b), other = of(extreme, b, a);
  VirtualRegister joined, nans;
  if (minimum) {
    const VirtualRegister both = of(Mnemonic::orps, one, other);
    nans = compared(compare, one, other, kUnordered);
    joined = of(Mnemonic::orps, both, nans);
  } else {
    const VirtualRegister difference = of(Mnemonic::xorps, one, other);
    const VirtualRegister both = of(Mnemonic::orps, one, difference);
    joined = of(narrow ? Mnemonic::subps : Mnemonic::subpd, both, difference);
    nans = compared(compare, joined, joined, kUnordered);
  }
  const VirtualRegister payload =
      narrow ? of_count(Mnemonic::psrld, nans, 10) : of_count(Mnemonic::psrlq, nans, 13);
  return of(Mnemonic::andnps, payload, joined);
}

/// What is too great gets the bits of the least value, which inverted are the greatest.
VirtualRegister Selector::truncate_lanes_signed(VirtualRegister value) {
  const VirtualRegister ordered = compared(Mnemonic::cmpps, value, value, 0);
  const VirtualRegister numbers = of(Mnemonic::andps, value, ordered);
  const VirtualRegister bound = vector_literal(repeated(0x4f000000), repeated(0x4f000000));
  const VirtualRegister too_great = compared(Mnemonic::cmpps, bound, numbers, kLessEqual);
  return of(Mnemonic::pxor, of_one(Mnemonic::cvttps2dq, numbers), too_great);
}

/// The part up to 2^31 and what is beyond are truncated each as signed, and added.
VirtualRegister Selector::truncate_lanes_unsigned(VirtualRegister value) {
  const VirtualRegister zero = vector_literal(0, 0),
                        bound = vector_literal(repeated(0x4f000000), repeated(0x4f000000));
  const VirtualRegister positive = of(Mnemonic::maxps, value, zero);
  const VirtualRegister beyond = of(Mnemonic::subps, positive, bound);
  const VirtualRegister too_great = compared(Mnemonic::cmpps, bound, beyond, kLessEqual);
  const VirtualRegister high = of(Mnemonic::pxor, of_one(Mnemonic::cvttps2dq, beyond), too_great);
  const VirtualRegister at_least_zero = of(Mnemonic::pmaxsd, high, zero);
  return of(Mnemonic::paddd, of_one(Mnemonic::cvttps2dq, positive), at_least_zero);
}

VirtualRegister Selector::truncate_doubles(VirtualRegister value, bool is_signed) {
  if (is_signed) {
    const VirtualRegister ordered = compared(Mnemonic::cmppd, value, value, 0);
    const VirtualRegister bound =
        of_literal(Mnemonic::andps, ordered, 0x41dfffffffc00000);  // 2^31 - 1, or 0 for NaN
    return of_one(Mnemonic::cvttpd2dq, of(Mnemonic::minpd, value, bound));
  }
  const VirtualRegister zero = vector_literal(0, 0);
  const VirtualRegister positive = of(Mnemonic::maxpd, value, zero);
  const VirtualRegister bounded = of_literal(Mnemonic::minpd, positive, 0x41efffffffe00000);  // 2^32 - 1
  const VirtualRegister whole = vector(16);
  add(Mnemonic::roundpd, Form::rri, 16, {write(whole), read(bounded)}).immediate = 11;
  const VirtualRegister in_mantissa = of_literal(Mnemonic::addpd, whole, 0x4330000000000000);  // 2^52
  return compared(Mnemonic::shufps, in_mantissa, zero, 0x88);
}

VirtualRegister Selector::convert_lanes_unsigned(VirtualRegister value) {
  const VirtualRegister low = of_literal(Mnemonic::pand, value, repeated(0xffff));
  const VirtualRegister high =
      of_one(Mnemonic::cvtdq2ps, of_count(Mnemonic::psrld, of(Mnemonic::psubd, value, low), 1));
  return of(Mnemonic::addps, of(Mnemonic::addps, high, high), of_one(Mnemonic::cvtdq2ps, low));
}

VirtualRegister Selector::multiply_add(Value value, bool narrow, bool negative) {
  VirtualRegister a = use(argument(value, 0));
  const VirtualRegister b = use(argument(value, 1)), c = use(argument(value, 2));
  if (negative) a = of_literal(Mnemonic::xorps, a, narrow ? repeated(0x80000000) : uint64_t{1} << 63);
  return of(narrow ? Mnemonic::addps : Mnemonic::addpd, of(narrow ? Mnemonic::mulps : Mnemonic::mulpd, a, b),
            c);
}

VirtualRegister Selector::dot_of_bytes(VirtualRegister a, VirtualRegister b, bool native) {
  if (native) return of(Mnemonic::pmaddubsw, b, a);
  const VirtualRegister low =
      of(Mnemonic::pmaddwd, extended(a, Mnemonic::pmovsxbw, false), extended(b, Mnemonic::pmovsxbw, false));
  const VirtualRegister high =
      of(Mnemonic::pmaddwd, extended(a, Mnemonic::pmovsxbw, true), extended(b, Mnemonic::pmovsxbw, true));
  return of(Mnemonic::packssdw, low, high);
}

// ------------------------------------------------------------------------------------------------------- the
// rows

VirtualRegister Selector::unsigned_comparison(Value value) {
  const auto make = [&](Mnemonic extreme, Mnemonic equal, bool inverted) {
    const VirtualRegister a = use(argument(value, 0)), b = use(argument(value, 1));
    return compare_unsigned(a, b, extreme, equal, inverted);
  };
  switch (operation(value)) {
    case Operation::i8x16_ge_u: return make(Mnemonic::pmaxub, Mnemonic::pcmpeqb, false);
    case Operation::i8x16_le_u: return make(Mnemonic::pminub, Mnemonic::pcmpeqb, false);
    case Operation::i8x16_lt_u: return make(Mnemonic::pmaxub, Mnemonic::pcmpeqb, true);
    case Operation::i8x16_gt_u: return make(Mnemonic::pminub, Mnemonic::pcmpeqb, true);
    case Operation::i16x8_ge_u: return make(Mnemonic::pmaxuw, Mnemonic::pcmpeqw, false);
    case Operation::i16x8_le_u: return make(Mnemonic::pminuw, Mnemonic::pcmpeqw, false);
    case Operation::i16x8_lt_u: return make(Mnemonic::pmaxuw, Mnemonic::pcmpeqw, true);
    case Operation::i16x8_gt_u: return make(Mnemonic::pminuw, Mnemonic::pcmpeqw, true);
    case Operation::i32x4_ge_u: return make(Mnemonic::pmaxud, Mnemonic::pcmpeqd, false);
    case Operation::i32x4_le_u: return make(Mnemonic::pminud, Mnemonic::pcmpeqd, false);
    case Operation::i32x4_lt_u: return make(Mnemonic::pmaxud, Mnemonic::pcmpeqd, true);
    case Operation::i32x4_gt_u: return make(Mnemonic::pminud, Mnemonic::pcmpeqd, true);
    default: return kNoRegister;
  }
}

VirtualRegister Selector::integer_vector_row(Value value) {
  const auto first = [&] { return use(argument(value, 0)); };
  const auto second = [&] { return use(argument(value, 1)); };
  constexpr uint64_t kOnes8 = repeated8(1), kOnes16 = repeated16(1);
  switch (operation(value)) {
    case Operation::i8x16_shl: return shift_bytes(value, Mnemonic::psllw);
    case Operation::i8x16_shr_u: return shift_bytes(value, Mnemonic::psrlw);
    case Operation::i8x16_shr_s: return shift_bytes(value, Mnemonic::psraw);
    case Operation::i64x2_shr_s: return shift_signed_64(value);
    case Operation::i64x2_mul: {
      const VirtualRegister a = first();
      return multiply_64(a, second());
    }
    case Operation::i64x2_abs: {
      const VirtualRegister from = first(), signs = signs_64(from);
      return of(Mnemonic::psubq, of(Mnemonic::pxor, from, signs), signs);
    }
    case Operation::i8x16_popcnt: return count_bits(first());
    case Operation::i16x8_extadd_pairwise_i8x16_s: {
      const VirtualRegister from = first();
      return of(Mnemonic::pmaddubsw, vector_literal(kOnes8, kOnes8),
                from);  // the left one's lanes have no sign
    }
    case Operation::i16x8_extadd_pairwise_i8x16_u: return of_literal(Mnemonic::pmaddubsw, first(), kOnes8);
    case Operation::i32x4_extadd_pairwise_i16x8_s: return of_literal(Mnemonic::pmaddwd, first(), kOnes16);
    case Operation::i32x4_extadd_pairwise_i16x8_u: {
      const VirtualRegister moved = of_literal(Mnemonic::pxor, first(), repeated16(0x8000));
      return of_literal(Mnemonic::paddd, of_literal(Mnemonic::pmaddwd, moved, kOnes16), repeated(0x10000));
    }
    case Operation::i16x8_q15mulr_sat_s:
    case Operation::i16x8_relaxed_q15mulr_s: {
      const VirtualRegister a = first(), product = of(Mnemonic::pmulhrsw, a, second());
      if (node(value).immediate != 0) return product;
      return of(Mnemonic::pxor, product, of_literal(Mnemonic::pcmpeqw, product, repeated16(0x8000)));
    }
    case Operation::i16x8_relaxed_dot_i8x16_i7x16_s: {
      const VirtualRegister a = first();
      return dot_of_bytes(a, second(), node(value).immediate != 0);
    }
    case Operation::i32x4_relaxed_dot_i8x16_i7x16_add_s: {
      const VirtualRegister a = first(), dot = dot_of_bytes(a, second(), node(value).immediate != 0);
      return of(Mnemonic::paddd, of_literal(Mnemonic::pmaddwd, dot, kOnes16), use(argument(value, 2)));
    }
    default: return unsigned_comparison(value);
  }
}

VirtualRegister Selector::float_vector_row(Value value) {
  const bool native = node(value).immediate != 0;
  const auto first = [&] { return use(argument(value, 0)); };
  const auto extreme = [&](bool narrow, bool minimum) {
    const VirtualRegister a = first(), b = use(argument(value, 1));
    return float_extreme(a, b, narrow, minimum);
  };
  const auto relaxed = [&](bool narrow, bool minimum, Mnemonic mnemonic) {
    if (!native) return extreme(narrow, minimum);
    const VirtualRegister a = first();
    return of(mnemonic, a, use(argument(value, 1)));
  };
  switch (operation(value)) {
    case Operation::f32x4_min: return extreme(true, true);
    case Operation::f32x4_max: return extreme(true, false);
    case Operation::f64x2_min: return extreme(false, true);
    case Operation::f64x2_max: return extreme(false, false);
    case Operation::f32x4_relaxed_min: return relaxed(true, true, Mnemonic::minps);
    case Operation::f32x4_relaxed_max: return relaxed(true, false, Mnemonic::maxps);
    case Operation::f64x2_relaxed_min: return relaxed(false, true, Mnemonic::minpd);
    case Operation::f64x2_relaxed_max: return relaxed(false, false, Mnemonic::maxpd);
    case Operation::i32x4_trunc_sat_f32x4_s: return truncate_lanes_signed(first());
    case Operation::i32x4_relaxed_trunc_f32x4_s:
      return native ? of_one(Mnemonic::cvttps2dq, first()) : truncate_lanes_signed(first());
    case Operation::i32x4_trunc_sat_f32x4_u:
    case Operation::i32x4_relaxed_trunc_f32x4_u: return truncate_lanes_unsigned(first());
    case Operation::i32x4_trunc_sat_f64x2_s_zero: return truncate_doubles(first(), true);
    case Operation::i32x4_relaxed_trunc_f64x2_s_zero:
      return native ? of_one(Mnemonic::cvttpd2dq, first()) : truncate_doubles(first(), true);
    case Operation::i32x4_trunc_sat_f64x2_u_zero:
    case Operation::i32x4_relaxed_trunc_f64x2_u_zero: return truncate_doubles(first(), false);
    case Operation::f32x4_convert_i32x4_u: return convert_lanes_unsigned(first());
    case Operation::f64x2_convert_low_i32x4_u: {
      const VirtualRegister wide = of_literal(Mnemonic::unpcklps, first(), repeated(0x43300000));
      return of_literal(Mnemonic::subpd, wide, 0x4330000000000000);
    }
    case Operation::f32x4_relaxed_madd: return multiply_add(value, true, false);
    case Operation::f32x4_relaxed_nmadd: return multiply_add(value, true, true);
    case Operation::f64x2_relaxed_madd: return multiply_add(value, false, false);
    case Operation::f64x2_relaxed_nmadd: return multiply_add(value, false, true);
    default: return kNoRegister;
  }
}

bool Selector::select_vector_arithmetic(Value value) {
  VirtualRegister made = integer_vector_row(value);
  if (made == kNoRegister) made = float_vector_row(value);
  if (made == kNoRegister) return false;
  move(define(value), made, RegisterClass::vector);
  return true;
}

}  // namespace heddle::jit::x64
