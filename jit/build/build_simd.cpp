// SPDX-License-Identifier: Apache-2.0
// Building of the SIMD rows: they are nodes of their own.
//
// Without native results, a relaxed row is the ordinary row that computes what the deterministic profile
// says, if there is one.
#include <bit>
#include <cstring>

#include "jit/build/function_builder.h"

namespace heddle::jit {

namespace {

[[nodiscard]] Type result_of(engine::Opcode row) {
  switch (info(row).signature.back()) {
    case 'i': return Type::i32;
    case 'l': return Type::i64;
    case 'f': return Type::f32;
    case 'd': return Type::f64;
    case 'v': return Type::v128;
    default: return Type::none;
  }
}

/// Bytes of a lane, from the mnemonic's shape: "i8x16.splat".
[[nodiscard]] uint32_t lane_bytes(std::string_view text) {
  const std::string_view bits = text.substr(1, text.find('x') - 1);
  return bits == "8" ? 1 : bits == "16" ? 2 : bits == "32" ? 4 : 8;
}

[[nodiscard]] Operation deterministic(Operation row) {
  switch (row) {
    case Operation::i8x16_relaxed_swizzle: return Operation::i8x16_swizzle;
    case Operation::i32x4_relaxed_trunc_f32x4_s: return Operation::i32x4_trunc_sat_f32x4_s;
    case Operation::i32x4_relaxed_trunc_f32x4_u: return Operation::i32x4_trunc_sat_f32x4_u;
    case Operation::i32x4_relaxed_trunc_f64x2_s_zero: return Operation::i32x4_trunc_sat_f64x2_s_zero;
    case Operation::i32x4_relaxed_trunc_f64x2_u_zero: return Operation::i32x4_trunc_sat_f64x2_u_zero;
    case Operation::i8x16_relaxed_laneselect:
    case Operation::i16x8_relaxed_laneselect:
    case Operation::i32x4_relaxed_laneselect:
    case Operation::i64x2_relaxed_laneselect: return Operation::v128_bitselect;
    case Operation::f32x4_relaxed_min: return Operation::f32x4_min;
    case Operation::f32x4_relaxed_max: return Operation::f32x4_max;
    case Operation::f64x2_relaxed_min: return Operation::f64x2_min;
    case Operation::f64x2_relaxed_max: return Operation::f64x2_max;
    case Operation::i16x8_relaxed_q15mulr_s: return Operation::i16x8_q15mulr_sat_s;
    default: return row;
  }
}

}  // namespace

void FunctionBuilder::simd(const Instruction& instruction) {
  const engine::OpcodeInfo& row = info(instruction.opcode);
  const auto halves = std::bit_cast<std::array<uint64_t, 2>>(instruction.bytes);
  if (row.immediate == engine::Immediate::v128_constant)
    return push(constant_of(Type::v128, halves[0], halves[1]));
  if (row.text.ends_with(".splat") && splat_constant(row)) return;

  Node made = node(operation_of(instruction.opcode), result_of(instruction.opcode));
  if (row.immediate == engine::Immediate::shuffle) {
    made.immediate = halves[0];
    made.extra = halves[1];
  } else if (row.immediate == engine::Immediate::lane) {
    made.immediate = instruction.index;
  } else if (row.feature == engine::Feature::relaxed_simd) {
    if (!options_.native_relaxed) made.operation = deterministic(made.operation);
    made.immediate = options_.native_relaxed ? 1 : 0;
  }
  const size_t operands = row.signature.find(':');
  const Value value = add(made, top(operands));
  truncate_operands(static_cast<uint32_t>(operands_.size() - operands));
  push(value);
}

/// A splat of a constant is a constant. (Which the interpreter says, too, and so has no slot for it.)
bool FunctionBuilder::splat_constant(const engine::OpcodeInfo& row) {
  if (!is_constant(operands_.back())) return false;
  const uint64_t bits = node_of(pop()).immediate;
  const uint32_t size = lane_bytes(row.text);
  std::array<uint8_t, 16> bytes;
  for (uint32_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(bits >> i % size * 8);
  const auto halves = std::bit_cast<std::array<uint64_t, 2>>(bytes);
  push(constant_of(Type::v128, halves[0], halves[1]));
  return true;
}

void FunctionBuilder::simd_access(const Instruction& instruction) {
  const engine::OpcodeInfo& row = info(instruction.opcode);
  if (row.immediate == engine::Immediate::memory_argument_lane) return lane_access(instruction);
  row.signature.back() == 'v' ? load(instruction) : store(instruction);
}

void FunctionBuilder::lane_access(const Instruction& instruction) {
  const Value vector = pop();
  Value address = pop();
  Node access = node(operation_of(instruction.opcode), result_of(instruction.opcode));
  access.alias = Alias::memory;
  access.extra = instruction.index;
  if (is_guarded(instruction.memory.memory)) {
    access.immediate = instruction.memory.offset;
  } else {
    const Value checked = check_access(access.operation, instruction.memory, address);
    address = host_pointer(instruction.memory.memory, checked);
  }
  const Value value = add(access, {address, vector});
  if (access.type != Type::none) push(value);
}

}  // namespace heddle::jit
