// SPDX-License-Identifier: Apache-2.0
// Attaching the compiler to an engine, and asking what it has done.
#pragma once

#include <chrono>
#include <cstdint>

#include <heddle/config.h>
#include <heddle/engine.h>
#include <heddle/export.h>

namespace heddle::jit {

/// For Config::compiler, with Config::tier "jit" or "auto". It makes machine code for x86-64; never null.
///
///     heddle::Config config;
///     config.tier = "auto";
///     config.compiler = heddle::jit::compiler();
[[nodiscard]] HEDDLE_API const Compiler* compiler() noexcept;

/// What an engine has compiled so far.
struct CompileStatistics {
  uint64_t functions = 0;   ///< compiled from their beginning
  uint64_t loops = 0;       ///< compiled as the rest of a function from a loop on
  uint64_t refused = 0;     ///< functions that stay in the interpreter: too large, or no room for their code
  uint64_t wasm_bytes = 0;  ///< of what was compiled
  uint64_t code_bytes = 0;  ///< machine code that exists now
  /// Time on all threads together: of everything, and of its parts.
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds build{0};     ///< to the intermediate representation
  std::chrono::nanoseconds passes{0};    ///< improving it
  std::chrono::nanoseconds select{0};    ///< choosing instructions
  std::chrono::nanoseconds allocate{0};  ///< registers
  std::chrono::nanoseconds emit{0};      ///< bytes, and their way into executable memory
};

/// Zeros if the engine has no compiler. Any thread.
[[nodiscard]] HEDDLE_API CompileStatistics statistics(const Engine& engine) noexcept;

}  // namespace heddle::jit
