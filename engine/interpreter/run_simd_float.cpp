// SPDX-License-Identifier: Apache-2.0
// Handlers of the SIMD rows of float lanes.
#include "engine/interpreter/run_simd.h"

namespace heddle::engine {

void add_simd_float_handlers(HandlerTable& table) { add_simd_rows<true>(table); }

}  // namespace heddle::engine
