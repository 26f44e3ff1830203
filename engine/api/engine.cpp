// SPDX-License-Identifier: Apache-2.0
// Engine: puts registry, wait queues and the chosen tier together.
#include <heddle/engine.h>

#include "engine/api/access.h"
#include "engine/interpreter/interpreter.h"

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

/// The tiers this library was built with, by name. Null for others.
std::unique_ptr<engine::Tier> make_tier(const Config& config, engine::MemoryMode mode) {
  if (config.tier != "interp") return nullptr;
  engine::InterpreterOptions options;
  options.memory_mode = mode;
  options.fuel = config.fuel;
  options.eager = config.eager;
  options.native_relaxed = config.relaxed_simd == RelaxedSimd::native;
  options.preempt_at_atomics = config.preempt_at_atomics;
  return engine::make_interpreter(options);
}

}  // namespace

Result<Engine> Engine::create(const Config& config) {
  if (config.preempt_at_atomics && !config.fuel) {
    return detail::usage_error("Config::preempt_at_atomics counts in fuel: set Config::fuel, too");
  }
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
  impl->tier = make_tier(config, impl->memory_mode);
  if (impl->tier == nullptr) {
    return detail::usage_error("unknown tier \"" + config.tier + "\": this build has interp");
  }
  return Engine(std::move(impl));
}

const Config& Engine::config() const noexcept { return impl_->config; }

MemoryMode Engine::memory_mode() const noexcept {
  return impl_->memory_mode == engine::MemoryMode::guarded ? MemoryMode::guarded : MemoryMode::checked;
}

std::string_view Engine::version() noexcept { return HEDDLE_VERSION; }

}  // namespace heddle
