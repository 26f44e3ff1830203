// SPDX-License-Identifier: Apache-2.0
// build(): a validated function body becomes IR.
//
// One pass over the bytes, along wasm's structure: a loop's header has a parameter for every local that is
// assigned inside, and the end of a block for every local and operand that not all ways to it leave the same.
// Nothing recurses; time and memory are linear in the body and in the arguments that edges hand over, which
// are limited.
//
// A body for on-stack replacement begins at a loop, with locals and operands read from the interpreter's
// frame (engine/interpreter/frame_layout.h). A branch from there to a loop further out leads to a copy of
// that loop built anew from its beginning, so that loops keep one entry, and the copy is as good as the
// ordinary body's.
#pragma once

#include <cstdint>

#include "engine/module/module.h"
#include "heddle/result.h"
#include "jit/ir/ir.h"

namespace heddle::jit {

struct BuildOptions {
  /// Memory 0 with 64 KiB pages and 32-bit addresses is guarded: accesses of it are rows that may fault.
  /// (Engines decide that once: see resolve_memory_mode.)
  bool guarded = true;
  /// Module offset of the `loop` to begin at; 0: the whole function.
  uint32_t osr_offset = 0;
  /// Count fuel, at the same places and as much as tier 0 (Translator::start_fuel()), so that nobody can tell
  /// the tiers apart by it; and begin to count anew after atomic instructions and imports.
  bool fuel = false;
  bool preempt_at_atomics = false;
  /// Relaxed SIMD rows give what the processor gives, else what the deterministic profile says.
  bool native_relaxed = false;
};

/// Fills `out`, whose memory is used again; order_blocks() is left to whoever needs an order. Errors: `limit`
/// if the body is too large for the compiler, `usage` if no loop that can be reached begins at osr_offset.
/// Thread-safe for different `out`. REQUIRES: the module is valid; `function` is defined in it.
[[nodiscard]] Result<void> build(const engine::ModuleImage& module, uint32_t function,
                                 const BuildOptions& options, Function& out);

}  // namespace heddle::jit
