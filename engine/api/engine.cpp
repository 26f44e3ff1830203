// SPDX-License-Identifier: Apache-2.0
// Engine: puts registry, wait queues and the chosen tier together.
#include <heddle/engine.h>

#include "engine/api/access.h"
#include "engine/api/compiler.h"
#include "engine/interpreter/interpreter.h"
#include "engine/support/try.h"

namespace heddle {

using detail::EngineImpl;

namespace {

engine::MemoryMode internal_mode(MemoryMode mode) {
  switch (mode) {
    case MemoryMode::guarded: return engine::MemoryMode::guarded;
    case MemoryMode::checked: return engine::MemoryMode::checked;
    case MemoryMode::automatic: break;
  }
  return engine::MemoryMode::automatic;
}

std::unique_ptr<engine::InterpreterTier> make_interpreter(const Config& config, engine::MemoryMode mode) {
  engine::InterpreterOptions options;
  options.memory_mode = mode;
  options.fuel = config.fuel;
  options.eager = config.eager && config.tier != "jit";
  options.native_relaxed = config.relaxed_simd == RelaxedSimd::native;
  options.preempt_at_atomics = config.preempt_at_atomics;
  return engine::make_interpreter(options);
}

/// Is there such a tier, and can it be?
Result<void> check_tier(const Config& config) {
  if (config.tier == "interp") return {};
  if (config.tier != "jit" && config.tier != "auto") {
    return detail::usage_error("unknown tier \"" + config.tier + "\": there are interp, jit and auto");
  }
  if (config.compiler == nullptr) {
    return detail::usage_error("the tier \"" + config.tier +
                               "\" needs a compiler: set Config::compiler to heddle::jit::compiler()");
  }
  return {};
}

Result<std::unique_ptr<engine::Tier>> make_tier(const Config& config, engine::EngineState& state) {
  auto interpreter = make_interpreter(config, state.memory_mode);
  if (config.tier == "interp") return std::unique_ptr<engine::Tier>(std::move(interpreter));
  auto tier = config.compiler->make_tier(config, state, std::move(interpreter));
  if (tier != nullptr) return tier;
  Error error = detail::usage_error("the host refuses memory for machine code, or the processor is too old");
  error.kind = ErrorKind::resource;
  return error;
}

}  // namespace

Result<Engine> Engine::create(const Config& config) {
  if (config.preempt_at_atomics && !config.fuel) {
    return detail::usage_error("Config::preempt_at_atomics counts in fuel: set Config::fuel, too");
  }
  HEDDLE_TRY(check_tier(config));
  auto impl = std::make_shared<EngineImpl>();
  impl->config = config;
  impl->fuel = config.fuel;
  impl->gc_stress = config.gc_stress;
  impl->memory_mode = engine::resolve_memory_mode(internal_mode(config.memory_mode));
  if (config.memory_mode == MemoryMode::guarded && impl->memory_mode != engine::MemoryMode::guarded) {
    Error error =
        detail::usage_error("guarded memories are not possible here: no signal handling or address space");
    error.kind = ErrorKind::resource;
    return error;
  }
  HEDDLE_TRY_ASSIGN(impl->tier, make_tier(config, *impl));
  return Engine(std::move(impl));
}

const Config& Engine::config() const noexcept { return impl_->config; }

MemoryMode Engine::memory_mode() const noexcept {
  return impl_->memory_mode == engine::MemoryMode::guarded ? MemoryMode::guarded : MemoryMode::checked;
}

std::string_view Engine::version() noexcept { return HEDDLE_VERSION; }

}  // namespace heddle
