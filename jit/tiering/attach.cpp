// SPDX-License-Identifier: Apache-2.0
// The public side of the JIT: the Compiler that an embedder hands to an engine, and its statistics.
#include <heddle/jit.h>

#include "engine/api/access.h"
#include "engine/api/compiler.h"
#include "engine/api/engine_impl.h"
#include "jit/tiering/jit_tier.h"

namespace heddle::jit {

namespace {

class NativeCompiler final : public Compiler {
 public:
  [[nodiscard]] std::unique_ptr<engine::Tier> make_tier(
      const Config& config, engine::EngineState& engine,
      std::unique_ptr<engine::InterpreterTier> interpreter) const override {
    return JitTier::create(config, engine, std::move(interpreter));
  }
};

}  // namespace

const Compiler* compiler() noexcept {
  static constexpr NativeCompiler kCompiler;
  return &kCompiler;
}

CompileStatistics statistics(const Engine& engine) noexcept {
  const auto& impl = detail::Access::impl(engine);
  if (impl == nullptr || !JitTier::is(*impl->tier)) return {};
  return static_cast<const JitTier&>(*impl->tier).statistics();
}

Result<std::string> dump(const Engine& engine, const engine::ModuleImage& module, uint32_t function,
                         DumpStage stage) {
  const auto& impl = detail::Access::impl(engine);
  if (impl == nullptr || !JitTier::is(*impl->tier)) return detail::usage_error("the engine has no compiler");
  return static_cast<const JitTier&>(*impl->tier).dump(module, function, stage);
}

}  // namespace heddle::jit
