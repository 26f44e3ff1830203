// SPDX-License-Identifier: Apache-2.0
// ModuleState: what the JIT keeps of a module: how hot its functions are, what became of them, and their
// code.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "engine/module/module.h"
#include "engine/support/thread_annotations.h"
#include "jit/tiering/code_cache.h"
#include "jit/tiering/native_signature.h"

namespace heddle::jit {

class JitTier;
class ModuleState;

enum class Progress : uint8_t { interpreted, waiting, compiled, refused };

/// FunctionCode::compiler_data; a host function has one without a module.
struct FunctionState {
  const NativeSignature* signature = nullptr;
  ModuleState* module = nullptr;
  std::atomic<Progress> progress{Progress::interpreted};
  std::atomic<uint32_t> samples{0};
  std::atomic<uint32_t> calls{0};  ///< while it is interpreted, from compiled code and the host

  [[nodiscard]] static FunctionState& of(const engine::FunctionCode& code) noexcept {
    return *const_cast<FunctionState*>(static_cast<const FunctionState*>(code.compiler_data));
  }
};

/// Threads: any. Dies with the module, when none of its code runs any more.
class ModuleState final : public engine::TierData {
 public:
  ModuleState(JitTier& tier, const engine::ModuleImage& module);
  ~ModuleState() override;

  [[nodiscard]] FunctionState& function(uint32_t index) noexcept { return functions_[index]; }
  /// Slots of ExecContext::overflow that its code may use.
  [[nodiscard]] uint32_t overflow_slots() const noexcept { return overflow_slots_; }

  /// Is it the first who asks for this loop?
  [[nodiscard]] bool claim_loop(uint64_t offset) HEDDLE_EXCLUDES(mutex_);
  void own(const CompiledCode& code) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<const CompiledCode*> take_codes() HEDDLE_EXCLUDES(mutex_);

  /// Of machine code.
  [[nodiscard]] uint64_t code_bytes() const override HEDDLE_EXCLUDES(mutex_);

  /// Held by who compiles a function that others wait for.
  engine::Mutex compiling;
  /// The module is being dropped: whoever compiles for it may stop, and is waited for.
  std::atomic<bool> ends{false};

 private:
  JitTier& tier_;
  std::vector<std::unique_ptr<NativeSignature>> signatures_;  ///< by type index; null: no function type
  std::unique_ptr<FunctionState[]> functions_;
  uint32_t overflow_slots_ = 0;
  mutable engine::Mutex mutex_;
  std::set<uint64_t> loops_ HEDDLE_GUARDED_BY(mutex_);  ///< by their offsets in the module
  std::vector<const CompiledCode*> codes_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::jit
