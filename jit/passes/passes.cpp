// SPDX-License-Identifier: Apache-2.0
// The order of the passes.
#include "jit/passes/passes.h"

#include "jit/passes/dominators.h"

namespace heddle::jit {

void run_passes(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
                const PassOptions& options) {
  if (options.inline_calls) inline_calls(function, build, callees, options.is_hot);
  order_blocks(function);
  if (options.remove_parameters) remove_redundant_parameters(function);
  if (options.number_values) {
    number_values(function, dominators);
  } else {
    dominators.compute(function);
  }
  if (options.hoist) hoist_loop_invariants(function, dominators);
  if (options.remove_dead_code) remove_dead_code(function);
}

}  // namespace heddle::jit
