// SPDX-License-Identifier: Apache-2.0
// Operation: what a node of the IR computes: a row of the opcode table, or one of the JIT's own
// (operations.def).
//
// Rows that compute, load, store or are atomic keep their names and meaning, so nobody lists them again.
// Structured control, variables, tables, references and GC rows never appear: the builder says them by the
// JIT's own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "engine/opcodes/opcode.h"

namespace heddle::jit {

enum class Operation : uint16_t {
#define WASM_OP(kind, name, ...) name,
#include "engine/opcodes/opcodes.def"
#define JIT_OPERATION(name, ...) name,
#include "jit/ir/operations.def"
};

/// What a node may do besides computing its value.
enum class Effect : uint8_t {
  none,        ///< same arguments, same value, whenever and wherever: may be moved, merged, dropped
  reads,       ///< also depends on what a store of its alias class leaves
  writes,      ///< stores to its alias class
  traps,       ///< none, but may not run where the program would not have run it
  anything,    ///< calls: reads and writes all but `constant` fields, may trap, may collect garbage
  terminator,  ///< the last node of a block
};

struct OwnOperationInfo {
  std::string_view text;
  Effect effect;
};

inline constexpr OwnOperationInfo kOwnOperations[] = {
#define JIT_OPERATION(name, text, effect) {text, Effect::effect},
#include "jit/ir/operations.def"
};

[[nodiscard]] constexpr bool is_row(Operation operation) {
  return static_cast<size_t>(operation) < engine::kOpcodeCount;
}
/// REQUIRES: is_row().
[[nodiscard]] constexpr engine::Opcode row_of(Operation operation) {
  return static_cast<engine::Opcode>(operation);
}
[[nodiscard]] constexpr Operation operation_of(engine::Opcode row) { return static_cast<Operation>(row); }
/// REQUIRES: !is_row().
[[nodiscard]] constexpr const OwnOperationInfo& own_info(Operation operation) {
  return kOwnOperations[static_cast<size_t>(operation) - engine::kOpcodeCount];
}
[[nodiscard]] constexpr std::string_view text_of(Operation operation) {
  return is_row(operation) ? info(row_of(operation)).text : own_info(operation).text;
}

/// Of rows, too: loads read, stores and atomics write, divisions and checked truncations trap.
extern const std::array<Effect, engine::kOpcodeCount + std::size(kOwnOperations)> kEffects;
[[nodiscard]] inline Effect effect_of(Operation operation) noexcept {
  return kEffects[static_cast<size_t>(operation)];
}

}  // namespace heddle::jit
