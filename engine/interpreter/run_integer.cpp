// SPDX-License-Identifier: Apache-2.0
// Handlers of the rows whose operands are integers: arithmetic, comparisons, compare-and-branch, conversions
// from integers.
#include "engine/interpreter/run_numeric.h"

namespace heddle::engine {

void add_integer_handlers(HandlerTable& table) { add_numeric_handlers<false>(table); }

}  // namespace heddle::engine
