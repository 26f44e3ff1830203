// SPDX-License-Identifier: Apache-2.0
// The passes over the IR, in the order in which they run; each has a file, a flag and a golden test.
//
// All take a function that verifies and leave one that does, are linear in its size but for constant factors,
// and use no recursion. What they note down is theirs for one run, its memory for all.
#pragma once

#include "jit/build/builder.h"
#include "jit/ir/block_order.h"
#include "jit/ir/ir.h"
#include "jit/passes/dead_code.h"
#include "jit/passes/dominators.h"
#include "jit/passes/loop_invariants.h"
#include "jit/passes/redundant_parameters.h"
#include "jit/passes/value_numbering.h"

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

/// The passes, and the memory that they keep for the next function, but after a large one.
class Passes {
 public:
  /// `build`: how the function was built; so are those that are inlined. `callees`: in use for the function's
  /// module. `dominators` are the function's afterwards. Blocks need no order before.
  void run(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
           const PassOptions& options = {});
  /// Those passes that ask nobody else and move nothing.
  void simplify(Function& function, Dominators& dominators);

 private:
  BlockOrder order_;
  RedundantParameters redundant_parameters_;
  ValueNumbering value_numbering_;
  LoopInvariants loop_invariants_;
  DeadCode dead_code_;
};

/// Once, with memory of their own.
void run_passes(Function& function, const BuildOptions& build, Callees& callees, Dominators& dominators,
                const PassOptions& options = {});

/// Small functions of the same module take the places of calls to them. Blocks need no order, and have none
/// afterwards. `is_hot`: see PassOptions.
void inline_calls(Function& function, const BuildOptions& options, Callees& callees, bool is_hot);

}  // namespace heddle::jit
