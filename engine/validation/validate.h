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

/// By-products of validating one body, kept for the tiers that ask.
struct FunctionFacts {
  /// For each `loop`, in order of appearance: the locals assigned anywhere inside it, ascending.
  struct Loop {
    uint64_t offset;  ///< of the loop instruction
    std::vector<uint32_t> assigned_locals;
    bool assigns_any = false;  ///< the list would be longer than the input justifies: assume every local
  };
  std::vector<Loop> loops;
  uint32_t max_operands = 0;  ///< operand stack's greatest height, in values
  bool has_calls = false;
};

/// Everything but the function bodies: imports, tables, memories, globals, exports, segments, start.
[[nodiscard]] Result<void> validate_declarations(ModuleImage& module);

/// One body. Const and thread-safe: several threads may validate different functions of one module.
/// `facts` may be null.
[[nodiscard]] Result<void> validate_function(const ModuleImage& module, uint32_t function,
                                             FunctionFacts* facts);

/// Declarations, then every body, on up to `threads` threads (0: one per processor) if there is enough to do.
/// The error is the same on any number of threads.
[[nodiscard]] Result<void> validate_module(ModuleImage& module, unsigned threads = 1);

}  // namespace heddle::engine
