// SPDX-License-Identifier: Apache-2.0
// The allocator's checker: proves of one allocation that every operand reads the value it names.
//
// It knows nothing of how the allocation came about. It runs the function symbolically: what a register or
// slot holds is a set of values (several, since a copy and its original are alike). A definition replaces the
// set of its location by the value, and forgets the value elsewhere; a move copies the set; a clobber empties
// it; an edge renames arguments to parameters; where edges meet, sets are intersected, until nothing changes.
// Then every use must find its value. Locations are counted in units of 8 bytes, so that values of 16 bytes
// and their halves are told apart. After regalloc2's checker (Bytecode Alliance), the same idea over machine
// SSA.
#pragma once

#include <string>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

/// The first error, or an empty string. For debug builds, tests and fuzzing.
[[nodiscard]] std::string check(const x64::MachineFunction& function, const x64::Allocation& allocation);

}  // namespace heddle::jit::regalloc
