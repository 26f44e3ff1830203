// SPDX-License-Identifier: Apache-2.0
// SimdTable: the handlers of SIMD rows whose shapes no scalar row has. The others stand in HandlerTable's
// unary, binary, load and store, like a scalar row's.
#pragma once

#include <array>
#include <cstdint>

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
  Handler shuffle[2][2][2] = {};   ///< [Source of the left][of the right][Target] and both words of lanes
  Handler shuffle_one[2][2] = {};  ///< [Source][Target]: lanes of one vector
  Handler copy = nullptr;          ///< destination, source
  Handler constant = nullptr;      ///< destination | low half | high half
};

}  // namespace heddle::engine
