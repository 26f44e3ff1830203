// SPDX-License-Identifier: Apache-2.0
// UnreachableCode: what follows a branch gives no code, up to where its block ends or goes on.
#pragma once

#include <cstdint>

#include "engine/opcodes/opcode.h"

namespace heddle::engine {

class UnreachableCode {
 public:
  /// To be asked of each instruction from the first unreachable one on: is it to be skipped? After a no, code
  /// may be reachable again. Of skipped instructions only the block structure counts.
  [[nodiscard]] bool skips(Opcode opcode) noexcept {
    switch (opcode) {
      case Opcode::block:
      case Opcode::loop:
      case Opcode::if_:
      case Opcode::try_:
      case Opcode::try_table: ++blocks_; return true;
      case Opcode::else_:
      case Opcode::catch_:
      case Opcode::catch_all: return blocks_ > 0;
      case Opcode::end:
      case Opcode::delegate:
        if (blocks_ == 0) return false;
        --blocks_;
        return true;
      default: return true;
    }
  }

 private:
  uint32_t blocks_ = 0;  ///< opened in unreachable code
};

}  // namespace heddle::engine
