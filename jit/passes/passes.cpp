// SPDX-License-Identifier: Apache-2.0
// The order of the passes.
#include "jit/passes/passes.h"

namespace heddle::jit {

namespace {

/// In nodes. Beyond, what comes next wants the memory.
constexpr size_t kLargeFunction = size_t{1} << 15;

}  // namespace

void Passes::run(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
                 const PassOptions& options) {
  if (options.inline_calls) inline_calls(function, build, callees, options.is_hot);
  order_.compute(function);
  if (options.remove_parameters) redundant_parameters_.remove(function);
  if (options.number_values) {
    value_numbering_.run(function, order_, dominators);
  } else {
    dominators.compute(function);
  }
  if (options.hoist) loop_invariants_.hoist(function, dominators);
  if (options.remove_dead_code) dead_code_.remove(function);
  if (function.nodes.size() > kLargeFunction) *this = Passes();
}

void Passes::simplify(Function& function, Dominators& dominators) {
  order_.compute(function);
  redundant_parameters_.remove(function);
  value_numbering_.run(function, order_, dominators);
  dead_code_.remove(function);
}

void run_passes(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
                const PassOptions& options) {
  Passes().run(function, build, callees, dominators, options);
}

}  // namespace heddle::jit
