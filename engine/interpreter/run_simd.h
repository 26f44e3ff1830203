// SPDX-License-Identifier: Apache-2.0
// Handler templates of the SIMD rows: one per kind and shape of operands, instantiated for each semantics
// type.
//
// A vector result goes to the vector accumulator and, unless the translator proved that useless, to its two
// slots.
#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include "engine/interpreter/handlers.h"
#include "engine/runtime/vector_ops.h"

namespace heddle::engine {

/// A vector operand; immediates are words 2 and 3.
template <Source kSource, unsigned kField>
[[nodiscard, gnu::always_inline]] inline Vector read_vector_operand(const Word* ip, const Slot* fp,
                                                                    Vector v) {
  if constexpr (kSource == Source::slot) {
    return read_vector(fp + field<kField>(ip));
  } else if constexpr (kSource == Source::accumulator) {
    return v;
  } else {
    return read_vector(ip + 2);
  }
}

template <Target kTarget>
[[gnu::always_inline]] inline void write_vector_result(Vector value, const Word* ip, Slot* fp, Vector& v) {
  v = value;
  if constexpr (kTarget == Target::slot) write_vector(fp + field<0>(ip), value);
}

template <class Op, Source kSource, Target kTarget>
HEDDLE_HANDLER static void vector_unary(HEDDLE_STATE) {
  const Vector value = read_vector_operand<kSource, 1>(ip, fp, v);
  write_vector_result<kTarget>(Op::apply(value), ip, fp, v);
  HEDDLE_NEXT(2);
}

/// A vector gives an i32.
template <class Op, Source kSource, Target kTarget>
HEDDLE_HANDLER static void vector_test(HEDDLE_STATE) {
  const uint32_t result = Op::apply(read_vector_operand<kSource, 1>(ip, fp, v));
  write_result<kTarget>(result, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <class Op, Source kSource, Target kTarget>
HEDDLE_HANDLER static void splat(HEDDLE_STATE) {
  const auto value = read_operand<typename Op::Argument, kSource, 1>(ip, fp, a, f, d);
  write_vector_result<kTarget>(Op::apply(value), ip, fp, v);
  HEDDLE_NEXT(2);
}

template <class Op, Pair kPair, Target kTarget>
HEDDLE_HANDLER static void vector_binary(HEDDLE_STATE) {
  const Vector left = read_vector_operand<left_of(kPair), 1>(ip, fp, v);
  const Vector right = read_vector_operand<right_of(kPair), 2>(ip, fp, v);
  write_vector_result<kTarget>(Op::apply(left, right), ip, fp, v);
  constexpr unsigned words = right_of(kPair) == Source::immediate ? 4 : 2;
  HEDDLE_NEXT(words);
}

template <class Op, unsigned kInAccumulator, Target kTarget>
HEDDLE_HANDLER static void vector_ternary(HEDDLE_STATE) {
  constexpr auto source = [](unsigned i) { return i == kInAccumulator ? Source::accumulator : Source::slot; };
  const Vector first = read_vector_operand<source(0), 1>(ip, fp, v);
  const Vector second = read_vector_operand<source(1), 2>(ip, fp, v);
  const Vector third = read_vector_operand<source(2), 3>(ip, fp, v);
  write_vector_result<kTarget>(Op::apply(first, second, third), ip, fp, v);
  HEDDLE_NEXT(2);
}

template <class Op, Source kSource, Source kCount, Target kTarget>
HEDDLE_HANDLER static void vector_shift(HEDDLE_STATE) {
  const Vector value = read_vector_operand<kSource, 1>(ip, fp, v);
  const uint32_t count = read_operand<uint32_t, kCount, 2>(ip, fp, a, f, d);
  write_vector_result<kTarget>(Op::apply(value, count), ip, fp, v);
  HEDDLE_NEXT(2);
}

/// Op is ExtractLane<T>. Narrow lanes are extended to i32, as T is signed or not.
template <class Op, Target kTarget>
HEDDLE_HANDLER static void extract_lane(HEDDLE_STATE) {
  using T = typename Op::Lane;
  using Result = std::conditional_t<std::is_floating_point_v<T> || sizeof(T) >= 4, T, int32_t>;
  T lane;
  std::memcpy(&lane, reinterpret_cast<const char*>(fp + field<1>(ip)) + field<2>(ip), sizeof lane);
  write_result<kTarget>(static_cast<Result>(lane), ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

/// All bits of one lane: read at 16 bytes minus the lane's place.
template <class T>
[[nodiscard, gnu::always_inline]] inline Vector lane_mask(uint32_t lane) {
  static constexpr auto kWindow = [] {
    std::array<uint8_t, 32> bytes{};
    for (size_t i = 0; i < sizeof(T); ++i) bytes[16 + i] = 0xff;
    return bytes;
  }();
  return read_vector(kWindow.data() + 16 - lane * sizeof(T));
}

template <class T>
[[nodiscard, gnu::always_inline]] inline Vector with_lane(Vector vector, T value, uint32_t lane) {
  return ops::Bitselect::apply(ops::Splat<T>::apply(value), vector, lane_mask<T>(lane));
}

template <class Op, Source kSource, Source kValue, Target kTarget>
HEDDLE_HANDLER static void replace_lane(HEDDLE_STATE) {
  using T = typename Op::Lane;
  const Vector vector = read_vector_operand<kSource, 1>(ip, fp, v);
  const T value = read_operand<T, kValue, 2>(ip, fp, a, f, d);
  write_vector_result<kTarget>(with_lane<T>(vector, value, field<3>(ip)), ip, fp, v);
  HEDDLE_NEXT(2);
}

// Tables.

template <class Op>
void fill_vector_unary(UnaryHandlers& row) {
  row.form[0][0] = vector_unary<Op, Source::slot, Target::slot>;
  row.form[0][1] = vector_unary<Op, Source::slot, Target::accumulator>;
  row.form[1][0] = vector_unary<Op, Source::accumulator, Target::slot>;
  row.form[1][1] = vector_unary<Op, Source::accumulator, Target::accumulator>;
}

template <class Op>
void fill_vector_test(UnaryHandlers& row) {
  row.form[0][0] = vector_test<Op, Source::slot, Target::slot>;
  row.form[0][1] = vector_test<Op, Source::slot, Target::accumulator>;
  row.form[1][0] = vector_test<Op, Source::accumulator, Target::slot>;
  row.form[1][1] = vector_test<Op, Source::accumulator, Target::accumulator>;
}

template <class Op>
void fill_splat(UnaryHandlers& row) {
  row.form[0][0] = splat<Op, Source::slot, Target::slot>;
  row.form[0][1] = splat<Op, Source::slot, Target::accumulator>;
  row.form[1][0] = splat<Op, Source::accumulator, Target::slot>;
  row.form[1][1] = splat<Op, Source::accumulator, Target::accumulator>;
}

template <class Op, Pair kPair>
void fill_vector_pair(BinaryHandlers& row) {
  row.form[static_cast<unsigned>(kPair)][0] = vector_binary<Op, kPair, Target::slot>;
  row.form[static_cast<unsigned>(kPair)][1] = vector_binary<Op, kPair, Target::accumulator>;
}

/// A constant on the left is stored first: it is rare.
template <class Op>
void fill_vector_binary(BinaryHandlers& row, bool swaps) {
  fill_vector_pair<Op, Pair::slot_slot>(row);
  fill_vector_pair<Op, Pair::slot_immediate>(row);
  fill_vector_pair<Op, Pair::accumulator_slot>(row);
  fill_vector_pair<Op, Pair::accumulator_immediate>(row);
  if (!swaps) fill_vector_pair<Op, Pair::slot_accumulator>(row);
}

template <class Op, unsigned kInAccumulator>
void fill_ternary_form(TernaryHandlers& row) {
  row.form[kInAccumulator][0] = vector_ternary<Op, kInAccumulator, Target::slot>;
  row.form[kInAccumulator][1] = vector_ternary<Op, kInAccumulator, Target::accumulator>;
}

template <class Op>
void fill_ternary(TernaryHandlers& row) {
  fill_ternary_form<Op, 0>(row);
  fill_ternary_form<Op, 1>(row);
  fill_ternary_form<Op, 2>(row);
  fill_ternary_form<Op, TernaryHandlers::kNone>(row);
}

template <class Op, Source kSource, Source kCount>
void fill_shift_form(ShiftHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kSource)][static_cast<unsigned>(kCount)];
  form[0] = vector_shift<Op, kSource, kCount, Target::slot>;
  form[1] = vector_shift<Op, kSource, kCount, Target::accumulator>;
}

template <class Op>
void fill_shift(ShiftHandlers& row) {
  fill_shift_form<Op, Source::slot, Source::slot>(row);
  fill_shift_form<Op, Source::slot, Source::accumulator>(row);
  fill_shift_form<Op, Source::slot, Source::immediate>(row);
  fill_shift_form<Op, Source::accumulator, Source::slot>(row);
  fill_shift_form<Op, Source::accumulator, Source::accumulator>(row);
  fill_shift_form<Op, Source::accumulator, Source::immediate>(row);
}

template <class Op, Source kSource, Source kValue>
void fill_replace_form(ReplaceHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kSource)][static_cast<unsigned>(kValue)];
  form[0] = replace_lane<Op, kSource, kValue, Target::slot>;
  form[1] = replace_lane<Op, kSource, kValue, Target::accumulator>;
}

template <class Op>
void fill_replace(ReplaceHandlers& row) {
  fill_replace_form<Op, Source::slot, Source::slot>(row);
  fill_replace_form<Op, Source::slot, Source::accumulator>(row);
  fill_replace_form<Op, Source::accumulator, Source::slot>(row);
  fill_replace_form<Op, Source::accumulator, Source::accumulator>(row);
}

/// The handlers of a computing row, by its signature and immediate.
template <Opcode kOpcode, class Op>
void fill_simd_row(HandlerTable& table) {
  constexpr size_t index = static_cast<size_t>(kOpcode);
  constexpr std::string_view signature = info(kOpcode).signature;
  constexpr bool has_lane = info(kOpcode).immediate == Immediate::lane;
  if constexpr (info(kOpcode).immediate == Immediate::shuffle || signature == ":v") {
    return;  // one handler for the one row: run_simd_control.cpp
  } else if constexpr (signature == "v:v") {
    fill_vector_unary<Op>(table.unary[index]);
  } else if constexpr (signature == "vv:v") {
    fill_vector_binary<Op>(table.binary[index], swapped_operands(kOpcode).has_value());
  } else if constexpr (signature == "vvv:v") {
    fill_ternary<Op>(table.simd.ternary[index]);
  } else if constexpr (signature == "vi:v" && !has_lane) {
    fill_shift<Op>(table.simd.shift[index]);
  } else if constexpr (has_lane && signature.size() == 3) {
    table.simd.extract[index].form[0] = extract_lane<Op, Target::slot>;
    table.simd.extract[index].form[1] = extract_lane<Op, Target::accumulator>;
  } else if constexpr (has_lane) {
    fill_replace<Op>(table.simd.replace[index]);
  } else if constexpr (signature == "v:i") {
    fill_vector_test<Op>(table.unary[index]);
  } else {
    fill_splat<Op>(table.unary[index]);
  }
}

/// The native handlers of a relaxed row.
template <Opcode kOpcode, class Op>
void fill_native_row(HandlerTable& table) {
  constexpr size_t index = static_cast<size_t>(kOpcode) - kFirstRelaxed;
  constexpr std::string_view signature = info(kOpcode).signature;
  if constexpr (signature == "v:v") {
    fill_vector_unary<Op>(table.native.unary[index]);
  } else if constexpr (signature == "vv:v") {
    fill_vector_binary<Op>(table.native.binary[index], swapped_operands(kOpcode).has_value());
  } else {
    fill_ternary<Op>(table.native.ternary[index]);
  }
}

template <Opcode kOpcode, class Op>
struct SimdRow {
  static void fill(HandlerTable& table) { fill_simd_row<kOpcode, Op>(table); }
};
template <Opcode kOpcode, class D, class N>
struct SimdRow<kOpcode, ops::Relaxed<D, N>> {
  static void fill(HandlerTable& table) {
    fill_simd_row<kOpcode, D>(table);
    fill_native_row<kOpcode, N>(table);
  }
};

/// Which of the run_simd_*.cpp instantiates a row: those whose mnemonic begins with f, or whose does not.
template <Opcode kOpcode>
inline constexpr bool kIsFloatRow = info(kOpcode).text[0] == 'f';

template <bool kFloats>
void add_simd_rows(HandlerTable& table) {
  using namespace ops;
#define WASM_SIMD(name, code, text, immediate, signature, feature, ...) \
  if constexpr (kIsFloatRow<Opcode::name> == kFloats) SimdRow<Opcode::name, __VA_ARGS__>::fill(table);
#define WASM_SIMD_ACCESS(...)
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
