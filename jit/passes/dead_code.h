// SPDX-License-Identifier: Apache-2.0
// DeadCode: what nobody needs is neither a root nor an argument of something needed.
//
// Roots are terminators and what has an effect. Loads of the host's memory cannot fail and go if unused;
// guest loads may trap and stay. A block parameter is needed if a needed node uses it, and only then are its
// arguments.
#pragma once

#include <vector>

#include "jit/ir/ir.h"

namespace heddle::jit {

class DeadCode {
 public:
  /// Removes values that nobody uses, parameters and arguments of blocks included.
  void remove(Function& function);

 private:
  void mark(BlockId id);
  void need(Value value);
  void need_incoming(BlockId block, size_t which);
  void follow();
  void sweep();

  /// Not a bool, of which vectors are slow, nor a byte, which might alias anything.
  enum class Mark : uint8_t { no, yes };

  Function* function_ = nullptr;
  std::vector<Mark> needed_;        ///< by value
  std::vector<Mark> passed_;        ///< by block
  std::vector<BlockId> shrinking_;  ///< have what was not needed when they were passed
  std::vector<Value> open_;         ///< passed before they were known to be needed
};

}  // namespace heddle::jit
