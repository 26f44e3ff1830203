// SPDX-License-Identifier: Apache-2.0
// Division: by the processor's instruction, or if the divisor is constant by a multiplication with its
// reciprocal.
//
// (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994; for 32 bits by
// 64 also Lemire, Kaser and Kurz, "Faster remainder by direct computation", 2019)
#include <bit>
#include <optional>

#include "jit/x64/emitter.h"
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

__extension__ using Wide = unsigned __int128;

/// floor(n / divisor) is n * factor >> shift, for all n of so many bits.
struct Reciprocal {
  uint64_t factor;
  unsigned shift;
};

/// With a factor that has no more bits than n, if there is one.
std::optional<Reciprocal> short_reciprocal(uint64_t divisor, unsigned bits) {
  for (unsigned shift = bits; shift < 2 * bits && shift < 127; ++shift) {
    const Wide power = Wide{1} << shift, factor = (power + divisor - 1) / divisor;
    if (factor >> bits != 0) break;
    if (factor * divisor - power <= Wide{1} << (shift - bits))
      return Reciprocal{static_cast<uint64_t>(factor), shift};
  }
  return std::nullopt;
}

/// The least power of two that is not less.
unsigned log2_above(uint64_t value) { return 64 - static_cast<unsigned>(std::countl_zero(value - 1)); }

}  // namespace

/// The upper half of the product of 128 bits.
VirtualRegister Selector::high_product(VirtualRegister value, uint64_t factor, bool is_signed) {
  const VirtualRegister by = integer(static_cast<int64_t>(factor), 8), low = general(), high = general();
  add(is_signed ? Mnemonic::imul1 : Mnemonic::mul, Form::r, 8,
      {write_in(low, Register::rax), write_in(high, Register::rdx), read_in(value, Register::rax), read(by)});
  return high;
}

VirtualRegister Selector::shifted(Mnemonic mnemonic, unsigned width, VirtualRegister value, unsigned count) {
  if (count == 0) return value;
  const VirtualRegister result = general();
  two_address_immediate(mnemonic, width, result, value, count);
  return result;
}

VirtualRegister Selector::times(VirtualRegister value, uint64_t factor, unsigned width) {
  const VirtualRegister result = general();
  const auto as_signed = width == 4 ? static_cast<int32_t>(factor) : static_cast<int64_t>(factor);
  if (as_signed == static_cast<int32_t>(as_signed)) {
    add(Mnemonic::imul, Form::rri, width, {write(result), read(value)}).immediate = as_signed;
  } else {
    two_address(Mnemonic::imul, width, result, integer(as_signed, width), value);
  }
  return result;
}

/// REQUIRES: the divisor is no power of two, and less than half of what fits.
VirtualRegister Selector::unsigned_quotient(VirtualRegister dividend, uint64_t divisor, unsigned width) {
  const auto reciprocal = short_reciprocal(divisor, 8 * width);
  if (width == 4) {
    if (reciprocal)
      return shifted(Mnemonic::shr, 8, times(dividend, reciprocal->factor, 8), reciprocal->shift);
    return high_product(dividend, UINT64_MAX / divisor + 1, false);
  }
  if (reciprocal)
    return shifted(Mnemonic::shr, 8, high_product(dividend, reciprocal->factor, false),
                   reciprocal->shift - 64);
  // The factor has 65 bits; its highest is added afterwards, halved so that nothing is lost.
  const unsigned log2 = log2_above(divisor);
  const Wide rest = (Wide{1} << log2) - divisor;
  const auto factor = static_cast<uint64_t>((rest << 64) / divisor + 1);
  const VirtualRegister high = high_product(dividend, factor, false), difference = general(), sum = general();
  two_address(Mnemonic::sub, 8, difference, dividend, high);
  two_address(Mnemonic::add, 8, sum, shifted(Mnemonic::shr, 8, difference, 1), high);
  return shifted(Mnemonic::shr, 8, sum, log2 - 1);
}

/// REQUIRES: the divisor is positive, and no power of two.
VirtualRegister Selector::signed_quotient(VirtualRegister dividend, uint64_t divisor, unsigned width) {
  const unsigned log2 = log2_above(divisor), bits = 8 * width;
  const auto factor = static_cast<uint64_t>((Wide{1} << (bits - 1 + log2)) / divisor + 1);
  VirtualRegister product;
  if (width == 4) {
    const VirtualRegister wide = general();
    add(Mnemonic::movsxd, Form::rr, 8, {write(wide), read(dividend)});
    product = shifted(Mnemonic::sar, 8, times(wide, factor, 8), bits - 1 + log2);
  } else {
    // As a signed number, the factor is 2^64 too small.
    const VirtualRegister sum = general();
    two_address(Mnemonic::add, 8, sum, high_product(dividend, factor, true), dividend);
    product = shifted(Mnemonic::sar, 8, sum, log2 - 1);
  }
  const VirtualRegister result = general();
  two_address(Mnemonic::sub, width, result, product, shifted(Mnemonic::sar, width, dividend, bits - 1));
  return result;
}

