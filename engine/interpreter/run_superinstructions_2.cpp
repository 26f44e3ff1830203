// SPDX-License-Identifier: Apache-2.0
// Part 2 of the superinstructions' handlers.
#include "engine/interpreter/run_superinstructions.h"

namespace heddle::engine {

void add_superinstructions_2(std::vector<Superinstruction>& rows) { add_rows<2>(rows); }

}  // namespace heddle::engine
