// SPDX-License-Identifier: Apache-2.0
// Stubs: the machine code between compiled functions and C++, made once per process.
//
// Every frame of compiled code, stubs included, begins with the caller's rbp and the return address, so
// frames can be walked. Before compiled code calls C++ its stub writes rsp to ExecContext::native_exit, with
// all registers that might hold references pushed above it: the collector scans [native_exit, native_frame)
// conservatively.
#pragma once

#include <cstdint>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/function.h"
#include "engine/runtime/instance.h"
#include "heddle/result.h"
#include "jit/x64/calling_convention.h"

namespace heddle::jit::x64 {

/// Where an exception that compiled code threw or let through continues. `pc` null: nowhere in this
/// activation.
struct Landing {
  const void* pc = nullptr;
  void* frame = nullptr;  ///< rbp
  void* stack = nullptr;  ///< rsp
};

/// How a call of the other tier ended: kFailed (see StubTargets::raise), kReturned with results in the area,
/// or with a tail call: compiled code of this instance takes the caller's place, with its arguments in the
/// area.
struct CallEnd {
  static constexpr uintptr_t kFailed = 0;
  static constexpr uintptr_t kReturned = 1;
  uintptr_t code = kFailed;
  engine::Instance* instance = nullptr;
};

/// C++ that stubs call. `pc` and `frame` are the return address into compiled code and its rbp. All are
/// noexcept.
struct StubTargets {
  /// Runs a function that is not compiled, or the host's, with its arguments in `area`.
  CallEnd (*call_other_tier)(engine::ExecContext*, engine::FunctionCode*, engine::Instance*,
                             RegisterArea*) noexcept;
  /// A trap of this kind happened (by code), or a runtime call or other call failed (kind none: it is in the
  /// context already). Records where; for exceptions finds where they are caught, which it writes to the last
  /// argument.
  void (*raise)(engine::ExecContext*, TrapKind, const void* pc, void* frame, Landing*) noexcept;
  /// Answers requests at a loop header or function entry; `stack` is rsp. What to trap with, or none to go
  /// on.
  TrapKind (*poll)(engine::ExecContext*, const void* stack) noexcept;
  /// More was taken from the context's fuel than there was; `cost` is to be paid. As poll().
  TrapKind (*refuel)(engine::ExecContext*, int64_t cost) noexcept;
};

/// Addresses in executable memory.
struct Stubs {
  /// bool enter(ExecContext*, Instance*, const void* code, RegisterArea*): runs compiled code from C++. Saves
  /// the context's native_frame and native_exit below the new native_frame, at [native_frame - 8] and
  /// [native_frame - 16]. False after a trap, or when an exception leaves.
  uintptr_t enter = 0;
  /// FunctionCode::native_entry of what is not compiled; r11 = FunctionCode.
  uintptr_t call_other_tier = 0;
  /// rdi = instance, rsi = slots, rdx, rcx = immediates, rax = RuntimeFunction. Returns only if it gave
  /// TrapKind::none.
  uintptr_t call_runtime = 0;
  /// r11d = TrapKind; called, so that the return address says where. Never returns.
  uintptr_t trap = 0;
  /// Where the signal handler sends a guest's memory fault, with the faulting pc in r11.
  uintptr_t fault = 0;
  /// Keep all registers but kScratch. Called at loop headers when requests are pending, and at entries when
  /// the stack check fails.
  uintptr_t poll = 0;
  /// As poll; kScratch = cost. Called when fuel has become negative.
  uintptr_t refuel = 0;
  /// Where all of them are.
  uintptr_t begin = 0;
  uintptr_t end = 0;
};

class ExecutableMemory;

/// Assembles the stubs, which live as long as `memory`. Fails only for want of memory.
[[nodiscard]] Result<Stubs> make_stubs(const StubTargets& targets, ExecutableMemory& memory);

/// What a runtime call looks like: arguments in slots, results into them. Any trap kind but none ends the
/// caller.
using RuntimeFunction = TrapKind (*)(engine::Instance*, engine::Slot* slots, uint64_t extra,
                                     uint64_t extra2) noexcept;

}  // namespace heddle::jit::x64
