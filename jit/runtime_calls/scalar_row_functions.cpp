// SPDX-License-Identifier: Apache-2.0
// Scalar rows as functions over slots, made from their semantics types.
#include <array>
#include <type_traits>

#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"
#include "engine/runtime/slot.h"
#include "engine/runtime/wide_ops.h"
#include "jit/runtime_calls/row_functions.h"

namespace heddle::jit {

namespace {

using engine::Instance;
using engine::Opcode;
using engine::read_slot;
using engine::Slot;
using engine::write_slot;

template <class Op, class... Operands>
TrapKind apply(Slot* slots, Operands... operands) {
  if constexpr (Op::kTraps) {
    typename Op::Result result{};
    const TrapKind trap = Op::apply(operands..., result);
    if (trap == TrapKind::none) write_slot(slots, result);
    return trap;
  } else {
    write_slot(slots, static_cast<typename Op::Result>(Op::apply(operands...)));
    return TrapKind::none;
  }
}

template <class Op>
TrapKind unary(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  return apply<Op>(slots, read_slot<typename Op::Argument>(slots));
}

template <class Op>
TrapKind binary(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  return apply<Op>(slots, read_slot<typename Op::Left>(slots), read_slot<typename Op::Right>(slots + 1));
}

template <class Op>
TrapKind wide(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  const engine::ops::Wide result = Op::apply(slots);
  slots[0] = result.low;
  slots[1] = result.high;
  return TrapKind::none;
}

constexpr auto make_functions() {
  using namespace engine::ops;
  std::array<x64::RuntimeFunction, engine::kOpcodeCount> functions{};
#define WASM_UNARY(name, code, text, immediate, signature, feature, ...) \
  functions[static_cast<size_t>(Opcode::name)] = unary<__VA_ARGS__>;
#define WASM_TEST WASM_UNARY
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...) \
  functions[static_cast<size_t>(Opcode::name)] = binary<__VA_ARGS__>;
#define WASM_COMPARE WASM_BINARY
#define WASM_WIDE(name, code, text, immediate, signature, feature, ...) \
  functions[static_cast<size_t>(Opcode::name)] = wide<__VA_ARGS__>;
#include "engine/opcodes/opcodes.def"
  return functions;
}

constexpr auto kFunctions = make_functions();

}  // namespace

x64::RuntimeFunction scalar_row_function(Opcode row) noexcept { return kFunctions[static_cast<size_t>(row)]; }

}  // namespace heddle::jit
