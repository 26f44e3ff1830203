// SPDX-License-Identifier: Apache-2.0
// Validation: proves that a decoded module follows the typing rules, so that later stages check nothing.
//
// (Spec chapter 3.) Errors name the byte offset, the section ("code[3]") and the reason in the spec suite's
// words.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/module/module.h"
#include "heddle/result.h"

namespace heddle::engine {

/// Values on one function's operand stack beyond which it is refused with ErrorKind::limit. Blocks in
/// unreachable code can otherwise declare a thousand results in a few bytes.
inline constexpr uint32_t kMaxOperands = 1u << 20;

/// Everything but the function bodies: imports, tables, memories, globals, exports, segments, start.
[[nodiscard]] Result<void> validate_declarations(ModuleImage& module);

/// Declarations, then every body, on up to `threads` threads (0: one per processor) if there is enough to do.
/// The error is the same on any number of threads.
[[nodiscard]] Result<void> validate_module(ModuleImage& module, unsigned threads = 1);

}  // namespace heddle::engine
