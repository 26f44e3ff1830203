// SPDX-License-Identifier: Apache-2.0
// Handlers of the SIMD rows of integer lanes, and of whole vectors.
#include "engine/interpreter/run_simd.h"

namespace heddle::engine {

void add_simd_integer_handlers(HandlerTable& table) { add_simd_rows<false>(table); }

}  // namespace heddle::engine
