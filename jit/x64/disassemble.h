// SPDX-License-Identifier: Apache-2.0
// Stable text of emitted code: for `heddle dump --stage asm` and golden tests.
#pragma once

#include <string>

#include "jit/x64/emitted_code.h"

namespace heddle::jit::x64 {

/// One instruction a line, labels where jumps go, and behind a `;` what the sites say: the offset of the wasm
/// instruction and why it is one; or what the lines say, if there are some. Addresses that differ from run to
/// run do not appear. Data behind the code is left out.
[[nodiscard]] std::string disassemble(const EmittedCode& code);

}  // namespace heddle::jit::x64
