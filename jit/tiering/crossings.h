// SPDX-License-Identifier: Apache-2.0
// Crossings: how calls go from tier 0 and the host into compiled code, and from there to tier 0 and the host.
//
// Each way into compiled code begins an activation (native_frames.h). What fails inside of it comes out as
// `false`, with context.trap set, and is then the failure of whoever began it.
#pragma once

#include "engine/runtime/exec_context.h"
#include "engine/runtime/tier.h"
#include "jit/x64/stubs.h"

namespace heddle::jit {

/// The stubs, which all engines share: made when they are first asked for, for good. Null if the host gives
/// no executable memory.
[[nodiscard]] const x64::Stubs* stubs() noexcept;
/// FunctionCode::native_entry of what is not compiled: goes on to the stub call_other_tier, and is there
/// before it. REQUIRES, of who goes there: the stubs are made.
[[nodiscard]] const void* entry_to_other_tier() noexcept;

/// Where on the native stack the caller is.
[[nodiscard, gnu::always_inline]] inline uintptr_t native_stack_position() {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}

/// Is there room to enter or to compile something?
[[nodiscard]] inline bool has_native_stack(const engine::ExecContext& context) {
  return native_stack_position() >= context.native_stack_end;
}

// What tier 0 is told to call (Tier's NativeCall and NativeLoop).

/// A function that is compiled.
engine::NativeOutcome call_compiled(engine::ExecContext& context, engine::FunctionCode& code,
                                    engine::Instance* instance, engine::Slot* slots) noexcept;
/// One that nobody has called yet.
engine::NativeOutcome first_call(engine::ExecContext& context, engine::FunctionCode& code,
                                 engine::Instance* instance, engine::Slot* slots) noexcept;
/// The rest of a function whose frame is at `slots`, from a loop on.
engine::NativeOutcome run_loop(engine::ExecContext& context, engine::FunctionCode& code,
                               engine::Instance* instance, engine::Slot* slots, const void* native) noexcept;

/// Tier::invoke for a compiled function.
[[nodiscard]] bool enter_from_host(engine::ExecContext& context, const engine::FunctionCode& code,
                                   engine::Instance* instance, engine::Slot* slots,
                                   const void* native) noexcept;

}  // namespace heddle::jit
