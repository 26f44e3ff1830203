// SPDX-License-Identifier: Apache-2.0
// Part 3 of the superinstructions' handlers.
#include "engine/interpreter/run_superinstructions.h"

namespace heddle::engine {

void add_superinstructions_3(std::vector<Superinstruction>& rows) { add_rows<3>(rows); }

}  // namespace heddle::engine
