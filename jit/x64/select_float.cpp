// SPDX-License-Identifier: Apache-2.0
// Arithmetic of floats, and conversions between them and integers.
#include "jit/x64/emitter.h"
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

struct FloatRow {
  Mnemonic mnemonic;
  unsigned width;
  bool commutes;
};

std::optional<FloatRow> binary_row(Operation operation) {
  switch (operation) {
    case Operation::f32_add: return {{Mnemonic::addss, 4, true}};
    case Operation::f64_add: return {{Mnemonic::addsd, 8, true}};
    case Operation::f32_sub: return {{Mnemonic::subss, 4, false}};
    case Operation::f64_sub: return {{Mnemonic::subsd, 8, false}};
    case Operation::f32_mul: return {{Mnemonic::mulss, 4, true}};
    case Operation::f64_mul: return {{Mnemonic::mulsd, 8, true}};
    case Operation::f32_div: return {{Mnemonic::divss, 4, false}};
    case Operation::f64_div: return {{Mnemonic::divsd, 8, false}};
    default: return std::nullopt;
  }
}

/// What the processor calls the direction, and that it is not to report that it rounded.
std::optional<int64_t> rounding_of(Operation operation) {
  switch (operation) {
    case Operation::f32_nearest:
    case Operation::f64_nearest: return 8;
    case Operation::f32_floor:
    case Operation::f64_floor: return 9;
    case Operation::f32_ceil:
    case Operation::f64_ceil: return 10;
    case Operation::f32_trunc:
    case Operation::f64_trunc: return 11;
    default: return std::nullopt;
  }
}

constexpr uint64_t sign_of(unsigned width) { return width == 4 ? 0x8000000080000000 : uint64_t{1} << 63; }

