// SPDX-License-Identifier: Apache-2.0
// Calling convention: where arguments and results of compiled functions are, and what calls keep.
//
// Arguments: the first eight general ones in kGeneralArguments, the first eight vector ones (f32, f64, v128)
// in xmm0 to xmm7; each class counts for itself. Those beyond are written to ExecContext::overflow, two slots
// each, in order, and the callee reads them before it does anything else; so there are no arguments on the
// stack, and tail calls need not move any. Results: the same with kGeneralResults. An i32 has a zero upper
// half.
//
// A call of a function of this module:   r11 = FunctionCode*, then call [r11 + native_entry].
// A call of a Function*:                 r11 = function->code; if the function has an instance: r15 = that
// instance and
//                                        r14 = its memory0_base; then call [r11 + native_entry]. Afterwards
//                                        the caller reloads r15 from its frame and r14 from the instance.
// FunctionCode::native_entry is never null: of what is not compiled (and of the host) it is a stub that leads
// to tier 0. Callees keep rbx, r12, r13, rbp and rsp, and r14 and r15 too unless they tail call into another
// instance; so in a module with tail calls, and around call_function, callers reload
// (Function::reloads_instance). A call that may throw to a handler of this function (before an `invoke`)
// keeps no register at all.
//
// Runtime calls (C++, runtime_call.h) are called through a stub, with arguments in slots at the lower end of
// the frame; they keep what callees keep.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "jit/ir/ir.h"
#include "jit/x64/registers.h"

namespace heddle::jit::x64 {

inline constexpr std::array kGeneralArguments = {
    Register::rdi, Register::rsi, Register::rdx, Register::rcx,
    Register::r8,  Register::r9,  Register::rax, Register::r10,
};
inline constexpr std::array kGeneralResults = {
    Register::rax, Register::rdx, Register::rcx, Register::rsi,
    Register::rdi, Register::r8,  Register::r9,  Register::r10,
};
inline constexpr unsigned kVectorArguments = 8;  ///< xmm0 and following, results too

/// Where one argument or result is.
struct Place {
  Type type = Type::none;
  Register reg = Register::none;  ///< none: in the overflow area
  uint32_t overflow = 0;          ///< byte offset in ExecContext::overflow
};

/// Fills `places` with those of values of these types.
void place_arguments(std::span<const Type> types, std::vector<Place>& places);
void place_results(std::span<const Type> types, std::vector<Place>& places);

/// The argument registers of one call, as stubs write them to memory and read them back: for crossing between
/// tiers.
struct RegisterArea {
  uint64_t general[8];                ///< in the order of kGeneralArguments, or kGeneralResults
  alignas(16) uint64_t vector[8][2];  ///< xmm0 to xmm7
};

}  // namespace heddle::jit::x64