/// The dividend, and if it is negative 2^log2 - 1 more: then a shift rounds towards zero.
VirtualRegister Selector::biased(VirtualRegister dividend, unsigned log2, unsigned width) {
  const unsigned bits = 8 * width;
  const VirtualRegister sign = shifted(Mnemonic::sar, width, dividend, bits - 1), sum = general();
  two_address(Mnemonic::add, width, sum, shifted(Mnemonic::shr, width, sign, bits - log2), dividend);
  return sum;
}

void Selector::divide_by_power(Value value, unsigned width, int64_t what, unsigned log2, bool is_negative) {
  const bool is_signed = (what & Division::kSigned) != 0, remainder = (what & Division::kRemainder) != 0;
  const VirtualRegister result = define(value), dividend = use(argument(value, 0));
  const uint64_t mask = (uint64_t{1} << log2) - 1;
  if (!is_signed && !remainder) return two_address_immediate(Mnemonic::shr, width, result, dividend, log2);
  if (!is_signed) return and_with(result, dividend, mask, width);
  const VirtualRegister sum = log2 == 0 ? dividend : biased(dividend, log2, width);
  if (remainder) {
    const VirtualRegister multiple = general();
    and_with(multiple, sum, ~mask, width);
    return two_address(Mnemonic::sub, width, result, dividend, multiple);
  }
  if (!is_negative) return two_address_immediate(Mnemonic::sar, width, result, sum, log2);
  add(Mnemonic::neg, Form::r, width, {write_tied(result, 1), read(shifted(Mnemonic::sar, width, sum, log2))});
}

void Selector::and_with(VirtualRegister result, VirtualRegister value, uint64_t mask, unsigned width) {
  const auto as_signed = width == 4 ? static_cast<int32_t>(mask) : static_cast<int64_t>(mask);
  if (as_signed == static_cast<int32_t>(as_signed)) {
    two_address_immediate(Mnemonic::and_, width, result, value, as_signed);
  } else {
    two_address(Mnemonic::and_, width, result, integer(as_signed, width), value);
  }
}

bool Selector::divide_by_constant(Value value, unsigned width, int64_t what) {
  const auto constant = integer_constant(argument(value, 1));
  if (!constant || *constant == 0) return false;
  const bool is_signed = (what & Division::kSigned) != 0, remainder = (what & Division::kRemainder) != 0;
  if (is_signed && *constant == -1) return false;
  const bool negative = is_signed && *constant < 0;
  uint64_t divisor = static_cast<uint64_t>(negative ? -static_cast<uint64_t>(*constant) : *constant);
  if (width == 4) divisor = static_cast<uint32_t>(divisor);
  if (std::has_single_bit(divisor)) {
    divide_by_power(value, width, what, static_cast<unsigned>(std::countr_zero(divisor)), negative);
    return true;
  }
  if (divisor >> (8 * width - 1) != 0) return false;  // of unsigned numbers; hardly anybody's
  const VirtualRegister result = define(value), dividend = use(argument(value, 0));
  const VirtualRegister quotient =
      is_signed ? signed_quotient(dividend, divisor, width) : unsigned_quotient(dividend, divisor, width);
  if (remainder) {
    two_address(Mnemonic::sub, width, result, dividend, times(quotient, divisor, width));
  } else if (negative) {
    add(Mnemonic::neg, Form::r, width, {write_tied(result, 1), read(quotient)});
  } else {
    move(result, quotient, RegisterClass::general);
  }
  return true;
}

void Selector::select_divide(Value value, unsigned width, int64_t what) {
  if (divide_by_constant(value, width, what)) return;
  const Value by = argument(value, 1);
  const auto constant = integer_constant(by);
  if (!constant || *constant == 0) what |= Division::kCheckZero;
  if ((!constant || *constant == -1) && (what & Division::kSigned) != 0) what |= Division::kCheckOverflow;
  if ((what & (Division::kCheckZero | Division::kCheckOverflow)) != 0) out_.has_frame = true;
  const bool remainder = (what & Division::kRemainder) != 0;
  const VirtualRegister result = define(value), other = general();
  const VirtualRegister dividend = use(argument(value, 0)), divisor = use(by);
  Operand low = write_in(remainder ? other : result, Register::rax);
  Operand high = write_in(remainder ? result : other, Register::rdx);
  high.role = Role::early_define;  // before the divisor is read
  add(Mnemonic::divide, Form::pseudo, width,
      {low, high, read_in(dividend, Register::rax), read_late(divisor)})
      .immediate = what;
}

}  // namespace heddle::jit::x64
