// SPDX-License-Identifier: Apache-2.0
// The interpreter as a Tier: tier 0, which every engine has. docs/ARCHITECTURE.md walks through it.
#pragma once

#include <memory>

#include "engine/runtime/memory.h"
#include "engine/runtime/tier.h"

namespace heddle::engine {

struct InterpreterOptions {
  MemoryMode memory_mode = MemoryMode::checked;  ///< the engine's resolved mode (see resolve_memory_mode())
  bool fuel = false;                             ///< code counts fuel
  bool eager = false;                            ///< translate every function when its module is loaded
  bool native_relaxed = false;                   ///< relaxed SIMD gives what the processor gives soonest
  bool preempt_at_atomics = false;               ///< with fuel: see Config::preempt_at_atomics
};

[[nodiscard]] std::unique_ptr<InterpreterTier> make_interpreter(const InterpreterOptions& options);

}  // namespace heddle::engine
