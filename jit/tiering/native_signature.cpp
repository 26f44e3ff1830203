// SPDX-License-Identifier: Apache-2.0
// NativeSignature: moving values one by one.
#include "jit/tiering/native_signature.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace heddle::jit {

namespace {

using engine::ExecContext;
using engine::Slot;
using x64::RegisterArea;

/// Where the area has a register; arguments and results count general ones by their own order.
[[nodiscard]] uint32_t byte_of(x64::Register reg, bool are_results) {
  if (x64::class_of(reg) == x64::RegisterClass::vector) {
    return static_cast<uint32_t>(offsetof(RegisterArea, vector) + 16 * x64::number_of(reg));
  }
  const auto& order = are_results ? x64::kGeneralResults : x64::kGeneralArguments;
  const auto at = std::ranges::find(order, reg) - order.begin();
  return static_cast<uint32_t>(offsetof(RegisterArea, general) + 8 * static_cast<size_t>(at));
}

}  // namespace

NativeSignature::Moves NativeSignature::moves_of(const std::vector<ValueType>& values, bool are_results) {
  std::vector<Type> types;
  for (const ValueType value : values) types.push_back(type_of(value));
  std::vector<x64::Place> places;
  if (are_results) {
    x64::place_results(types, places);
  } else {
    x64::place_arguments(types, places);
  }
  Moves moves;
  for (const x64::Place& place : places) {
    const bool overflows = place.reg == x64::Register::none;
    moves.push_back({place.type, overflows, overflows ? place.overflow : byte_of(place.reg, are_results)});
  }
  return moves;
}

NativeSignature::NativeSignature(const engine::TypeDefinition& type)
    : arguments_(moves_of(type.parameters, false)), results_(moves_of(type.results, true)) {
  for (const Moves* moves : {&arguments_, &results_}) {
    for (const Move& move : *moves) {
      if (move.overflows) overflow_slots_ = std::max<uint32_t>(overflow_slots_, move.byte / sizeof(Slot) + 2);
    }
  }
}

void NativeSignature::to_registers(const Moves& moves, const Slot* slots, RegisterArea& area,
                                   const ExecContext& context) noexcept {
  for (const Move& move : moves) {
    auto* const base =
        move.overflows ? reinterpret_cast<uint8_t*>(context.overflow) : reinterpret_cast<uint8_t*>(&area);
    uint8_t* const place = base + move.byte;
    if (move.type == Type::v128) {
      std::memcpy(place, slots, 2 * sizeof(Slot));
      slots += 2;
      continue;
    }
    // Of an i32 the slot's upper half means nothing, but the register's is zero.
    const bool is_half = move.type == Type::i32 || move.type == Type::f32;
    const Slot value = is_half ? static_cast<uint32_t>(*slots) : *slots;
    std::memcpy(place, &value, sizeof value);
    ++slots;
  }
}

void NativeSignature::to_slots(const Moves& moves, const RegisterArea& area, Slot* slots,
                               const ExecContext& context) noexcept {
  for (const Move& move : moves) {
    const auto* const base = move.overflows ? reinterpret_cast<const uint8_t*>(context.overflow)
                                            : reinterpret_cast<const uint8_t*>(&area);
    const size_t count = move.type == Type::v128 ? 2 : 1;
    std::memcpy(slots, base + move.byte, count * sizeof(Slot));
    if (move.type == Type::i32 || move.type == Type::f32) *slots = static_cast<uint32_t>(*slots);
    slots += count;
  }
}

void NativeSignature::arguments_to_registers(const Slot* slots, RegisterArea& area,
                                             const ExecContext& context) const noexcept {
  to_registers(arguments_, slots, area, context);
}

void NativeSignature::arguments_to_slots(const RegisterArea& area, Slot* slots,
                                         const ExecContext& context) const noexcept {
  to_slots(arguments_, area, slots, context);
}

void NativeSignature::results_to_registers(const Slot* slots, RegisterArea& area,
                                           const ExecContext& context) const noexcept {
  to_registers(results_, slots, area, context);
}

void NativeSignature::results_to_slots(const RegisterArea& area, Slot* slots,
                                       const ExecContext& context) const noexcept {
  to_slots(results_, area, slots, context);
}

}  // namespace heddle::jit
