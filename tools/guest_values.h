// SPDX-License-Identifier: Apache-2.0
// Values between the command line and an invoked function: arguments by parameter type, results as text.
#pragma once

#include <heddle/heddle.h>

#include <string>
#include <vector>

namespace heddle::tools {

/// Integers in decimal or hexadecimal, signed or unsigned; floats also as inf, nan, nan:0x400000,
/// hexadecimal; "null" for references. Errors: usage, naming the argument and its type.
[[nodiscard]] Result<std::vector<Value>> parse_arguments(const FunctionType& type,
                                                         const std::vector<std::string>& arguments);

}  // namespace heddle::tools
