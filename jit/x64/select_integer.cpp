// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic. An instruction of 32 bits zeroes its result's upper half, as i32s have it.
#include <bit>
#include <cassert>

#include "jit/x64/emitter.h"
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

void Selector::lea(VirtualRegister result, unsigned width, const Address& address) {
  add(Mnemonic::lea, Form::rm, width, {write(result)}, address);
}

/// A sum goes to another register where an operand is still wanted, which `lea` does without a copy.
void Selector::select_add(Value value, unsigned width) {
  Value left = argument(value, 0), right = argument(value, 1);
  const VirtualRegister result = define(value);
  const Operation shl = width == 4 ? Operation::i32_shl : Operation::i64_shl;
  if (integer_constant(left) && !integer_constant(right)) std::swap(left, right);
  if (const auto immediate = immediate_of(right, width)) {
    const Operation sum = width == 4 ? Operation::i32_add : Operation::i64_add;
    if (operation(left) == sum && is_only_here(left) && !integer_constant(argument(left, 1))) {
      Address address;
      address.base = use(argument(left, 0));
      address.index = use(argument(left, 1));
      address.displacement = *immediate;
      return lea(result, width, address);
    }
    if (selected_[left].uses > 1) {
      Address address;
      address.base = use(left);
      address.displacement = *immediate;
      return lea(result, width, address);
    }
    return two_address_immediate(Mnemonic::add, width, result, use(left), *immediate);
  }
  const auto scale = [&](Value shifted) -> std::optional<uint8_t> {
    if (operation(shifted) != shl || !is_only_here(shifted)) return std::nullopt;
    const auto by = integer_constant(argument(shifted, 1));
    if (!by || *by < 1 || *by > 3) return std::nullopt;
    return static_cast<uint8_t>(*by);
  };
  if (!scale(right) && scale(left)) std::swap(left, right);
  if (const auto by = scale(right)) {
    Address address;
    address.base = use(left);
    address.index = use(argument(right, 0));
    address.scale_log2 = *by;
    return lea(result, width, address);
  }
  if (is_load_here(left, width) && !is_load_here(right, width)) std::swap(left, right);
  if (selected_[left].uses > 1 && selected_[right].uses == 1 && !is_load_here(right, width))
    std::swap(left, right);
  if (selected_[left].uses > 1 && !is_load_here(right, width)) {
    Address address;
    address.base = use(left);
    address.index = use(right);
    return lea(result, width, address);
  }
  const VirtualRegister first = use(left);
  operate(Mnemonic::add, width, result, first, right);
}

void Selector::select_subtract(Value value, unsigned width) {
  const Value left = argument(value, 0), right = argument(value, 1);
  const VirtualRegister result = define(value);
  if (const auto zero = integer_constant(left); zero && *zero == 0) {
    add(Mnemonic::neg, Form::r, width, {write_tied(result, 1), read(use(right))});
    return;
  }
  const auto immediate = immediate_of(right, width);
  if (immediate && *immediate != INT32_MIN && selected_[left].uses > 1) {
    Address address;
    address.base = use(left);
    address.displacement = -*immediate;
    return lea(result, width, address);
  }
  const VirtualRegister first = use(left);
  operate(Mnemonic::sub, width, result, first, right);
}

void Selector::select_multiply(Value value, unsigned width) {
  Value left = argument(value, 0), right = argument(value, 1);
  const VirtualRegister result = define(value);
  if (integer_constant(left) && !integer_constant(right)) std::swap(left, right);
  if (const auto constant = integer_constant(right)) {
    const uint64_t factor = width == 4 ? static_cast<uint32_t>(*constant) : static_cast<uint64_t>(*constant);
    if (std::has_single_bit(factor)) {
      return two_address_immediate(Mnemonic::shl, width, result, use(left), std::countr_zero(factor));
    }
    if (factor == 3 || factor == 5 || factor == 9) {
      Address address;
      address.base = address.index = use(left);
      address.scale_log2 = factor == 3 ? 1 : factor == 5 ? 2 : 3;
      return lea(result, width, address);
    }
  }
  if (const auto immediate = immediate_of(right, width)) {
    add(Mnemonic::imul, Form::rri, width, {write(result), read_anywhere(use(left))}).immediate = *immediate;
    return;
  }
  if (is_load_here(left, width) && !is_load_here(right, width)) std::swap(left, right);
  const VirtualRegister first = use(left);
  operate(Mnemonic::imul, width, result, first, right);
}

