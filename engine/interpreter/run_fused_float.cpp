// SPDX-License-Identifier: Apache-2.0
// Handlers of fused float rows: chains of two operations.
#include "engine/interpreter/run_fused.h"

namespace heddle::engine {

void add_chain_float_handlers(FusedTable& table) {
  fill_chains<kChainedF64>(table.chain_f64, std::make_index_sequence<std::size(kChainedF64)>());
  fill_chains<kChainedF32>(table.chain_f32, std::make_index_sequence<std::size(kChainedF32)>());
}

}  // namespace heddle::engine
