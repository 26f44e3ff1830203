// SPDX-License-Identifier: Apache-2.0
// Semantics: from a numeric row's Opcode to the type that computes it, as a template.
#pragma once

#include "engine/opcodes/opcode.h"
#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::engine {

template <Opcode>
struct SemanticsOf;

namespace ops {
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...) \
  }                                                                       \
  template <>                                                             \
  struct SemanticsOf<Opcode::name> {                                      \
    using Type = ops::__VA_ARGS__;                                        \
  };                                                                      \
  namespace ops {
#define WASM_COMPARE WASM_BINARY
#define WASM_UNARY WASM_BINARY
#define WASM_TEST WASM_BINARY
#include "engine/opcodes/opcodes.def"
}  // namespace ops

template <Opcode kOpcode>
using Semantics = typename SemanticsOf<kOpcode>::Type;

}  // namespace heddle::engine
