// SPDX-License-Identifier: Apache-2.0
// The table of SIMD rows that are an instruction or two.
#include "jit/x64/vector_rows.h"

#include <array>

namespace heddle::jit::x64 {

namespace {

using Shape = VectorRow::Shape;

constexpr VectorRow binary(Mnemonic mnemonic, int16_t immediate = -1) {
  return {mnemonic, Shape::binary, false, immediate};
}
constexpr VectorRow exchanged(Mnemonic mnemonic, int16_t immediate = -1) {
  return {mnemonic, Shape::exchanged, false, immediate};
}
constexpr VectorRow inverted(Mnemonic mnemonic) { return {mnemonic, Shape::binary, true}; }
constexpr VectorRow exchanged_inverted(Mnemonic mnemonic) { return {mnemonic, Shape::exchanged, true}; }
constexpr VectorRow unary(Mnemonic mnemonic, int16_t immediate = -1) {
  return {mnemonic, Shape::unary, false, immediate};
}
constexpr VectorRow constant(Mnemonic mnemonic, uint64_t literal) {
  return {mnemonic, Shape::constant, false, -1, literal};
}
constexpr VectorRow from_zero(Mnemonic mnemonic) { return {mnemonic, Shape::from_zero}; }
constexpr VectorRow shift(Mnemonic mnemonic, int16_t bits) { return {mnemonic, Shape::shift, false, bits}; }
constexpr VectorRow extend(Mnemonic mnemonic, Shape shape) { return {mnemonic, shape}; }
constexpr VectorRow product(Mnemonic extension, Shape shape, Mnemonic second) {
  return {extension, shape, false, -1, 0, second};
}

struct NamedRow {
  Operation operation;
  VectorRow row;
};

constexpr NamedRow kRows[] = {
    {Operation::i8x16_add, binary(Mnemonic::paddb)},
    {Operation::i8x16_sub, binary(Mnemonic::psubb)},
    {Operation::i8x16_neg, from_zero(Mnemonic::psubb)},
    {Operation::i8x16_eq, binary(Mnemonic::pcmpeqb)},
    {Operation::i8x16_ne, inverted(Mnemonic::pcmpeqb)},
    {Operation::i8x16_gt_s, binary(Mnemonic::pcmpgtb)},
    {Operation::i8x16_lt_s, exchanged(Mnemonic::pcmpgtb)},
    {Operation::i8x16_le_s, inverted(Mnemonic::pcmpgtb)},
    {Operation::i8x16_ge_s, exchanged_inverted(Mnemonic::pcmpgtb)},
    {Operation::i8x16_abs, unary(Mnemonic::pabsb)},
    {Operation::i8x16_min_s, binary(Mnemonic::pminsb)},
    {Operation::i8x16_min_u, binary(Mnemonic::pminub)},
    {Operation::i8x16_max_s, binary(Mnemonic::pmaxsb)},
    {Operation::i8x16_max_u, binary(Mnemonic::pmaxub)},
    {Operation::i8x16_add_sat_s, binary(Mnemonic::paddsb)},
    {Operation::i8x16_add_sat_u, binary(Mnemonic::paddusb)},
    {Operation::i8x16_sub_sat_s, binary(Mnemonic::psubsb)},
    {Operation::i8x16_sub_sat_u, binary(Mnemonic::psubusb)},
    {Operation::i8x16_avgr_u, binary(Mnemonic::pavgb)},
    {Operation::i16x8_add, binary(Mnemonic::paddw)},
    {Operation::i16x8_sub, binary(Mnemonic::psubw)},
    {Operation::i16x8_neg, from_zero(Mnemonic::psubw)},
    {Operation::i16x8_eq, binary(Mnemonic::pcmpeqw)},
    {Operation::i16x8_ne, inverted(Mnemonic::pcmpeqw)},
    {Operation::i16x8_gt_s, binary(Mnemonic::pcmpgtw)},
    {Operation::i16x8_lt_s, exchanged(Mnemonic::pcmpgtw)},
    {Operation::i16x8_le_s, inverted(Mnemonic::pcmpgtw)},
    {Operation::i16x8_ge_s, exchanged_inverted(Mnemonic::pcmpgtw)},
    {Operation::i16x8_abs, unary(Mnemonic::pabsw)},
    {Operation::i16x8_min_s, binary(Mnemonic::pminsw)},
    {Operation::i16x8_min_u, binary(Mnemonic::pminuw)},
    {Operation::i16x8_max_s, binary(Mnemonic::pmaxsw)},
    {Operation::i16x8_max_u, binary(Mnemonic::pmaxuw)},
    {Operation::i16x8_add_sat_s, binary(Mnemonic::paddsw)},
    {Operation::i16x8_add_sat_u, binary(Mnemonic::paddusw)},
    {Operation::i16x8_sub_sat_s, binary(Mnemonic::psubsw)},
    {Operation::i16x8_sub_sat_u, binary(Mnemonic::psubusw)},
    {Operation::i16x8_avgr_u, binary(Mnemonic::pavgw)},
    {Operation::i16x8_shl, shift(Mnemonic::psllw, 16)},
    {Operation::i16x8_shr_u, shift(Mnemonic::psrlw, 16)},
    {Operation::i16x8_shr_s, shift(Mnemonic::psraw, 16)},
    {Operation::i32x4_add, binary(Mnemonic::paddd)},
    {Operation::i32x4_sub, binary(Mnemonic::psubd)},
    {Operation::i32x4_neg, from_zero(Mnemonic::psubd)},
    {Operation::i32x4_eq, binary(Mnemonic::pcmpeqd)},
    {Operation::i32x4_ne, inverted(Mnemonic::pcmpeqd)},
    {Operation::i32x4_gt_s, binary(Mnemonic::pcmpgtd)},
    {Operation::i32x4_lt_s, exchanged(Mnemonic::pcmpgtd)},
    {Operation::i32x4_le_s, inverted(Mnemonic::pcmpgtd)},
    {Operation::i32x4_ge_s, exchanged_inverted(Mnemonic::pcmpgtd)},
    {Operation::i32x4_abs, unary(Mnemonic::pabsd)},
    {Operation::i32x4_min_s, binary(Mnemonic::pminsd)},
    {Operation::i32x4_min_u, binary(Mnemonic::pminud)},
    {Operation::i32x4_max_s, binary(Mnemonic::pmaxsd)},
    {Operation::i32x4_max_u, binary(Mnemonic::pmaxud)},
    {Operation::i32x4_shl, shift(Mnemonic::pslld, 32)},
    {Operation::i32x4_shr_u, shift(Mnemonic::psrld, 32)},
    {Operation::i32x4_shr_s, shift(Mnemonic::psrad, 32)},
    {Operation::i64x2_add, binary(Mnemonic::paddq)},
    {Operation::i64x2_sub, binary(Mnemonic::psubq)},
    {Operation::i64x2_neg, from_zero(Mnemonic::psubq)},
    {Operation::i64x2_eq, binary(Mnemonic::pcmpeqq)},
    {Operation::i64x2_ne, inverted(Mnemonic::pcmpeqq)},
    {Operation::i64x2_shl, shift(Mnemonic::psllq, 64)},
    {Operation::i64x2_shr_u, shift(Mnemonic::psrlq, 64)},
    {Operation::i16x8_mul, binary(Mnemonic::pmullw)},
    {Operation::i32x4_mul, binary(Mnemonic::pmulld)},
    {Operation::i32x4_dot_i16x8_s, binary(Mnemonic::pmaddwd)},
    {Operation::i8x16_narrow_i16x8_s, binary(Mnemonic::packsswb)},
    {Operation::i8x16_narrow_i16x8_u, binary(Mnemonic::packuswb)},
    {Operation::i16x8_narrow_i32x4_s, binary(Mnemonic::packssdw)},
    {Operation::i16x8_narrow_i32x4_u, binary(Mnemonic::packusdw)},
    {Operation::v128_and, binary(Mnemonic::pand)},
    {Operation::v128_or, binary(Mnemonic::por)},
    {Operation::v128_xor, binary(Mnemonic::pxor)},
    {Operation::v128_andnot, exchanged(Mnemonic::pandn)},
    {Operation::v128_not, constant(Mnemonic::pxor, ~uint64_t{0})},
    {Operation::f32x4_add, binary(Mnemonic::addps)},
    {Operation::f32x4_sub, binary(Mnemonic::subps)},
    {Operation::f32x4_mul, binary(Mnemonic::mulps)},
    {Operation::f32x4_div, binary(Mnemonic::divps)},
    {Operation::f32x4_sqrt, unary(Mnemonic::sqrtps)},
    {Operation::f32x4_pmin, exchanged(Mnemonic::minps)},
    {Operation::f32x4_pmax, exchanged(Mnemonic::maxps)},
    {Operation::f32x4_eq, binary(Mnemonic::cmpps, 0)},
    {Operation::f32x4_lt, binary(Mnemonic::cmpps, 1)},
    {Operation::f32x4_le, binary(Mnemonic::cmpps, 2)},
    {Operation::f32x4_ne, binary(Mnemonic::cmpps, 4)},
    {Operation::f32x4_gt, exchanged(Mnemonic::cmpps, 1)},
    {Operation::f32x4_ge, exchanged(Mnemonic::cmpps, 2)},
    {Operation::f32x4_nearest, unary(Mnemonic::roundps, 8)},
    {Operation::f32x4_floor, unary(Mnemonic::roundps, 9)},
    {Operation::f32x4_ceil, unary(Mnemonic::roundps, 10)},
    {Operation::f32x4_trunc, unary(Mnemonic::roundps, 11)},
    {Operation::f32x4_neg, constant(Mnemonic::xorps, 0x8000000080000000)},
    {Operation::f32x4_abs, constant(Mnemonic::andps, ~uint64_t{0x8000000080000000})},
    {Operation::f64x2_add, binary(Mnemonic::addpd)},
    {Operation::f64x2_sub, binary(Mnemonic::subpd)},
    {Operation::f64x2_mul, binary(Mnemonic::mulpd)},
    {Operation::f64x2_div, binary(Mnemonic::divpd)},
    {Operation::f64x2_sqrt, unary(Mnemonic::sqrtpd)},
    {Operation::f64x2_pmin, exchanged(Mnemonic::minpd)},
    {Operation::f64x2_pmax, exchanged(Mnemonic::maxpd)},
    {Operation::f64x2_eq, binary(Mnemonic::cmppd, 0)},
    {Operation::f64x2_lt, binary(Mnemonic::cmppd, 1)},
    {Operation::f64x2_le, binary(Mnemonic::cmppd, 2)},
    {Operation::f64x2_ne, binary(Mnemonic::cmppd, 4)},
    {Operation::f64x2_gt, exchanged(Mnemonic::cmppd, 1)},
    {Operation::f64x2_ge, exchanged(Mnemonic::cmppd, 2)},
    {Operation::f64x2_nearest, unary(Mnemonic::roundpd, 8)},
    {Operation::f64x2_floor, unary(Mnemonic::roundpd, 9)},
    {Operation::f64x2_ceil, unary(Mnemonic::roundpd, 10)},
    {Operation::f64x2_trunc, unary(Mnemonic::roundpd, 11)},
    {Operation::f64x2_neg, constant(Mnemonic::xorps, 0x8000000000000000)},
    {Operation::f64x2_abs, constant(Mnemonic::andps, ~uint64_t{0x8000000000000000})},
    {Operation::f32x4_convert_i32x4_s, unary(Mnemonic::cvtdq2ps)},
    {Operation::f64x2_convert_low_i32x4_s, unary(Mnemonic::cvtdq2pd)},
    {Operation::f64x2_promote_low_f32x4, unary(Mnemonic::cvtps2pd)},
    {Operation::f32x4_demote_f64x2_zero, unary(Mnemonic::cvtpd2ps)},
    {Operation::i16x8_extend_low_i8x16_s, extend(Mnemonic::pmovsxbw, Shape::extend_low)},
    {Operation::i16x8_extmul_low_i8x16_s, product(Mnemonic::pmovsxbw, Shape::product_low, Mnemonic::pmullw)},
    {Operation::i16x8_extend_high_i8x16_s, extend(Mnemonic::pmovsxbw, Shape::extend_high)},
    {Operation::i16x8_extmul_high_i8x16_s,
     product(Mnemonic::pmovsxbw, Shape::product_high, Mnemonic::pmullw)},
    {Operation::i16x8_extend_low_i8x16_u, extend(Mnemonic::pmovzxbw, Shape::extend_low)},
    {Operation::i16x8_extmul_low_i8x16_u, product(Mnemonic::pmovzxbw, Shape::product_low, Mnemonic::pmullw)},
    {Operation::i16x8_extend_high_i8x16_u, extend(Mnemonic::pmovzxbw, Shape::extend_high)},
    {Operation::i16x8_extmul_high_i8x16_u,
     product(Mnemonic::pmovzxbw, Shape::product_high, Mnemonic::pmullw)},
    {Operation::i32x4_extend_low_i16x8_s, extend(Mnemonic::pmovsxwd, Shape::extend_low)},
    {Operation::i32x4_extmul_low_i16x8_s, product(Mnemonic::pmovsxwd, Shape::product_low, Mnemonic::pmulld)},
    {Operation::i32x4_extend_high_i16x8_s, extend(Mnemonic::pmovsxwd, Shape::extend_high)},
    {Operation::i32x4_extmul_high_i16x8_s,
     product(Mnemonic::pmovsxwd, Shape::product_high, Mnemonic::pmulld)},
    {Operation::i32x4_extend_low_i16x8_u, extend(Mnemonic::pmovzxwd, Shape::extend_low)},
    {Operation::i32x4_extmul_low_i16x8_u, product(Mnemonic::pmovzxwd, Shape::product_low, Mnemonic::pmulld)},
    {Operation::i32x4_extend_high_i16x8_u, extend(Mnemonic::pmovzxwd, Shape::extend_high)},
    {Operation::i32x4_extmul_high_i16x8_u,
     product(Mnemonic::pmovzxwd, Shape::product_high, Mnemonic::pmulld)},
    {Operation::i64x2_extend_low_i32x4_s, extend(Mnemonic::pmovsxdq, Shape::extend_low)},
    {Operation::i64x2_extmul_low_i32x4_s, product(Mnemonic::pmovsxdq, Shape::product_low, Mnemonic::pmuldq)},
    {Operation::i64x2_extend_high_i32x4_s, extend(Mnemonic::pmovsxdq, Shape::extend_high)},
    {Operation::i64x2_extmul_high_i32x4_s,
     product(Mnemonic::pmovsxdq, Shape::product_high, Mnemonic::pmuldq)},
    {Operation::i64x2_extend_low_i32x4_u, extend(Mnemonic::pmovzxdq, Shape::extend_low)},
    {Operation::i64x2_extmul_low_i32x4_u, product(Mnemonic::pmovzxdq, Shape::product_low, Mnemonic::pmuludq)},
    {Operation::i64x2_extend_high_i32x4_u, extend(Mnemonic::pmovzxdq, Shape::extend_high)},
    {Operation::i64x2_extmul_high_i32x4_u,
     product(Mnemonic::pmovzxdq, Shape::product_high, Mnemonic::pmuludq)},
    {Operation::i64x2_gt_s, binary(Mnemonic::pcmpgtq)},
    {Operation::i64x2_lt_s, exchanged(Mnemonic::pcmpgtq)},
    {Operation::i64x2_le_s, inverted(Mnemonic::pcmpgtq)},
    {Operation::i64x2_ge_s, exchanged_inverted(Mnemonic::pcmpgtq)},
};

/// By operation: its row's number in kRows + 1.
constexpr auto make_numbers() {
  std::array<uint8_t, engine::kOpcodeCount> numbers{};
  uint8_t number = 0;
  for (const NamedRow& named : kRows) numbers[static_cast<size_t>(named.operation)] = ++number;
  return numbers;
}
static_assert(std::size(kRows) < 255);
constexpr auto kNumbers = make_numbers();

}  // namespace

std::optional<VectorRow> vector_row(Operation operation, const CpuFeatures& features) noexcept {
  if (!is_row(operation) || kNumbers[static_cast<size_t>(operation)] == 0) return std::nullopt;
  const VectorRow& row = kRows[kNumbers[static_cast<size_t>(operation)] - 1].row;
  if (row.mnemonic == Mnemonic::pcmpgtq && !features.sse42) return std::nullopt;
  return row;
}

}  // namespace heddle::jit::x64
