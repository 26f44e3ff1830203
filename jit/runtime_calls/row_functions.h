// SPDX-License-Identifier: Apache-2.0
// Parts of row_function(): each knows the rows of one header of semantics types, and gives null for all
// others.
#pragma once

#include "engine/opcodes/opcode.h"
#include "jit/x64/stubs.h"

namespace heddle::jit {

/// Unary, binary, test, compare and wide rows.
[[nodiscard]] x64::RuntimeFunction scalar_row_function(engine::Opcode row) noexcept;
/// SIMD rows without a memory access.
[[nodiscard]] x64::RuntimeFunction vector_row_function(engine::Opcode row) noexcept;

}  // namespace heddle::jit
