// SPDX-License-Identifier: Apache-2.0
// What the pseudo-instructions of floats become.
#include <bit>

#include "jit/x64/emission.h"

namespace heddle::jit::x64 {

using namespace asmjit;  // NOLINT: as in emitter.cpp

void Emission::compare_floats(bool is_double, Xmm left, const asmjit::Operand& right) {
  assembler_.emit(is_double ? x86::Inst::kIdUcomisd : x86::Inst::kIdUcomiss, left, right);
}

Emission::Mem Emission::float_literal(double value, bool is_double) {
  if (is_double) return literal64(std::bit_cast<uint64_t>(value));
  return x86::ptr(literal(std::bit_cast<uint32_t>(static_cast<float>(value)), 0, 4), 0, 4);
}

void Emission::expand_truncate(const Instruction& instruction, std::span<const Location> locations) {
  const int64_t what = instruction.immediate;
  const Xmm value = xmm(locations[1].reg);
  if ((what & Truncation::kSigned) != 0) return truncate_signed(instruction, gp(locations[0].reg), value);
  if ((what & Truncation::kTo64) != 0) {
    return truncate_unsigned_64(instruction, gp(locations[0].reg), value, xmm(kVectorScratch));
  }
  // As a signed number of 64 bits, whose upper half must be zero.
  const Gp result = gp(locations[0].reg);
  const Label out_of_range = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.emit((what & Truncation::kFromDouble) != 0 ? x86::Inst::kIdCvttsd2si : x86::Inst::kIdCvttss2si,
                  result, value);
  assembler_.mov(x86::r11d, result.r32());
  assembler_.cmp(x86::r11, result);
  assembler_.jne(out_of_range);
  assembler_.bind(back);
  cold_code_.push_back([this, instruction, result, value, out_of_range, back] {
    assembler_.bind(out_of_range);
    truncate_out_of_range(instruction, result, value, back);
  });
}

/// The processor gives the least number for everything out of range, and for the least number.
void Emission::truncate_signed(const Instruction& instruction, Gp wide, Xmm value) {
  const int64_t what = instruction.immediate;
  const bool is_double = (what & Truncation::kFromDouble) != 0, to_64 = (what & Truncation::kTo64) != 0;
  const Gp result = to_64 ? wide : wide.r32();
  const Label least = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.emit(is_double ? x86::Inst::kIdCvttsd2si : x86::Inst::kIdCvttss2si, result, value);
  assembler_.cmp(result, 1);
  assembler_.jo(least);
  assembler_.bind(back);
  cold_code_.push_back([this, instruction, value, wide, result, least, back, is_double, to_64] {
    assembler_.bind(least);
    compare_floats(is_double, value, float_literal(0, is_double));
    const Label out_of_range = assembler_.newLabel();
    assembler_.jae(out_of_range);
    assembler_.jp(out_of_range);
    // Negative: it fits, or it saturates to the same.
    if ((instruction.immediate & Truncation::kSaturate) == 0) {
      const double bound = to_64 ? -0x1p63 : is_double ? -0x1p31 - 1 : -0x1p31;
      compare_floats(is_double, value, float_literal(bound, is_double));
      const bool exclusive = !to_64 && is_double;
      exclusive ? assembler_.jbe(out_of_range) : assembler_.jb(out_of_range);
    }
    assembler_.jmp(back);
    assembler_.bind(out_of_range);
    truncate_out_of_range(instruction, wide, value, back);
    (void)result;
  });
}

/// What is at least 2^63 is truncated after 2^63 has been taken from it.
void Emission::truncate_unsigned_64(const Instruction& instruction, Gp result, Xmm value, Xmm temporary) {
  const bool is_double = (instruction.immediate & Truncation::kFromDouble) != 0;
  const InstId truncate = is_double ? x86::Inst::kIdCvttsd2si : x86::Inst::kIdCvttss2si;
  const Label negative = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.emit(truncate, result, value);
  assembler_.test(result, result);
  assembler_.js(negative);
  assembler_.bind(back);
  cold_code_.push_back([=, this] {
    const Label out_of_range = assembler_.newLabel();
    assembler_.bind(negative);
    assembler_.movaps(temporary, value);
    assembler_.emit(is_double ? x86::Inst::kIdSubsd : x86::Inst::kIdSubss, temporary,
                    float_literal(0x1p63, is_double));
    assembler_.emit(truncate, result, temporary);
    assembler_.test(result, result);
    assembler_.js(out_of_range);
    assembler_.btc(result, 63);
    assembler_.jmp(back);
    assembler_.bind(out_of_range);
    truncate_out_of_range(instruction, result, value, back);
  });
}

/// The value has no integer: traps, or saturates and goes `back`.
void Emission::truncate_out_of_range(const Instruction& instruction, Gp result, Xmm value, Label back) {
  const int64_t what = instruction.immediate;
  const bool is_double = (what & Truncation::kFromDouble) != 0, to_64 = (what & Truncation::kTo64) != 0;
  const bool is_signed = (what & Truncation::kSigned) != 0;
  compare_floats(is_double, value, float_literal(0, is_double));
  if ((what & Truncation::kSaturate) == 0) {
    assembler_.jp(cold_trap(TrapKind::invalid_conversion, instruction.offset));
    assembler_.jmp(cold_trap(TrapKind::integer_overflow, instruction.offset));
    return;
  }
  const uint64_t ones = to_64 ? UINT64_MAX : UINT32_MAX;
  assembler_.mov(result, 0);  // of NaN; of negative numbers, too, if unsigned
  assembler_.jp(back);
  if (!is_signed) assembler_.jb(back);
  const uint64_t greatest = is_signed ? ones >> 1 : ones;
  assembler_.mov(result, greatest);
  assembler_.jmp(back);
}

/// What has its highest bit set is halved, with the bit that is lost kept in the lowest, and doubled
/// afterwards.
void Emission::expand_convert_u64(const Instruction& instruction, std::span<const Location> locations) {
  const bool is_double = instruction.width == 8;
  const Xmm result = xmm(locations[0].reg);
  const Gp value = gp(locations[1].reg);
  const InstId convert = is_double ? x86::Inst::kIdCvtsi2sd : x86::Inst::kIdCvtsi2ss;
  const Label great = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.xorps(result, result);
  assembler_.test(value, value);
  assembler_.js(great);
  assembler_.emit(convert, result, value);
  assembler_.bind(back);
  cold_code_.push_back([=, this] {
    const Label even = assembler_.newLabel();
    assembler_.bind(great);
    assembler_.mov(x86::r11, value);
    assembler_.shr(x86::r11, 1);
    assembler_.jnc(even);
    assembler_.or_(x86::r11, 1);
    assembler_.bind(even);
    assembler_.emit(convert, result, x86::r11);
    assembler_.emit(is_double ? x86::Inst::kIdAddsd : x86::Inst::kIdAddss, result, result);
    assembler_.jmp(back);
  });
}

/// The processor's own minimum gives its second operand for zeros of different signs, and for NaN.
void Emission::expand_minimum(const Instruction& instruction, std::span<const Location> locations) {
  const bool is_double = instruction.width == 8, minimum = instruction.mnemonic == Mnemonic::float_min;
  const Xmm left = xmm(locations[0].reg), right = xmm(locations[2].reg);
  const Label special = assembler_.newLabel(), back = assembler_.newLabel();
  compare_floats(is_double, left, right);
  assembler_.je(special);  // or unordered
  if (minimum)
    assembler_.emit(is_double ? x86::Inst::kIdMinsd : x86::Inst::kIdMinss, left, right);
  else
    assembler_.emit(is_double ? x86::Inst::kIdMaxsd : x86::Inst::kIdMaxss, left, right);
  assembler_.bind(back);
  cold_code_.push_back([=, this] {
    const Label unordered = assembler_.newLabel();
    assembler_.bind(special);
    assembler_.jp(unordered);
    minimum ? assembler_.orps(left, right) : assembler_.andps(left, right);
    assembler_.jmp(back);
    assembler_.bind(unordered);
    assembler_.emit(is_double ? x86::Inst::kIdAddsd : x86::Inst::kIdAddss, left, right);
    assembler_.jmp(back);
  });
}

}  // namespace heddle::jit::x64
