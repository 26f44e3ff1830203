// SPDX-License-Identifier: Apache-2.0
// SimdTable: the handlers of SIMD rows whose shapes no scalar row has. The others stand in HandlerTable's
// unary, binary, load and store, like a scalar row's.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/operands.h"
#include "engine/opcodes/opcode.h"

namespace heddle::engine {

/// word 1: destination, first, second, third.
struct TernaryHandlers {
  static constexpr unsigned kNone = 3;
  Handler form[4][2] = {};  ///< [which operand is in the accumulator, or kNone][Target]
};

/// word 1: destination, vector, count (or an immediate).
struct ShiftHandlers {
  Handler form[2][3][2] = {};  ///< [Source of the vector][Source of the count][Target]
};

/// word 1: destination, vector, the lane's byte. The vector is in its slot, where the lane is read.
struct ExtractHandlers {
  Handler form[2] = {};  ///< [Target]
};

/// word 1: destination, vector, value, lane.
struct ReplaceHandlers {
  Handler form[2][2][2] = {};  ///< [Source of the vector][Source of the value][Target]
};

/// word 1: destination, address, vector, lane | offset | memory, if checked.
struct LoadLaneHandlers {
  Handler guarded[2][2][2] = {};  ///< [Source of the address][Source of the vector][Target]
  Handler checked[2] = {};        ///< [address is 64-bit]
};

/// word 1: address, vector, the lane's byte | offset | memory, if checked. The vector is in its slot.
struct StoreLaneHandlers {
  Handler guarded[2] = {};  ///< [Source of the address]
  Handler checked[2] = {};  ///< [address is 64-bit]
};

/// v128.load from a guarded memory, and an operation on its value and a vector in a slot. word 1:
/// destination, address, second address slot, the operation's slot; word 2: offset or addend of the address.
struct FedVectorHandlers {
  Handler form[5][2][2] = {};  ///< [Address][value is the right operand][Target]
};

/// Multiplications that are added to something: dot products, filters, matrices.
struct MulAddRow {
  Opcode multiply;
  Opcode add;
};
inline constexpr MulAddRow kMulAdds[] = {{Opcode::f32x4_mul, Opcode::f32x4_add},
                                         {Opcode::f64x2_mul, Opcode::f64x2_add},
                                         {Opcode::i32x4_mul, Opcode::i32x4_add},
                                         {Opcode::i16x8_mul, Opcode::i16x8_add}};

/// form: word 1: destination, left, right, what is added | the right one, if it is a constant. fed: the left
/// one is loaded from a guarded memory: destination, address, second address slot, right | offset or addend
/// of the address, slot of what is added in the high half.
struct MulAddHandlers {
  Handler form[kPairs][2] = {};  ///< [Pair of the multiplication][Target]
  Handler fed[5][2] = {};        ///< [Address][Target]
};

/// Relaxed rows, by their distance from the first: what the processor gives soonest.
inline constexpr size_t kFirstRelaxed = static_cast<size_t>(Opcode::i8x16_relaxed_swizzle);
inline constexpr size_t kRelaxedRows =
    static_cast<size_t>(Opcode::i32x4_relaxed_dot_i8x16_i7x16_add_s) - kFirstRelaxed + 1;

template <class Unary, class Binary>
struct NativeRows {
  std::array<Unary, kRelaxedRows> unary{};
  std::array<Binary, kRelaxedRows> binary{};
  std::array<TernaryHandlers, kRelaxedRows> ternary{};
};

struct SimdTable {
  std::array<TernaryHandlers, kOpcodeCount> ternary{};
  std::array<ShiftHandlers, kOpcodeCount> shift{};
  std::array<ExtractHandlers, kOpcodeCount> extract{};
  std::array<ReplaceHandlers, kOpcodeCount> replace{};
  std::array<LoadLaneHandlers, kOpcodeCount> load_lane{};
  std::array<StoreLaneHandlers, kOpcodeCount> store_lane{};
  std::array<FedVectorHandlers, kOpcodeCount> fed{};  ///< by operation
  std::array<MulAddHandlers, std::size(kMulAdds)> mul_add{};
  Handler shuffle[2][2][2] = {};   ///< [Source of the left][of the right][Target] and both words of lanes
  Handler shuffle_one[2][2] = {};  ///< [Source][Target]: lanes of one vector
  Handler copy = nullptr;          ///< destination, source
  Handler constant = nullptr;      ///< destination | low half | high half
};

}  // namespace heddle::engine