std::optional<int64_t> truncation_of(Operation operation) {
  constexpr int64_t kDouble = Truncation::kFromDouble, kTo64 = Truncation::kTo64,
                    kSigned = Truncation::kSigned, kSaturate = Truncation::kSaturate;
  switch (operation) {
    case Operation::i32_trunc_f32_s: return kSigned;
    case Operation::i32_trunc_f32_u: return 0;
    case Operation::i32_trunc_f64_s: return kDouble | kSigned;
    case Operation::i32_trunc_f64_u: return kDouble;
    case Operation::i64_trunc_f32_s: return kTo64 | kSigned;
    case Operation::i64_trunc_f32_u: return kTo64;
    case Operation::i64_trunc_f64_s: return kTo64 | kDouble | kSigned;
    case Operation::i64_trunc_f64_u: return kTo64 | kDouble;
    case Operation::i32_trunc_sat_f32_s: return kSaturate | kSigned;
    case Operation::i32_trunc_sat_f32_u: return kSaturate;
    case Operation::i32_trunc_sat_f64_s: return kSaturate | kDouble | kSigned;
    case Operation::i32_trunc_sat_f64_u: return kSaturate | kDouble;
    case Operation::i64_trunc_sat_f32_s: return kSaturate | kTo64 | kSigned;
    case Operation::i64_trunc_sat_f32_u: return kSaturate | kTo64;
    case Operation::i64_trunc_sat_f64_s: return kSaturate | kTo64 | kDouble | kSigned;
    case Operation::i64_trunc_sat_f64_u: return kSaturate | kTo64 | kDouble;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Address> Selector::float_constant_address(Value value) {
  const Node& constant = node(value);
  if (constant.operation == Operation::f32_const)
    return literal_address(static_cast<uint32_t>(constant.immediate), 0, 4);
  if (constant.operation == Operation::f64_const) return literal_address(constant.immediate, 0, 8);
  return std::nullopt;
}

void Selector::select_float_binary(Value value, Mnemonic mnemonic, unsigned width, bool commutes) {
  Value left = argument(value, 0), right = argument(value, 1);
  const VirtualRegister result = define(value);
  if (commutes) {
    const auto in_memory = [&](Value each) {
      return operation(each) == Operation::f32_const || operation(each) == Operation::f64_const ||
             is_load_here(each, width);
    };
    if (in_memory(left) && !in_memory(right)) std::swap(left, right);
    // What dies here gives its register to the result.
    else if (!in_memory(right) && selected_[left].uses > 1 && selected_[right].uses == 1)
      std::swap(left, right);
  }
  const VirtualRegister first = use(left);
  if (const auto address = float_constant_address(right)) {
    add(mnemonic, Form::rm, width, {write_tied(result, 1), read(first)}, *address);
    return;
  }
  operate(mnemonic, width, result, first, right);
}

/// result = value op the mask, in all lanes.
void Selector::mask_float(Mnemonic mnemonic, VirtualRegister result, VirtualRegister value, uint64_t mask) {
  add(mnemonic, Form::rm, 16, {write_tied(result, 1), read(value)}, literal_address(mask, mask, 16));
}

void Selector::select_copysign(Value value, unsigned width) {
  const VirtualRegister result = define(value), magnitude = vector(), sign = vector();
  const VirtualRegister left = use(argument(value, 0)), right = use(argument(value, 1));
  mask_float(Mnemonic::andps, magnitude, left, ~sign_of(width));
  mask_float(Mnemonic::andps, sign, right, sign_of(width));
  add(Mnemonic::orps, Form::rr, 16, {write_tied(result, 1), read(magnitude), read(sign)});
}

/// From an integer register of `bits` bytes. The zero breaks the dependency on what the register held before.
void Selector::select_convert(Value value, Mnemonic mnemonic, unsigned bytes) {
  const VirtualRegister result = define(value), from = use(argument(value, 0)), zero = vector();
  add(Mnemonic::zero_vector, Form::pseudo, 16, {write(zero)});
  add(mnemonic, Form::rr, bytes, {write_tied(result, 1), read(zero), read_anywhere(from)});
}

void Selector::select_float_unary(Value value, Mnemonic mnemonic, Form form, unsigned width,
                                  int64_t immediate) {
  const VirtualRegister result = define(value);
  add(mnemonic, form, width, {write(result), read_anywhere(use(argument(value, 0)))}).immediate = immediate;
}

bool Selector::select_conversion(Value value) {
  const Operation at = operation(value);
  if (const auto truncation = truncation_of(at)) {
    if ((*truncation & Truncation::kSaturate) == 0) out_.has_frame = true;
    const VirtualRegister result = define(value), from = use(argument(value, 0));
    add(Mnemonic::truncate, Form::pseudo, 8, {write(result), read(from)}).immediate = *truncation;
    return true;
  }
  switch (at) {
    case Operation::f32_convert_i32_s: return select_convert(value, Mnemonic::cvtsi2ss, 4), true;
    case Operation::f64_convert_i32_s: return select_convert(value, Mnemonic::cvtsi2sd, 4), true;
    case Operation::f32_convert_i32_u:
    case Operation::f32_convert_i64_s: return select_convert(value, Mnemonic::cvtsi2ss, 8), true;
    case Operation::f64_convert_i32_u:
    case Operation::f64_convert_i64_s: return select_convert(value, Mnemonic::cvtsi2sd, 8), true;
    case Operation::f32_convert_i64_u:
    case Operation::f64_convert_i64_u: {
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      add(Mnemonic::convert_u64, Form::pseudo, at == Operation::f32_convert_i64_u ? 4 : 8,
          {write(result), read(from)});
      return true;
    }
    case Operation::f32_demote_f64:
      return select_float_unary(value, Mnemonic::cvtsd2ss, Form::rr, 8, 0), true;
    case Operation::f64_promote_f32:
      return select_float_unary(value, Mnemonic::cvtss2sd, Form::rr, 4, 0), true;
    case Operation::i32_reinterpret_f32:
    case Operation::i64_reinterpret_f64:
    case Operation::f32_reinterpret_i32:
    case Operation::f64_reinterpret_i64: {
      const bool narrow = at == Operation::i32_reinterpret_f32 || at == Operation::f32_reinterpret_i32;
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      add(narrow ? Mnemonic::movd : Mnemonic::movq, Form::rr, narrow ? 4 : 8, {write(result), read(from)});
      return true;
    }
    default: return false;
  }
}

bool Selector::select_float(Value value) {
  const Operation at = operation(value);
  if (const auto row = binary_row(at))
    return select_float_binary(value, row->mnemonic, row->width, row->commutes), true;
  const bool narrow = node(value).type == Type::f32;
  const unsigned width = narrow ? 4 : 8;
  if (const auto rounding = rounding_of(at)) {
    return select_float_unary(value, narrow ? Mnemonic::roundss : Mnemonic::roundsd, Form::rri, width,
                              *rounding),
           true;
  }
  switch (at) {
    case Operation::f32_sqrt:
    case Operation::f64_sqrt:
      return select_float_unary(value, narrow ? Mnemonic::sqrtss : Mnemonic::sqrtsd, Form::rr, width, 0),
             true;
    case Operation::f32_abs:
    case Operation::f64_abs: {
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      return mask_float(Mnemonic::andps, result, from, ~sign_of(width)), true;
    }
    case Operation::f32_neg:
    case Operation::f64_neg: {
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      return mask_float(Mnemonic::xorps, result, from, sign_of(width)), true;
    }
    case Operation::f32_copysign:
    case Operation::f64_copysign: return select_copysign(value, width), true;
    case Operation::f32_min:
    case Operation::f64_min:
    case Operation::f32_max:
    case Operation::f64_max: {
      const bool minimum = at == Operation::f32_min || at == Operation::f64_min;
      const VirtualRegister result = define(value), left = use(argument(value, 0)),
                            right = use(argument(value, 1));
      add(minimum ? Mnemonic::float_min : Mnemonic::float_max, Form::pseudo, width,
          {write_tied(result, 1), read(left), read_late(right)});
      return true;
    }
    default: return select_conversion(value);
  }
}

}  // namespace heddle::jit::x64
