// SPDX-License-Identifier: Apache-2.0
// Vectors: rows that are one instruction or a few. C++ computes the others (select_row_call).
#include "jit/x64/selector.h"
#include "jit/x64/vector_rows.h"

namespace heddle::jit::x64 {

// ------------------------------------------------------------------------------------------------- loads and
// stores

void Selector::select_load_splat(Value value, unsigned bytes) {
  const VirtualRegister result = define(value);
  const Address address = address_of(value);
  if (bytes == 8) {
    add(Mnemonic::movddup, Form::rm, 16, {write(result)}, address);
    return;
  }
  if (bytes == 4) {
    const VirtualRegister lane = vector(16);
    add(Mnemonic::movss, Form::rm, 4, {write(lane)}, address);
    add(Mnemonic::pshufd, Form::rri, 16, {write(result), read(lane)}).immediate = 0;
    return;
  }
  const VirtualRegister lane = general();
  add(bytes == 1 ? Mnemonic::movzx8 : Mnemonic::movzx16, Form::rm, 4, {write(lane)}, address);
  splat(result, lane, bytes);
}

/// (address, vector)
void Selector::select_load_lane(Value value, unsigned bytes) {
  constexpr Mnemonic kInsert[] = {Mnemonic::pinsrb, Mnemonic::pinsrw, Mnemonic::pinsrd, Mnemonic::pinsrq};
  const VirtualRegister result = define(value), from = use(argument(value, 1));
  const Address address = address_of(value);
  add(kInsert[std::countr_zero(bytes)], Form::rmi, bytes, {write_tied(result, 1), read(from)}, address)
      .immediate = static_cast<int64_t>(node(value).extra);
}

void Selector::select_store_lane(Value value, unsigned bytes) {
  constexpr Mnemonic kExtract[] = {Mnemonic::pextrb, Mnemonic::pextrw, Mnemonic::pextrd, Mnemonic::pextrq};
  const VirtualRegister from = use(argument(value, 1));
  const Address address = address_of(value);
  const auto lane = static_cast<int64_t>(node(value).extra);
  if (lane == 0 && bytes >= 4) {
    add(bytes == 4 ? Mnemonic::movss : Mnemonic::movsd, Form::mr, bytes, {read(from)}, address);
    return;
  }
  add(kExtract[std::countr_zero(bytes)], Form::mri, bytes, {read(from)}, address).immediate = lane;
}

bool Selector::select_vector_access(Value value) {
  const auto load = [&](Mnemonic mnemonic, unsigned width) {
    const VirtualRegister result = define(value);
    add(mnemonic, Form::rm, width, {write(result)}, address_of(value));
    return true;
  };
  switch (operation(value)) {
    case Operation::v128_load8x8_s: return load(Mnemonic::pmovsxbw, 8);
    case Operation::v128_load8x8_u: return load(Mnemonic::pmovzxbw, 8);
    case Operation::v128_load16x4_s: return load(Mnemonic::pmovsxwd, 8);
    case Operation::v128_load16x4_u: return load(Mnemonic::pmovzxwd, 8);
    case Operation::v128_load32x2_s: return load(Mnemonic::pmovsxdq, 8);
    case Operation::v128_load32x2_u: return load(Mnemonic::pmovzxdq, 8);
    case Operation::v128_load32_zero: return load(Mnemonic::movss, 4);
    case Operation::v128_load64_zero: return load(Mnemonic::movsd, 8);
    case Operation::v128_load8_splat: return select_load_splat(value, 1), true;
    case Operation::v128_load16_splat: return select_load_splat(value, 2), true;
    case Operation::v128_load32_splat: return select_load_splat(value, 4), true;
    case Operation::v128_load64_splat: return select_load_splat(value, 8), true;
    case Operation::v128_load8_lane: return select_load_lane(value, 1), true;
    case Operation::v128_load16_lane: return select_load_lane(value, 2), true;
    case Operation::v128_load32_lane: return select_load_lane(value, 4), true;
    case Operation::v128_load64_lane: return select_load_lane(value, 8), true;
    case Operation::v128_store8_lane: return select_store_lane(value, 1), true;
    case Operation::v128_store16_lane: return select_store_lane(value, 2), true;
    case Operation::v128_store32_lane: return select_store_lane(value, 4), true;
    case Operation::v128_store64_lane: return select_store_lane(value, 8), true;
    default: return false;
  }
}

// ------------------------------------------------------------------------------------------------------------
// lanes

void Selector::splat(VirtualRegister result, VirtualRegister lane, unsigned bytes) {
  const VirtualRegister low = vector(16);
  add(bytes == 8 ? Mnemonic::movq : Mnemonic::movd, Form::rr, bytes == 8 ? 8 : 4, {write(low), read(lane)});
  switch (bytes) {
    case 1: {
      const VirtualRegister zero = vector(16);
      add(Mnemonic::zero_vector, Form::pseudo, 16, {write(zero)});
      vectors(Mnemonic::pshufb, result, low, zero);
      break;
    }
    case 2: {
      const VirtualRegister half = vector(16);
      shuffle(Mnemonic::pshuflw, half, low, 0);
      shuffle(Mnemonic::pshufd, result, half, 0);
      break;
    }
    case 4: shuffle(Mnemonic::pshufd, result, low, 0); break;
    default: shuffle(Mnemonic::pshufd, result, low, 0x44); break;
  }
}

void Selector::select_extract(Value value, unsigned bytes, bool sign_extends) {
  const VirtualRegister result = define(value), from = use(argument(value, 0));
  const auto lane = static_cast<int64_t>(node(value).immediate);
  if (bytes >= 4 && lane == 0) {
    add(bytes == 4 ? Mnemonic::movd : Mnemonic::movq, Form::rr, bytes, {write(result), read(from)});
    return;
  }
  constexpr Mnemonic kExtract[] = {Mnemonic::pextrb, Mnemonic::pextrw, Mnemonic::pextrd, Mnemonic::pextrq};
  const VirtualRegister raw = sign_extends ? general() : result;
  add(kExtract[std::countr_zero(bytes)], Form::rri, bytes == 8 ? 8 : 4, {write(raw), read(from)}).immediate =
      lane;
  if (sign_extends) {
    add(bytes == 1 ? Mnemonic::movsx8 : Mnemonic::movsx16, Form::rr, 4, {write(result), read(raw)});
  }
}

void Selector::select_extract_float(Value value, unsigned bytes) {
  const VirtualRegister result = define(value), from = use(argument(value, 0));
  const auto lane = static_cast<int64_t>(node(value).immediate);
  if (lane == 0) return move(result, from, RegisterClass::vector);
  shuffle(Mnemonic::pshufd, result, from, bytes == 4 ? lane : 0xee);
}

void Selector::select_replace(Value value, unsigned bytes) {
  constexpr Mnemonic kInsert[] = {Mnemonic::pinsrb, Mnemonic::pinsrw, Mnemonic::pinsrd, Mnemonic::pinsrq};
  const VirtualRegister result = define(value), from = use(argument(value, 0)),
                        lane = use(argument(value, 1));
  add(kInsert[std::countr_zero(bytes)], Form::rri, bytes, {write_tied(result, 1), read(from), read(lane)})
      .immediate = static_cast<int64_t>(node(value).immediate);
}

void Selector::select_replace_float(Value value, unsigned bytes) {
  const VirtualRegister result = define(value), from = use(argument(value, 0)),
                        lane = use(argument(value, 1));
  const auto which = static_cast<int64_t>(node(value).immediate);
  if (bytes == 4) {
    add(Mnemonic::insertps, Form::rri, 16, {write_tied(result, 1), read(from), read(lane)}).immediate = which
                                                                                                        << 4;
  } else if (which == 0) {
    add(Mnemonic::movsd, Form::rr, 16, {write_tied(result, 1), read(from), read(lane)});
  } else {
    vectors(Mnemonic::movlhps, result, from, lane);
  }
}

// ---------------------------------------------------------------------------------------------- whole
// vectors

/// result = left op right.
void Selector::vectors(Mnemonic mnemonic, VirtualRegister result, VirtualRegister left,
                       VirtualRegister right) {
  add(mnemonic, Form::rr, 16, {write_tied(result, 1), read(left), read(right)});
}

void Selector::vector_with(Mnemonic mnemonic, VirtualRegister result, VirtualRegister left, uint64_t low,
                           uint64_t high) {
  add(mnemonic, Form::rm, 16, {write_tied(result, 1), read(left)}, literal_address(low, high, 16));
}

/// result = the source's lanes in another order.
void Selector::shuffle(Mnemonic mnemonic, VirtualRegister result, VirtualRegister from, int64_t order) {
  add(mnemonic, Form::rri, 16, {write(result), read(from)}).immediate = order;
}

VirtualRegister Selector::vector_literal(uint64_t low, uint64_t high) {
  const VirtualRegister reg = vector(16);
  if (low == 0 && high == 0) {
    add(Mnemonic::zero_vector, Form::pseudo, 16, {write(reg)});
  } else {
    add(Mnemonic::movaps, Form::rm, 16, {write(reg)}, literal_address(low, high, 16));
  }
  out_.instructions.back().is_repeatable = true;
  return reg;
}

void Selector::select_bitselect(Value value) {
  const VirtualRegister result = define(value), ones = vector(16), zeros = vector(16);
  const VirtualRegister a = use(argument(value, 0)), b = use(argument(value, 1)),
                        mask = use(argument(value, 2));
  vectors(Mnemonic::pand, ones, a, mask);
  vectors(Mnemonic::pandn, zeros, mask, b);
  vectors(Mnemonic::por, result, ones, zeros);
}

/// Bytes of either operand by a constant: a byte that is beyond gives zero, so both halves are joined by
/// `or`.
bool Selector::is_zero_vector(Value value) const {
  const Node& at = node(value);
  return at.operation == Operation::v128_const && at.immediate == 0 && at.extra == 0;
}

void Selector::select_shuffle(Value value) {
  const Node& at = node(value);
  uint64_t lanes[2] = {at.immediate, at.extra};
  uint64_t of_left[2] = {}, of_right[2] = {};
  bool any_left = false, any_right = false;
  const bool zero_left = is_zero_vector(argument(value, 0)), zero_right = is_zero_vector(argument(value, 1));
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned lane = lanes[i / 8] >> (i % 8 * 8) & 31, at_bit = i % 8 * 8;
    // What the other operand gives is zero here, so lanes of a zero need no operand.
    if (lane < 16) any_left |= !zero_left;
    if (lane >= 16) any_right |= !zero_right;
    of_left[i / 8] |= uint64_t{lane < 16 ? lane : 0x80} << at_bit;
    of_right[i / 8] |= uint64_t{lane >= 16 ? lane - 16 : 0x80} << at_bit;
  }
  const VirtualRegister result = define(value);
  if (!any_right) {
    return vector_with(Mnemonic::pshufb, result, use(argument(value, 0)), of_left[0], of_left[1]);
  }
  if (!any_left) {
    return vector_with(Mnemonic::pshufb, result, use(argument(value, 1)), of_right[0], of_right[1]);
  }
  const VirtualRegister left = use(argument(value, 0)), right = use(argument(value, 1));
  const VirtualRegister first = vector(16), second = vector(16);
  vector_with(Mnemonic::pshufb, first, left, of_left[0], of_left[1]);
  vector_with(Mnemonic::pshufb, second, right, of_right[0], of_right[1]);
  vectors(Mnemonic::por, result, first, second);
}

