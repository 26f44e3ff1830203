// SPDX-License-Identifier: Apache-2.0
// Handlers of the rows whose operands are floats: arithmetic, comparisons, compare-and-branch, conversions
// from floats.
#include "engine/interpreter/run_numeric.h"

namespace heddle::engine {

void add_float_handlers(HandlerTable& table) { add_numeric_handlers<true>(table); }

}  // namespace heddle::engine
