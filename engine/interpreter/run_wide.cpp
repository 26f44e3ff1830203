// SPDX-License-Identifier: Apache-2.0
// Handlers of the wide arithmetic rows: operands in consecutive slots, the two results in the first two of
// them.
#include "engine/interpreter/handlers.h"
#include "engine/runtime/wide_ops.h"

namespace heddle::engine {

namespace {

template <class Op>
HEDDLE_HANDLER void wide(HEDDLE_STATE) {
  Slot* operands = fp + field<0>(ip);
  const ops::Wide result = Op::apply(operands);
  operands[0] = result.low;
  operands[1] = result.high;
  HEDDLE_NEXT(2);
}

}  // namespace

void add_wide_handlers(HandlerTable& table) {
  using namespace ops;
#define WASM_WIDE(name, code, text, immediate, signature, feature, ...) \
  table.wide[static_cast<size_t>(Opcode::name)] = wide<__VA_ARGS__>;
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
