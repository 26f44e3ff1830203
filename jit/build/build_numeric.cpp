// SPDX-License-Identifier: Apache-2.0
// Building of the numeric rows: they are nodes of their own.
#include "jit/build/function_builder.h"

namespace heddle::jit {

namespace {

[[nodiscard]] Type result_of(engine::Opcode row) {
  switch (info(row).signature.back()) {
    case 'i': return Type::i32;
    case 'l': return Type::i64;
    case 'f': return Type::f32;
    case 'd': return Type::f64;
    default: return Type::v128;
  }
}

}  // namespace

void FunctionBuilder::constant(const Instruction& instruction) {
  const Type type = result_of(instruction.opcode);
  const bool is_narrow = type == Type::i32 || type == Type::f32;
  push(constant_of(type, is_narrow ? static_cast<uint32_t>(instruction.bits) : instruction.bits));
}

void FunctionBuilder::unary(const Instruction& instruction) {
  const Value operand = pop();
  push(add(operation_of(instruction.opcode), result_of(instruction.opcode), {operand}));
}

void FunctionBuilder::binary(const Instruction& instruction) {
  const Value right = pop();
  const Value left = pop();
  push(add(operation_of(instruction.opcode), result_of(instruction.opcode), {left, right}));
}

/// Two results.
void FunctionBuilder::wide(const Instruction& instruction) {
  const size_t operands = info(instruction.opcode).signature.find(':');
  const Value both = add(node(operation_of(instruction.opcode)), top(operands));
  truncate_operands(static_cast<uint32_t>(operands_.size() - operands));
  for (const uint64_t which : {0, 1}) push(add(node(Operation::result, Type::i64, which), {both}));
}

}  // namespace heddle::jit
