// SPDX-License-Identifier: Apache-2.0
// EmittedCode: the bytes of one compiled function and what the run time must know about them.
//
// Position-independent but for absolute addresses of things that outlive the code (FunctionCodes, stubs).
#pragma once

#include <cstdint>
#include <vector>

#include "heddle/trap.h"

namespace heddle::jit::x64 {

/// A place in the code that a trap, a backtrace or a thrown exception may ask about.
struct Site {
  enum class Kind : uint8_t {
    call,   ///< code_offset is the return address of a call
    trap,   ///< code_offset is the return address of a call of the trap stub: `trap` happened
    fault,  ///< code_offset is an access to guest memory that may fault: out of bounds
  };
  uint32_t code_offset = 0;
  uint32_t wasm_offset = 0;  ///< of the instruction in the module
  uint32_t landing = 0;      ///< calls: code offset of the block that takes a thrown exception; 0: none
  Kind kind = Kind::call;
  TrapKind trap = TrapKind::none;
};

/// From here on, code is of the wasm instruction at this offset in the module.
struct Line {
  uint32_t code_offset = 0;
  uint32_t wasm_offset = 0;
};

struct EmittedCode {
  std::vector<uint8_t> bytes;  ///< the entry is at 0
  uint32_t code_bytes = 0;     ///< before the data: literals and jump tables
  std::vector<Site> sites;     ///< ascending by code_offset
  bool wants_lines = false;    ///< before it is emitted: for who looks at it
  std::vector<Line> lines;     ///< ascending, if they are wanted
  /// rsp = rbp - frame_bytes in the body. The own instance is at [rbp - 8] if saves_instance.
  uint32_t frame_bytes = 0;
  bool saves_instance = false;
};

}  // namespace heddle::jit::x64