void Selector::select_and(Value value, unsigned width) {
  Value left = argument(value, 0), right = argument(value, 1);
  if (integer_constant(left) && !integer_constant(right)) std::swap(left, right);
  const auto constant = integer_constant(right);
  if (!constant) return select_bitwise(value, width, Mnemonic::and_);
  const uint64_t mask = width == 4 ? static_cast<uint32_t>(*constant) : static_cast<uint64_t>(*constant);
  const VirtualRegister result = define(value);
  if (width == 4 && is_mask_of(left, mask)) return move(result, use(left), RegisterClass::general);
  if (mask == 0xff || mask == 0xffff) {
    add(mask == 0xff ? Mnemonic::movzx8 : Mnemonic::movzx16, Form::rr, 4,
        {write(result), read_anywhere(use(left))});
  } else if (width == 8 && mask == UINT32_MAX) {
    add(Mnemonic::mov, Form::rr, 4, {write(result), read_anywhere(use(left))});
  } else if (mask <= INT32_MAX) {
    two_address_immediate(Mnemonic::and_, 4, result, use(left), static_cast<int64_t>(mask));
  } else {
    const VirtualRegister first = use(left);
    operate(Mnemonic::and_, width, result, first, right);
  }
}

void Selector::select_bitwise(Value value, unsigned width, Mnemonic mnemonic) {
  Value left = argument(value, 0), right = argument(value, 1);
  if (integer_constant(left) && !integer_constant(right)) std::swap(left, right);
  const VirtualRegister result = define(value);
  if (const auto ones = integer_constant(right); ones && *ones == -1 && mnemonic == Mnemonic::xor_) {
    add(Mnemonic::not_, Form::r, width, {write_tied(result, 1), read(use(left))});
    return;
  }
  if (is_load_here(left, width) && !is_load_here(right, width)) std::swap(left, right);
  // What dies here gives its register to the result.
  if (selected_[left].uses > 1 && selected_[right].uses == 1 && !is_load_here(right, width) &&
      !integer_constant(right))
    std::swap(left, right);
  const VirtualRegister first = use(left);
  operate(mnemonic, width, result, first, right);
}

/// The processor takes counts modulo the width, too, so a mask of them is not needed.
void Selector::select_shift(Value value, unsigned width, Mnemonic mnemonic, Mnemonic three_address) {
  const Value left = argument(value, 0);
  Value count = argument(value, 1);
  const VirtualRegister result = define(value);
  const unsigned bits = 8 * width;
  if (const auto constant = integer_constant(count)) {
    return two_address_immediate(mnemonic, width, result, use(left),
                                 static_cast<int64_t>(*constant & (bits - 1)));
  }
  const Operation mask = width == 4 ? Operation::i32_and : Operation::i64_and;
  if (operation(count) == mask && is_near(count)) {
    const auto constant = integer_constant(argument(count, 1));
    if (constant && (*constant & (bits - 1)) == bits - 1) count = argument(count, 0);
  }
  if (options_.features.bmi2) {
    const VirtualRegister first = use(left), second = use(count);
    add(three_address, Form::rrr, width, {write(result), read_anywhere(first), read(second)});
    return;
  }
  const VirtualRegister first = use(left), second = use(count);
  add(mnemonic, Form::rr, width, {write_tied(result, 1), read(first), read_in(second, Register::rcx)});
}

