// SPDX-License-Identifier: Apache-2.0
// Part 0 of the superinstructions' handlers.
#include "engine/interpreter/run_superinstructions.h"

namespace heddle::engine {

void add_superinstructions_0(std::vector<Superinstruction>& rows) { add_rows<0>(rows); }

}  // namespace heddle::engine
