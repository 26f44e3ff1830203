// SPDX-License-Identifier: Apache-2.0
// Bounded modules: what is needed to compare tiers, of which only the interpreter counts fuel.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/module/module.h"

namespace heddle::fuzz {

/// The same module, but that functions and loops count down a new last global, an i32 that begins with
/// `steps`, and trap (unreachable) when it is zero; and that NaNs of operations where either operand's may
/// come through are replaced by the canonical one. REQUIRES: a valid module. Empty if it has no code.
[[nodiscard]] std::vector<uint8_t> bounded_module(const engine::ModuleImage& image, uint32_t steps);

}  // namespace heddle::fuzz