void Selector::select_rotate(Value value, unsigned width, Mnemonic mnemonic) {
  const Value left = argument(value, 0), count = argument(value, 1);
  const VirtualRegister result = define(value);
  const unsigned bits = 8 * width;
  if (const auto constant = integer_constant(count)) {
    const auto by = static_cast<unsigned>(*constant) & (bits - 1);
    if (options_.features.bmi2 && selected_[left].uses > 1) {
      const unsigned right = mnemonic == Mnemonic::ror ? by : (bits - by) & (bits - 1);
      add(Mnemonic::rorx, Form::rri, width, {write(result), read_anywhere(use(left))}).immediate = right;
      return;
    }
    return two_address_immediate(mnemonic, width, result, use(left), by);
  }
  const VirtualRegister first = use(left), second = use(count);
  add(mnemonic, Form::rr, width, {write_tied(result, 1), read(first), read_in(second, Register::rcx)});
}

void Selector::select_count_zeros(Value value, unsigned width, bool leading) {
  const VirtualRegister result = define(value), argument_register = use(argument(value, 0));
  if (leading ? options_.features.lzcnt : options_.features.bmi1) {
    add(leading ? Mnemonic::lzcnt : Mnemonic::tzcnt, Form::rr, width,
        {write(result), read_anywhere(argument_register)});
    return;
  }
  // bsf and bsr leave their result as it was if the argument is zero, and say so in a flag.
  const int64_t bits = 8 * width;
  const VirtualRegister of_zero = integer(leading ? 2 * bits - 1 : bits, width);
  const VirtualRegister found = general(), number = leading ? general() : result;
  add(leading ? Mnemonic::bsr : Mnemonic::bsf, Form::rr, width,
      {write(found), read_anywhere(argument_register)});
  add(Mnemonic::cmovcc, Form::rr, width, {write_tied(number, 1), read(found), read_anywhere(of_zero)})
      .condition = Condition::equal;
  if (leading) two_address_immediate(Mnemonic::xor_, width, result, number, bits - 1);
}

void Selector::select_extend(Value value, Mnemonic mnemonic, unsigned width) {
  const VirtualRegister result = define(value);
  add(mnemonic, Form::rr, width, {write(result), read_anywhere(use(argument(value, 0)))});
}

/// Of 128 bits, as two i64, low half first. The carry goes from one instruction to the next.
bool Selector::select_wide(Value value) {
  const auto result = [&](unsigned i) {
    const VirtualRegister reg = result_register(value, i);
    return reg == kNoRegister ? general() : reg;
  };
  const Operation at = operation(value);
  if (!is_row(at) || info(row_of(at)).kind != engine::RowKind::wide) return false;
  const VirtualRegister low = result(0), high = result(1);
  if (at == Operation::i64_add128 || at == Operation::i64_sub128) {
    const bool adds = at == Operation::i64_add128;
    VirtualRegister operands[4];
    for (unsigned i = 0; i < 4; ++i) operands[i] = use(argument(value, i));
    two_address(adds ? Mnemonic::add : Mnemonic::sub, 8, low, operands[0], operands[2]);
    two_address(adds ? Mnemonic::adc : Mnemonic::sbb, 8, high, operands[1], operands[3]);
    return true;
  }
  const VirtualRegister left = use(argument(value, 0)), right = use(argument(value, 1));
  add(at == Operation::i64_mul_wide_s ? Mnemonic::imul1 : Mnemonic::mul, Form::r, 8,
      {write_in(low, Register::rax), write_in(high, Register::rdx), read_in(left, Register::rax),
       read(right)});
  return true;
}

