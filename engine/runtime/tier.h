// SPDX-License-Identifier: Apache-2.0
// Tier: the seam between the run time and whatever executes functions. The interpreter is tier 0; the JIT will be tier 1.
//
// Threads: on_module() is called before a module is shared; the rest may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/module/module.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/function.h"
#include "heddle/trap.h"

namespace heddle::engine {

class Tier {
 public:
  virtual ~Tier() = default;

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Called once when a module has been validated, before anyone else can see it. Attaches module.tier_data;
  /// example use: make one FunctionCode per function whose entry says "translate me".
  virtual void on_module(ModuleImage& module) = 0;

  /// The code of a function of a module that on_module() has seen.
  [[nodiscard]] virtual FunctionCode* code_of(const ModuleImage& module, uint32_t function) noexcept = 0;

  /// Fills the code of a host function so that guest code can call it. `code` outlives the store.
  virtual void prepare_host(FunctionCode& code) noexcept = 0;

  /// Runs `function` to its end. Arguments are in slots[0..parameter_slots), results will be in
  /// slots[0..result_slots); slots == context.stack_top (the caller has put them there; nothing above is in use).
  /// False after a trap, which context.trap then describes.
  virtual bool invoke(ExecContext& context, Function& function, Slot* slots) noexcept = 0;

  /// Turns a recorded trap into frames, innermost first. Called by the owner right after invoke() failed.
  virtual void backtrace(const ExecContext& context, std::vector<Frame>& frames, uint64_t& omitted) = 0;
};

}  // namespace heddle::engine
