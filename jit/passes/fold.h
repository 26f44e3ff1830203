// SPDX-License-Identifier: Apache-2.0
// Folding: what a numeric row computes from constants, by the same semantics types that the interpreter runs.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/opcodes/opcode.h"

namespace heddle::jit {

/// The bits of the result of a unary, binary, test or comparison row, i32 and f32 zero-extended. Nothing for
/// other rows, for what traps, and for NaNs, whose bits the machine shall choose.
[[nodiscard]] std::optional<uint64_t> fold(engine::Opcode row, uint64_t left, uint64_t right);

}  // namespace heddle::jit
