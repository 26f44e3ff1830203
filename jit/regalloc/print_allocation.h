// SPDX-License-Identifier: Apache-2.0
// The stable text of an allocation: operands with their locations, and the moves between instructions.
#pragma once

#include <string>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

/// One instruction or move a line: `v3=rax` is value 3 in rax, `v3=[2]` in slot 2.
[[nodiscard]] std::string print(const x64::MachineFunction& function, const x64::Allocation& allocation);

}  // namespace heddle::jit::regalloc
