// SPDX-License-Identifier: Apache-2.0
// Compiler: what an embedder hands to an engine so that it compiles; the engine knows nothing else of jit/.
#pragma once

#include <heddle/config.h>

#include <memory>

#include "engine/runtime/store.h"
#include "engine/runtime/tier.h"

namespace heddle {

/// Stateless; shared by all engines.
class Compiler {
 public:
  /// The tier "jit" or "auto" of an engine, above its interpreter. Null: this machine cannot.
  [[nodiscard]] virtual std::unique_ptr<engine::Tier> make_tier(
      const Config& config, engine::EngineState& engine,
      std::unique_ptr<engine::InterpreterTier> interpreter) const = 0;

 protected:
  ~Compiler() = default;
};

}  // namespace heddle
