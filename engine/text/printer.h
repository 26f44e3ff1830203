// SPDX-License-Identifier: Apache-2.0
// The printer: a binary module in, WebAssembly text out, which assembles to the same module again.
//
// Round trip: assemble(print_module(bytes)) gives `bytes` again, but for the name section, the length of
// LEB128 numbers, and encodings for which the text has no words (runs of locals, the long form of short
// reference types). It decodes but does not validate; malformed bytes are an error, never a crash.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "heddle/result.h"

namespace heddle::engine {

struct PrintOptions {
  bool folded = false;    ///< expressions as (i32.add (local.get 0) (i32.const 1)) where the stack allows
  bool use_names = true;  ///< identifiers from the name section
  bool custom_sections = true;  ///< other custom sections as (@custom ...) annotations
  uint32_t indent = 2;          ///< spaces per level
};

[[nodiscard]] Result<std::string> print_module(std::span<const uint8_t> bytes,
                                               const PrintOptions& options = {});

}  // namespace heddle::engine
