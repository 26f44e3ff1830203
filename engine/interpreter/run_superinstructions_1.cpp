// SPDX-License-Identifier: Apache-2.0
// Part 1 of the superinstructions' handlers.
#include "engine/interpreter/run_superinstructions.h"

namespace heddle::engine {

void add_superinstructions_1(std::vector<Superinstruction>& rows) { add_rows<1>(rows); }

}  // namespace heddle::engine
