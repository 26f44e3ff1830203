// SPDX-License-Identifier: Apache-2.0
// Loops of a function body, found by its block structure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/module/module.h"

namespace heddle::jit {

/// [begin, end): module offsets of a `loop` and of its `end`.
struct LoopRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// In the order in which they begin. REQUIRES: the body is valid.
[[nodiscard]] std::vector<LoopRange> find_loops(const engine::ModuleImage& module, uint32_t function);

/// The innermost loop around an instruction.
[[nodiscard]] std::optional<LoopRange> innermost_loop(const engine::ModuleImage& module, uint32_t function,
                                                      uint64_t offset);

}  // namespace heddle::jit
