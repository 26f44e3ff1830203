// SPDX-License-Identifier: Apache-2.0
// The generator: any bytes in, a valid module out that does real work, driven by the opcode table.
//
// Guarantees: every module validates, whatever the bytes; the same bytes give the same module; a small change
// of the bytes is a small change of the module; the only waits are shorter than a microsecond.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/opcodes/opcode.h"

namespace heddle::fuzz {

[[nodiscard]] std::vector<uint8_t> generate_module(std::span<const uint8_t> bytes);

/// A module whose exported function consists of one instruction of this row with its operands.
/// Empty if the row's feature is not built.
[[nodiscard]] std::vector<uint8_t> module_of_row(engine::Opcode opcode);

}  // namespace heddle::fuzz
