// SPDX-License-Identifier: Apache-2.0
// Loops of a function body: where they are, and which locals they assign.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/module/module.h"

namespace heddle::jit {

/// [begin, end): module offsets of a `loop` and of its `end`.
struct LoopRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t first_local = 0, local_count = 0;  ///< in Loops::locals
  bool assigns_any = false;  ///< the list would be longer than the input justifies: assume every local
};

struct Loops {
  std::vector<LoopRange> ranges;  ///< in the order in which they begin
  std::vector<uint32_t> locals;

  /// Those assigned anywhere inside, ascending.
  [[nodiscard]] std::span<const uint32_t> locals_of(const LoopRange& loop) const {
    return std::span(locals).subspan(loop.first_local, loop.local_count);
  }
};

/// In time linear in the body, but for sorting. REQUIRES: the body is valid.
[[nodiscard]] Loops find_loops(const engine::ModuleImage& module, uint32_t function);

/// The innermost loop around an instruction.
[[nodiscard]] std::optional<LoopRange> innermost_loop(const engine::ModuleImage& module, uint32_t function,
                                                      uint64_t offset);

}  // namespace heddle::jit
