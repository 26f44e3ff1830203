// SPDX-License-Identifier: Apache-2.0
// NativeSignature: how the arguments and results of a function type cross between tiers.
//
// Tier 0 has them in consecutive slots, compiled code in registers and the overflow area
// (calling_convention.h). Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/module/types.h"
#include "engine/runtime/exec_context.h"
#include "jit/x64/calling_convention.h"

namespace heddle::jit {

class NativeSignature {
 public:
  explicit NativeSignature(const engine::TypeDefinition& type);

  void arguments_to_registers(const engine::Slot* slots, x64::RegisterArea& area,
                              const engine::ExecContext& context) const noexcept;
  void arguments_to_slots(const x64::RegisterArea& area, engine::Slot* slots,
                          const engine::ExecContext& context) const noexcept;
  void results_to_registers(const engine::Slot* slots, x64::RegisterArea& area,
                            const engine::ExecContext& context) const noexcept;
  void results_to_slots(const x64::RegisterArea& area, engine::Slot* slots,
                        const engine::ExecContext& context) const noexcept;

  /// Slots of ExecContext::overflow that a call needs.
  [[nodiscard]] uint32_t overflow_slots() const noexcept { return overflow_slots_; }

 private:
  /// One value: in the area, or in the overflow area, at this byte.
  struct Move {
    Type type;
    bool overflows;
    uint32_t byte;
  };
  using Moves = std::vector<Move>;

  [[nodiscard]] static Moves moves_of(const std::vector<ValueType>& values, bool are_results);
  static void to_registers(const Moves& moves, const engine::Slot* slots, x64::RegisterArea& area,
                           const engine::ExecContext& context) noexcept;
  static void to_slots(const Moves& moves, const x64::RegisterArea& area, engine::Slot* slots,
                       const engine::ExecContext& context) noexcept;

  Moves arguments_;
  Moves results_;
  uint32_t overflow_slots_ = 0;
};

}  // namespace heddle::jit