/// Indices of at least 16 give zero; the processor asks for their highest bit instead.
void Selector::select_swizzle(Value value, bool native) {
  const VirtualRegister result = define(value), from = use(argument(value, 0)),
                        indices = use(argument(value, 1));
  if (native) return vectors(Mnemonic::pshufb, result, from, indices);
  const VirtualRegister high = vector(16);
  vector_with(Mnemonic::paddusb, high, indices, 0x7070707070707070, 0x7070707070707070);
  vectors(Mnemonic::pshufb, result, from, high);
}

/// By a count that is taken modulo the lanes' width.
void Selector::select_vector_shift(Value value, Mnemonic mnemonic, unsigned bits) {
  const VirtualRegister result = define(value), from = use(argument(value, 0));
  if (const auto constant = integer_constant(argument(value, 1))) {
    add(mnemonic, Form::ri, 16, {write_tied(result, 1), read(from)}).immediate = *constant & (bits - 1);
    return;
  }
  const VirtualRegister count = use(argument(value, 1)), masked = general(), by = vector(16);
  two_address_immediate(Mnemonic::and_, 4, masked, count, bits - 1);
  add(Mnemonic::movd, Form::rr, 4, {write(by), read(masked)});
  vectors(mnemonic, result, from, by);
}

void Selector::select_vector_test(Value value, bool all, Mnemonic equal) {
  const VirtualRegister result = define(value);
  VirtualRegister from = use(argument(value, 0));
  if (all) {  // is none of the lanes equal to zero?
    const VirtualRegister zero = vector_literal(0, 0), zeros = vector(16);
    vectors(equal, zeros, zero, from);
    from = zeros;
  }
  add(Mnemonic::ptest, Form::rr, 16, {read(from), read(from)});
  materialize({all ? Condition::equal : Condition::not_equal, FlagsTest::Kind::plain}, result);
}

