// SPDX-License-Identifier: Apache-2.0
// The effects of operations.
#include "jit/ir/operation.h"

namespace heddle::jit {

namespace {

using engine::OpcodeInfo;
using engine::RowKind;

/// Divisions and remainders of integers, and the truncations that do not saturate.
constexpr bool may_trap(const OpcodeInfo& row) {
  const std::string_view text = row.text;
  if (row.kind == RowKind::binary) {
    const bool is_division = text.find(".div_") != text.npos || text.find(".rem_") != text.npos;
    return is_division && text.front() == 'i';
  }
  return row.kind == RowKind::unary && text.front() == 'i' && text.find(".trunc_f") != text.npos;
}

constexpr Effect effect_of_row(const OpcodeInfo& row) {
  switch (row.kind) {
    case RowKind::load: return Effect::reads;
    case RowKind::store:
    case RowKind::atomic_load:  // orders others, so nothing may pass it
    case RowKind::atomic_store:
    case RowKind::atomic_rmw:
    case RowKind::atomic_cmpxchg:
    case RowKind::atomic_fence: return Effect::writes;
    case RowKind::simd:
      if (!accesses_memory(row)) return Effect::none;
      return row.signature.back() == ':' ? Effect::writes : Effect::reads;
    case RowKind::unary:
    case RowKind::binary: return may_trap(row) ? Effect::traps : Effect::none;
    case RowKind::constant:
    case RowKind::test:
    case RowKind::compare:
    case RowKind::wide: return Effect::none;
    case RowKind::parametric: return Effect::none;  // select; drop never appears
    default: return Effect::anything;
  }
}

constexpr auto make_effects() {
  constexpr size_t count = engine::kOpcodeCount + std::size(kOwnOperations);
  std::array<Effect, count> effects{};
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) effects[i] = effect_of_row(engine::kOpcodes[i]);
  for (size_t i = engine::kOpcodeCount; i < count; ++i)
    effects[i] = kOwnOperations[i - engine::kOpcodeCount].effect;
  return effects;
}

}  // namespace

constexpr std::array<Effect, engine::kOpcodeCount + std::size(kOwnOperations)> kEffects = make_effects();

}  // namespace heddle::jit
