// SPDX-License-Identifier: Apache-2.0
// Tier: the seam between the run time and whatever executes functions. The interpreter is tier 0, the JIT
// tier 1.
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

  /// Called for each store before anything runs in it, and, with all that is in it still there, before it
  /// goes.
  virtual void on_store(ExecContext&) {}
  virtual void on_store_end(ExecContext&) noexcept {}

  /// Called once when a module has been validated, before anyone else can see it. Attaches module.tier_data;
  /// example use: make one FunctionCode per function whose entry says "translate me".
  virtual void on_module(ModuleImage& module) = 0;

  /// The code of a function of a module that on_module() has seen.
  [[nodiscard]] virtual FunctionCode* code_of(const ModuleImage& module, uint32_t function) noexcept = 0;

  /// Called before any code of the instance runs.
  virtual void on_instance(Instance&) {}

  /// Does code run on the native stack, so that contexts need ExecContext::native_stack_end?
  [[nodiscard]] virtual bool uses_native_stack() const noexcept { return false; }

  /// Fills the code of a host function so that guest code can call it. `code` outlives the store.
  virtual void prepare_host(FunctionCode& code) noexcept = 0;

  /// Runs `function` to its end. Arguments are in slots[0..parameter_slots), results will be in
  /// slots[0..result_slots); slots == context.stack_top (the caller has put them there; nothing above is in
  /// use). False after a trap, which context.trap then describes.
  virtual bool invoke(ExecContext& context, Function& function, Slot* slots) noexcept = 0;

  /// Turns the recorded trap, context.trap, into frames, innermost first. Called by the owner right after
  /// invoke() failed.
  virtual void backtrace(ExecContext& context, std::vector<Frame>& frames, uint64_t& omitted) = 0;
};

/// What tier 0 does when it is told to have somebody else run a function.
enum class NativeOutcome : uint8_t {
  returned,     ///< results are in slots[0..result_slots)
  failed,       ///< context.trap says why
  interpreted,  ///< it did nothing; tier 0 shall run it, whose code the caller has put back
  /// Tier 0 shall leave: whoever called invoke_for_native() goes on. Only for the frame that returns to it.
  handed_over,
};
/// Runs a function that tier 0 calls: arguments and results in `slots`, nothing above header_slot() + 3 is in
/// use.
using NativeCall = NativeOutcome (*)(ExecContext&, FunctionCode&, Instance*, Slot* slots) noexcept;

/// A loop that is compiled as the rest of its function, from its header on.
struct NativeLoop {
  /// Runs it with the frame's slots; else as NativeCall. On `interpreted` tier 0 goes on in the loop.
  NativeOutcome (*run)(ExecContext&, FunctionCode&, Instance*, Slot* slots,
                       const void* native) noexcept = nullptr;
  const void* native = nullptr;
};

/// Tier 0 as a compiler needs it.
class InterpreterTier : public Tier {
 public:
  /// invoke() for a caller that has a frame replaced by what that frame tail calls
  /// (NativeOutcome::handed_over).
  virtual bool invoke_for_native(ExecContext& context, Function& function, Slot* slots) noexcept = 0;
  /// What such a frame has as its return address, in the first slot of its header.
  [[nodiscard]] virtual const uint64_t* return_to_native() const noexcept = 0;
  /// From now on tier 0 has `call` run functions whose FunctionCode::entry is this. The same for the same
  /// `call`.
  [[nodiscard]] virtual const uint64_t* entry_to(NativeCall call) = 0;
  /// What FunctionCode::entry is at first: translates, then runs in tier 0.
  [[nodiscard]] virtual const uint64_t* entry_of_untranslated() const noexcept = 0;
  /// Makes tier 0's code of a function, if there is none yet. False if its frame is too large.
  virtual bool translate(const FunctionCode& code) = 0;
  /// The function at a word of its code; null if there is none.
  [[nodiscard]] virtual FunctionCode* function_at(const ModuleImage& module, const uint64_t* ip) noexcept = 0;
  /// The module offset of the wasm instruction that a word came from. Slow: it translates the function again.
  [[nodiscard]] virtual uint64_t offset_at(const FunctionCode& code, const uint64_t* ip) noexcept = 0;
  /// Has tier 0 enter `loop` whenever it comes to the header of the wasm `loop` at this module offset. False
  /// if the function is not translated or has no such loop.
  virtual bool attach_loop(const FunctionCode& code, uint64_t offset, const NativeLoop& loop) = 0;
  /// Moves the frames of the activation that trapped, from context.trap.ip on, to context.trap.frames.
  virtual void leave_frames(ExecContext& context) = 0;
};

}  // namespace heddle::engine
