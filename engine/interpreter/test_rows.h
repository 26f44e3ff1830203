// SPDX-License-Identifier: Apache-2.0
// The numeric rows of opcodes.def as data for tests: what each computes, interesting values, and their text.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "engine/interpreter/test_world.h"
#include "engine/opcodes/opcode.h"
#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::engine {

/// A numeric row with its semantics type behind a function pointer. Values are slots, as at run time.
struct NumericRow {
  Opcode opcode;
  Outcome (*apply)(Slot left, Slot right);  ///< a unary row ignores `right`

  [[nodiscard]] const OpcodeInfo& row() const { return info(opcode); }
  [[nodiscard]] bool binary() const { return row().signature[1] != ':'; }
  [[nodiscard]] char operand() const { return row().signature[0]; }
  [[nodiscard]] char result() const { return row().signature.back(); }
};

template <class T>
[[nodiscard]] Slot to_slot(T value) {
  Slot slot = 0;
  write_slot(&slot, value);
  return slot;
}

template <class Op>
Outcome apply_binary(Slot left, Slot right) {
  const auto a = read_slot<typename Op::Left>(&left);
  const auto b = read_slot<typename Op::Right>(&right);
  if constexpr (Op::kTraps) {
    typename Op::Result result{};
    if (const TrapKind trap = Op::apply(a, b, result); trap != TrapKind::none) return trapped(trap);
    return returned({to_slot(result)});
  } else {
    return returned({to_slot(Op::apply(a, b))});
  }
}

template <class Op>
Outcome apply_unary(Slot argument, Slot) {
  const auto a = read_slot<typename Op::Argument>(&argument);
  if constexpr (Op::kTraps) {
    typename Op::Result result{};
    if (const TrapKind trap = Op::apply(a, result); trap != TrapKind::none) return trapped(trap);
    return returned({to_slot(result)});
  } else {
    return returned({to_slot(Op::apply(a))});
  }
}

/// Every unary, test, binary and compare row of the table.
inline const std::vector<NumericRow>& numeric_rows() {
  using namespace ops;
  static const std::vector<NumericRow> rows = {
#define WASM_UNARY(name, code, text, immediate, signature, feature, ...) \
  {Opcode::name, apply_unary<__VA_ARGS__>},
#define WASM_TEST WASM_UNARY
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...) \
  {Opcode::name, apply_binary<__VA_ARGS__>},
#define WASM_COMPARE WASM_BINARY
#include "engine/opcodes/opcodes.def"
  };
  return rows;
}

[[nodiscard]] inline const NumericRow& row_of(Opcode opcode) {
  for (const NumericRow& row : numeric_rows()) {
    if (row.opcode == opcode) return row;
  }
  std::abort();
}

/// Values of a type (a signature letter) where operations change their minds.
[[nodiscard]] inline const std::vector<Slot>& values_of(char type) {
  static const std::vector<Slot> i32 = {0,  1,    2,          7,          31,         32,         33,
                                        63, 0x80, 0xffffff80, 0x7fffffff, 0x80000000, 0xffffffff, 0x12345678};
  static const std::vector<Slot> i64 = {0,
                                        1,
                                        2,
                                        7,
                                        31,
                                        32,
                                        63,
                                        64,
                                        65,
                                        0x80000000,
                                        0xffffffff,
                                        0x100000000,
                                        ~Slot{0x7f},
                                        INT64_MAX,
                                        1ull << 63,
                                        ~0ull,
                                        0xffffffff80000000,
                                        0x123456789abcdef0};
  static const std::vector<Slot> f32 = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x3f000000,
                                        0x40200000, 0x00000001, 0x80000001, 0x007fffff, 0x7f7fffff,
                                        0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7fa00000,
                                        0x4f000000, 0xcf000000, 0x5f800000, 0x4b800001};
  static const std::vector<Slot> f64 = {0,
                                        1ull << 63,
                                        0x3ff0000000000000,
                                        0xbff0000000000000,
                                        0x3fe0000000000000,
                                        0x4004000000000000,
                                        1,
                                        0x8000000000000001,
                                        0x000fffffffffffff,
                                        0x7fefffffffffffff,
                                        0x7ff0000000000000,
                                        0xfff0000000000000,
                                        0x7ff8000000000000,
                                        0xfff8123456789abc,
                                        0x7ff4000000000000,
                                        0x41dfffffffc00000,
                                        0xc1e0000000000000,
                                        0x41f0000000000000,
                                        0x43e0000000000000,
                                        0x43f0000000000000,
                                        0x3ff199999999999a};
  switch (type) {
    case 'i': return i32;
    case 'l': return i64;
    case 'f': return f32;
    default: return f64;
  }
}

[[nodiscard]] inline const char* name_of_type(char type) {
  return type == 'i' ? "i32" : type == 'l' ? "i64" : type == 'f' ? "f32" : "f64";
}

/// The text of a constant instruction. Floats go through their bits: `nan:0x...` or a hexadecimal literal.
[[nodiscard]] inline std::string constant_text(char type, Slot bits) {
  char buffer[64];
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(buffer, sizeof buffer, format, values...);
    return std::string(buffer);
  };
  if (type == 'i') return print("i32.const 0x%x", static_cast<unsigned>(bits));
  if (type == 'l') return print("i64.const 0x%llx", static_cast<unsigned long long>(bits));
  const bool narrow = type == 'f';
  const double value = narrow ? read_slot<float>(&bits) : read_slot<double>(&bits);
  const char* sign = (bits >> (narrow ? 31 : 63) & 1) != 0 ? "-" : "";
  const char* name = narrow ? "f32.const" : "f64.const";
  if (value != value) {
    const unsigned long long payload = bits & (narrow ? 0x7fffff : 0xfffffffffffff);
    return print("%s %snan:0x%llx", name, sign, payload);
  }
  if (value - value != 0) return print("%s %sinf", name, sign);
  return print("%s %a", name, value);
}

[[nodiscard]] inline bool is_nan(char type, Slot bits) {
  if (type == 'f') return (bits & 0x7fffffff) > 0x7f800000;
  return type == 'd' && (bits << 1) > 0xffe0000000000000;
}

/// Is `got` what the row may give where its semantics type gave `wanted`? Of a NaN that arithmetic makes only
/// the quiet bit is determined; upper halves of f32 slots are anything. (Spec 4.3.3 NaN propagation)
[[nodiscard]] inline bool agrees(char type, const Outcome& got, const Outcome& wanted,
                                 bool moves_bits = false) {
  if (got.trap != wanted.trap || got.results.size() != wanted.results.size()) return false;
  if (got.results.empty()) return true;
  const Slot mask = type == 'f' || type == 'i' ? 0xffffffff : ~Slot{0};
  const Slot a = type == 'i' ? got.results[0] : got.results[0] & mask;
  const Slot b = wanted.results[0] & mask;
  if (a == b) return true;
  const Slot quiet = type == 'f' ? 0x400000 : 0x8000000000000;
  return !moves_bits && is_nan(type, b) && is_nan(type, a) && (a & quiet) != 0;
}

/// Rows whose NaN results are determined to the bit.
[[nodiscard]] inline bool moves_bits(const NumericRow& row) {
  const std::string_view text = row.row().text;
  for (const char* name : {"abs", "neg", "copysign", "reinterpret"}) {
    if (text.find(name) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace heddle::engine