bool Selector::select_integer(Value value) {
  constexpr int64_t kSigned = Division::kSigned, kRemainder = Division::kRemainder;
  const Operation at = operation(value);
  if (is_comparison(at)) return select_comparison(value), true;
  switch (at) {
    case Operation::i32_add: return select_add(value, 4), true;
    case Operation::i64_add: return select_add(value, 8), true;
    case Operation::i32_sub: return select_subtract(value, 4), true;
    case Operation::i64_sub: return select_subtract(value, 8), true;
    case Operation::i32_mul: return select_multiply(value, 4), true;
    case Operation::i64_mul: return select_multiply(value, 8), true;
    case Operation::i32_and: return select_and(value, 4), true;
    case Operation::i64_and: return select_and(value, 8), true;
    case Operation::i32_or: return select_bitwise(value, 4, Mnemonic::or_), true;
    case Operation::i64_or: return select_bitwise(value, 8, Mnemonic::or_), true;
    case Operation::i32_xor: return select_bitwise(value, 4, Mnemonic::xor_), true;
    case Operation::i64_xor: return select_bitwise(value, 8, Mnemonic::xor_), true;
    case Operation::i32_shl: return select_shift(value, 4, Mnemonic::shl, Mnemonic::shlx), true;
    case Operation::i64_shl: return select_shift(value, 8, Mnemonic::shl, Mnemonic::shlx), true;
    case Operation::i32_shr_u: return select_shift(value, 4, Mnemonic::shr, Mnemonic::shrx), true;
    case Operation::i64_shr_u: return select_shift(value, 8, Mnemonic::shr, Mnemonic::shrx), true;
    case Operation::i32_shr_s: return select_shift(value, 4, Mnemonic::sar, Mnemonic::sarx), true;
    case Operation::i64_shr_s: return select_shift(value, 8, Mnemonic::sar, Mnemonic::sarx), true;
    case Operation::i32_rotl: return select_rotate(value, 4, Mnemonic::rol), true;
    case Operation::i64_rotl: return select_rotate(value, 8, Mnemonic::rol), true;
    case Operation::i32_rotr: return select_rotate(value, 4, Mnemonic::ror), true;
    case Operation::i64_rotr: return select_rotate(value, 8, Mnemonic::ror), true;
    case Operation::i32_div_s: return select_divide(value, 4, kSigned), true;
    case Operation::i64_div_s: return select_divide(value, 8, kSigned), true;
    case Operation::i32_div_u: return select_divide(value, 4, 0), true;
    case Operation::i64_div_u: return select_divide(value, 8, 0), true;
    case Operation::i32_rem_s: return select_divide(value, 4, kSigned | kRemainder), true;
    case Operation::i64_rem_s: return select_divide(value, 8, kSigned | kRemainder), true;
    case Operation::i32_rem_u: return select_divide(value, 4, kRemainder), true;
    case Operation::i64_rem_u: return select_divide(value, 8, kRemainder), true;
    case Operation::i32_clz: return select_count_zeros(value, 4, true), true;
    case Operation::i64_clz: return select_count_zeros(value, 8, true), true;
    case Operation::i32_ctz: return select_count_zeros(value, 4, false), true;
    case Operation::i64_ctz: return select_count_zeros(value, 8, false), true;
    case Operation::i32_popcnt:
    case Operation::i64_popcnt:
      if (!options_.features.popcnt) return false;
      return select_extend(value, Mnemonic::popcnt, at == Operation::i32_popcnt ? 4 : 8), true;
    case Operation::i32_extend8_s: return select_extend(value, Mnemonic::movsx8, 4), true;
    case Operation::i32_extend16_s: return select_extend(value, Mnemonic::movsx16, 4), true;
    case Operation::i64_extend8_s: return select_extend(value, Mnemonic::movsx8, 8), true;
    case Operation::i64_extend16_s: return select_extend(value, Mnemonic::movsx16, 8), true;
    case Operation::i64_extend32_s:
    case Operation::i64_extend_i32_s: return select_extend(value, Mnemonic::movsxd, 8), true;
    case Operation::i32_wrap_i64: return select_extend(value, Mnemonic::mov, 4), true;
    case Operation::select:
    case Operation::select_t: return select_select(value), true;
    case Operation::trap_if: return select_trap_if(value, false), true;
    case Operation::trap_unless: return select_trap_if(value, true), true;
    default: return select_wide(value);
  }
}

}  // namespace heddle::jit::x64
