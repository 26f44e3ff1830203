// SPDX-License-Identifier: Apache-2.0
// Disassembly of interpreter code as stable text, one instruction a line.
#pragma once

#include <cstdint>
#include <string>

#include "engine/module/module.h"

namespace heddle::engine {

/// The code of one function (translating it if need be): position, name with operand shapes, operands.
/// `marks_joined`: a + marks what the superinstruction before does too.
/// REQUIRES: the module has been through the interpreter's on_module(), and the function is not imported.
[[nodiscard]] std::string disassemble(const ModuleImage& module, uint32_t function,
                                      bool marks_joined = false);

}  // namespace heddle::engine
