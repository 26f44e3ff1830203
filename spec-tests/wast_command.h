// SPDX-License-Identifier: Apache-2.0
// `heddle wast`: the command line of the suite runner.
#pragma once

#include <span>
#include <string>

namespace heddle::spec {

/// Runs the command with what follows `wast`. 0: all as expected; 1: unexpected results; 2: usage, input or
/// output errors. The calling program must be the one that handles `wast`, because children are that program
/// again.
int run_wast_command(std::span<const std::string> arguments);

}  // namespace heddle::spec