void Selector::select_bitmask(Value value, unsigned lane_bytes) {
  const VirtualRegister result = define(value), from = use(argument(value, 0));
  switch (lane_bytes) {
    case 1: add(Mnemonic::pmovmskb, Form::rr, 4, {write(result), read(from)}); return;
    case 4: add(Mnemonic::movmskps, Form::rr, 4, {write(result), read(from)}); return;
    case 8: add(Mnemonic::movmskpd, Form::rr, 4, {write(result), read(from)}); return;
    default: break;
  }
  const VirtualRegister packed = vector(16), both = general();
  vectors(Mnemonic::packsswb, packed, from, from);
  add(Mnemonic::pmovmskb, Form::rr, 4, {write(both), read(packed)});
  add(Mnemonic::movzx8, Form::rr, 4, {write(result), read(both)});
}

/// Lanes of the low or the high half, extended to twice their width.
VirtualRegister Selector::extended(VirtualRegister from, Mnemonic extension, bool high) {
  if (high) {
    const VirtualRegister low = vector(16);
    shuffle(Mnemonic::pshufd, low, from, 0xee);
    from = low;
  }
  const VirtualRegister result = vector(16);
  add(extension, Form::rr, 16, {write(result), read(from)});
  return result;
}

void Selector::select_extended_product(Value value, Mnemonic extension, bool high, Mnemonic product) {
  const VirtualRegister result = define(value), a = use(argument(value, 0)), b = use(argument(value, 1));
  const VirtualRegister left = extended(a, extension, high), right = extended(b, extension, high);
  vectors(product, result, left, right);
}

