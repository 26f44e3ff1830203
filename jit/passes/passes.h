// SPDX-License-Identifier: Apache-2.0
// The passes over the IR, in the order in which they run; each has a file, a flag and a golden test.
//
// All take a function that verifies and leave one that does, are linear in its size but for constant factors,
// and use no recursion. Their scratch memory is theirs for one run.
#pragma once

#include "jit/build/builder.h"
#include "jit/ir/ir.h"

namespace heddle::jit {

/// Which passes run; a flag that is off changes how fast the code is, never what it does.
struct PassOptions {
  bool inline_calls = true;       ///< small functions of the same module take the places of calls
  bool is_hot = false;            ///< inline everywhere, not only where a call is likely to happen often
  bool number_values = true;      ///< fold, simplify, merge equal values and loads
  bool remove_parameters = true;  ///< of blocks, that are always the same value
  bool hoist = true;              ///< what does not change in a loop, out of it
  bool remove_dead_code = true;
};

class Callees;
class Dominators;

/// `build`: how the function was built; so are those that are inlined. `callees`: in use for the function's
/// module. `dominators` are the function's afterwards. Blocks need no order before.
void run_passes(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
                const PassOptions& options = {});

/// Small functions of the same module take the places of calls to them. Blocks need no order, and have none
/// afterwards. `is_hot`: see PassOptions.
void inline_calls(Function& function, const BuildOptions& options, Callees& callees, bool is_hot);

/// Block parameters to which every edge hands the same value, or themselves, become that value.
void remove_redundant_parameters(Function& function);
/// Folds constants, simplifies, and replaces what a dominating node has computed or loaded already. (GVN and
/// redundant load elimination in one walk of the dominator tree.)
/// `dominators`: gets the function's.
void number_values(Function& function, Dominators& dominators);
/// Moves what a loop computes anew in every iteration, from values outside of it, in front of the loop.
void hoist_loop_invariants(Function& function, const Dominators& dominators);
/// Removes values that nobody uses, parameters and arguments of blocks included.
void remove_dead_code(Function& function);

}  // namespace heddle::jit
