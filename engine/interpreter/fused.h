// SPDX-License-Identifier: Apache-2.0
// Fusion: which rows are worth one handler together, and the handlers of such pairs.
//
// The sets come from dynamic profiles of the programs in bench/: an integer operation feeding another, a
// loop's counter feeding its back-edge, a load feeding an operation. Only names of rows stand here, never
// semantics.
#pragma once

#include <array>
#include <cstdint>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/operands.h"
#include "engine/opcodes/opcode.h"

namespace heddle::engine {

/// Rows that chain: the first's result is an operand of the second, and of nothing else.
inline constexpr Opcode kChained32[] = {
    Opcode::i32_add, Opcode::i32_sub, Opcode::i32_mul,   Opcode::i32_and,   Opcode::i32_or,
    Opcode::i32_xor, Opcode::i32_shl, Opcode::i32_shr_s, Opcode::i32_shr_u, Opcode::i32_rotl};
inline constexpr Opcode kChained64[] = {Opcode::i64_add,   Opcode::i64_mul, Opcode::i64_and,
                                        Opcode::i64_or,    Opcode::i64_xor, Opcode::i64_shl,
                                        Opcode::i64_shr_u, Opcode::i64_rotl};
inline constexpr Opcode kChainedF64[] = {Opcode::f64_add, Opcode::f64_sub, Opcode::f64_mul};
inline constexpr Opcode kChainedF32[] = {Opcode::f32_add, Opcode::f32_sub, Opcode::f32_mul};

/// Loads whose value goes straight into an operation of their class.
inline constexpr Opcode kFeedingLoads[] = {Opcode::i32_load,     Opcode::i32_load8_u,  Opcode::i32_load8_s,
                                           Opcode::i32_load16_u, Opcode::i32_load16_s, Opcode::i64_load,
                                           Opcode::f32_load,     Opcode::f64_load};
inline constexpr Opcode kFed32[] = {Opcode::i32_add, Opcode::i32_sub, Opcode::i32_mul, Opcode::i32_and,
                                    Opcode::i32_xor};
inline constexpr Opcode kFed64[] = {Opcode::i64_add, Opcode::i64_mul, Opcode::i64_xor};
inline constexpr size_t kMostFed = std::size(kFed32);

/// How the first of a chained pair meets the second: as its left operand beside a slot or an immediate, or as
/// its right.
enum class Meeting : uint8_t { left_of_slot, left_of_immediate, right_of_slot };
inline constexpr unsigned kMeetings = 3;

/// word 1: destination, first's slots (two fields), the second's slot. word 2, if either has an immediate:
/// the first's in the low half, the second's in the high half; for floats one immediate, whole.
struct ChainHandlers {
  Handler form[kPairs][kMeetings][2] = {};  ///< [first's Pair][Meeting][Target]
};

/// A load from a guarded memory, and an operation on its value and a slot. word 1: destination, address,
/// second address slot, the operation's slot; word 2: offset or addend of the address.
struct FedHandlers {
  Handler form[5][2][2] = {};  ///< [Address][value is the right operand][Target]
};

/// A store to slot + offset, then a step of a local: slot := slot + constant. word 1: address, value, the
/// local, what it is stepped from; word 2: offset, the addend in the high half.
struct StoreStepHandlers {
  Handler form[2] = {};  ///< [Source of the value]
};

/// Add a constant to a slot, store it, compare the sum with a slot or constant, branch. word 1: destination,
/// source, distance; word 2: the addend (or its slot) in the low half; the constant, or slot, to compare with
/// in the high half.
struct StepHandlers {
  Handler form[2][2][2][2] = {};  ///< [addend is a slot][compared with a constant][wanted][backward]
};

/// Compare, then select one of two slots of the integer class. word 1: destination, if true, if false; word
/// 2: the comparison's slots in the low 32 bits (16 each), its constant in the high half.
struct SelectHandlers {
  Handler form[kPairs] = {};  ///< the comparison's Pair
};

struct FusedTable {
  std::array<std::array<ChainHandlers, std::size(kChained32)>, std::size(kChained32)> chain32{};
  std::array<std::array<ChainHandlers, std::size(kChained64)>, std::size(kChained64)> chain64{};
  std::array<std::array<ChainHandlers, std::size(kChainedF64)>, std::size(kChainedF64)> chain_f64{};
  std::array<std::array<ChainHandlers, std::size(kChainedF32)>, std::size(kChainedF32)> chain_f32{};
  std::array<std::array<FedHandlers, kMostFed>, std::size(kFeedingLoads)> fed{};
  std::array<StoreStepHandlers, kOpcodeCount> store_step{};  ///< by store
  Handler add_two =
      nullptr;  ///< two steps of locals: destination, source, destination, source | addend, addend
  std::array<StepHandlers, kOpcodeCount> step{};      ///< by i32 comparison
  std::array<SelectHandlers, kOpcodeCount> select{};  ///< by i32 comparison
};

/// The handlers of a chained pair of rows, or null if they do not chain.
[[nodiscard]] const ChainHandlers* find_chain(const FusedTable& table, Opcode first, Opcode second);

/// The handlers of an operation fed by a load, or null.
[[nodiscard]] const FedHandlers* find_fed(const FusedTable& table, Opcode load, Opcode operation);

void add_fused_memory_handlers(FusedTable& table);
void add_chain32_handlers(FusedTable& table);
void add_chain64_handlers(FusedTable& table);
void add_chain_float_handlers(FusedTable& table);
void add_comparison_handlers(FusedTable& table);

}  // namespace heddle::engine