namespace {

/// May the operands of the mnemonic be exchanged?
constexpr auto kCommutes = [] {
  std::array<bool, kMnemonicCount> commute{};
#define X64_THREE_OPERANDS(mnemonic, id, commutes) \
  commute[static_cast<size_t>(Mnemonic::mnemonic)] = commutes;
#include "jit/x64/three_operands.def"
  return commute;
}();

}  // namespace

/// A literal, or with AVX a load, is read where it is.
void Selector::select_vector_binary(Value value, const VectorRow& row) {
  const bool exchanged = row.shape == VectorRow::Shape::exchanged;
  const VirtualRegister result = define(value);
  Value left = argument(value, exchanged ? 1 : 0), right = argument(value, exchanged ? 0 : 1);
  const auto is_literal = [this](Value each) {
    return operation(each) == Operation::v128_const && !is_zero_vector(each);
  };
  const auto in_memory = [&](Value each) {
    return is_literal(each) || (has_three_operands(row.mnemonic) && is_vector_load_here(each));
  };
  if (kCommutes[static_cast<size_t>(row.mnemonic)] && in_memory(left) && !in_memory(right))
    std::swap(left, right);
  const bool is_plain = !row.inverted && row.immediate < 0;
  const VirtualRegister a = use(left);
  if (is_plain && is_literal(right)) {
    return vector_with(row.mnemonic, result, a, node(right).immediate, node(right).extra);
  }
  if (is_plain && in_memory(right)) {
    const Address address = load_here(right);
    add(row.mnemonic, Form::rm, 16, {write_tied(result, 1), read(a)}, address);
    return;
  }
  const VirtualRegister b = use(right);
  if (is_plain) return vectors(row.mnemonic, result, a, b);
  if (!row.inverted) {
    add(row.mnemonic, Form::rri, 16, {write_tied(result, 1), read(a), read(b)}).immediate = row.immediate;
    return;
  }
  const VirtualRegister opposite = vector(16);
  vectors(row.mnemonic, opposite, a, b);
  vector_with(Mnemonic::pxor, result, opposite, ~uint64_t{0}, ~uint64_t{0});
}

