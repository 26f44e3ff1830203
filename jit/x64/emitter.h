// SPDX-License-Identifier: Apache-2.0
// The emitter: machine code as bytes. The only part of the JIT, with the stubs, that knows asmjit's
// instructions.
#pragma once

#include "heddle/result.h"
#include "jit/x64/emitted_code.h"
#include "jit/x64/machine.h"

namespace heddle::jit::x64 {

/// Bit fields of the immediate of Mnemonic::divide.
struct Division {
  static constexpr int64_t kSigned = 1;
  static constexpr int64_t kRemainder = 2;  ///< the remainder is wanted: in rdx; else the quotient, in rax
  static constexpr int64_t kCheckZero = 4;  ///< the divisor may be 0
  static constexpr int64_t kCheckOverflow = 8;  ///< the divisor may be -1
};

/// Bit fields of the immediate of Mnemonic::truncate.
struct Truncation {
  static constexpr int64_t kFromDouble = 1;
  static constexpr int64_t kTo64 = 2;
  static constexpr int64_t kSigned = 4;
  static constexpr int64_t kSaturate = 8;  ///< instead of trapping
};

/// Fills `out`. Fails (kind limit) if the frame is too large; nothing else can go wrong with what selection
/// makes.
[[nodiscard]] Result<void> emit(const MachineFunction& function, const Allocation& allocation,
                                EmittedCode& out);

}  // namespace heddle::jit::x64