bool Selector::select_vector_row(Value value, const VectorRow& row) {
  switch (row.shape) {
    case VectorRow::Shape::binary:
    case VectorRow::Shape::exchanged: return select_vector_binary(value, row), true;
    case VectorRow::Shape::unary: {
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      const bool has_immediate = row.immediate >= 0;
      add(row.mnemonic, has_immediate ? Form::rri : Form::rr, 16, {write(result), read(from)}).immediate =
          has_immediate ? row.immediate : 0;
      return true;
    }
    case VectorRow::Shape::constant: {
      const VirtualRegister result = define(value), from = use(argument(value, 0));
      return vector_with(row.mnemonic, result, from, row.literal, row.literal), true;
    }
    case VectorRow::Shape::from_zero: {
      const VirtualRegister result = define(value), from = use(argument(value, 0)),
                            zero = vector_literal(0, 0);
      return vectors(row.mnemonic, result, zero, from), true;
    }
    case VectorRow::Shape::extend_low:
    case VectorRow::Shape::extend_high: {
      const VirtualRegister from = use(argument(value, 0));
      const VirtualRegister made = extended(from, row.mnemonic, row.shape == VectorRow::Shape::extend_high);
      move(define(value), made, RegisterClass::vector);
      return true;
    }
    case VectorRow::Shape::product_low:
    case VectorRow::Shape::product_high:
      select_extended_product(value, row.mnemonic, row.shape == VectorRow::Shape::product_high, row.second);
      return true;
    case VectorRow::Shape::shift:
      return select_vector_shift(value, row.mnemonic, static_cast<unsigned>(row.immediate)), true;
  }
  return false;
}

bool Selector::select_simd(Value value) {
  if (select_vector_access(value)) return true;
  if (const auto row = vector_row(operation(value), options_.features)) return select_vector_row(value, *row);
  switch (operation(value)) {
    case Operation::i8x16_splat: return splat(define(value), use(argument(value, 0)), 1), true;
    case Operation::i16x8_splat: return splat(define(value), use(argument(value, 0)), 2), true;
    case Operation::i32x4_splat: return splat(define(value), use(argument(value, 0)), 4), true;
    case Operation::i64x2_splat: return splat(define(value), use(argument(value, 0)), 8), true;
    case Operation::f32x4_splat:
      return shuffle(Mnemonic::pshufd, define(value), use(argument(value, 0)), 0), true;
    case Operation::f64x2_splat:
      return shuffle(Mnemonic::pshufd, define(value), use(argument(value, 0)), 0x44), true;
    case Operation::i8x16_extract_lane_s: return select_extract(value, 1, true), true;
    case Operation::i8x16_extract_lane_u: return select_extract(value, 1, false), true;
    case Operation::i16x8_extract_lane_s: return select_extract(value, 2, true), true;
    case Operation::i16x8_extract_lane_u: return select_extract(value, 2, false), true;
    case Operation::i32x4_extract_lane: return select_extract(value, 4, false), true;
    case Operation::i64x2_extract_lane: return select_extract(value, 8, false), true;
    case Operation::f32x4_extract_lane: return select_extract_float(value, 4), true;
    case Operation::f64x2_extract_lane: return select_extract_float(value, 8), true;
    case Operation::i8x16_replace_lane: return select_replace(value, 1), true;
    case Operation::i16x8_replace_lane: return select_replace(value, 2), true;
    case Operation::i32x4_replace_lane: return select_replace(value, 4), true;
    case Operation::i64x2_replace_lane: return select_replace(value, 8), true;
    case Operation::f32x4_replace_lane: return select_replace_float(value, 4), true;
    case Operation::f64x2_replace_lane: return select_replace_float(value, 8), true;
    case Operation::v128_bitselect:
    case Operation::i8x16_relaxed_laneselect:
    case Operation::i16x8_relaxed_laneselect:
    case Operation::i32x4_relaxed_laneselect:
    case Operation::i64x2_relaxed_laneselect:
      if (operation(value) != Operation::v128_bitselect && node(value).immediate != 0) return false;
      return select_bitselect(value), true;
    case Operation::i8x16_shuffle: return select_shuffle(value), true;
    case Operation::i8x16_swizzle: return select_swizzle(value, false), true;
    case Operation::i8x16_relaxed_swizzle: return select_swizzle(value, node(value).immediate != 0), true;
    case Operation::v128_any_true: return select_vector_test(value, false, Mnemonic::ptest), true;
    case Operation::i8x16_all_true: return select_vector_test(value, true, Mnemonic::pcmpeqb), true;
    case Operation::i16x8_all_true: return select_vector_test(value, true, Mnemonic::pcmpeqw), true;
    case Operation::i32x4_all_true: return select_vector_test(value, true, Mnemonic::pcmpeqd), true;
    case Operation::i64x2_all_true: return select_vector_test(value, true, Mnemonic::pcmpeqq), true;
    case Operation::i8x16_bitmask: return select_bitmask(value, 1), true;
    case Operation::i16x8_bitmask: return select_bitmask(value, 2), true;
    case Operation::i32x4_bitmask: return select_bitmask(value, 4), true;
    case Operation::i64x2_bitmask: return select_bitmask(value, 8), true;
    default: return select_vector_arithmetic(value);
  }
}

}  // namespace heddle::jit::x64
