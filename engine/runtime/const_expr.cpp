// SPDX-License-Identifier: Apache-2.0
// The evaluator of constant expressions: one step per instruction on an explicit stack.
#include "engine/runtime/const_expr.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "engine/runtime/instance.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::engine {

/// What to do for each row of the opcode table; rows that validation allows in no constant expression refuse.
struct ConstantEvaluator::Steps {
  std::array<Step, kOpcodeCount> of_row{};

  constexpr Steps() {
    of_row.fill(&ConstantEvaluator::refuse);
    for (size_t row = 0; row < kOpcodeCount; ++row) {
      if (kOpcodes[row].kind == RowKind::constant) of_row[row] = &ConstantEvaluator::push_constant;
    }
    set(Opcode::v128_const, &ConstantEvaluator::push_vector);
    set(Opcode::ref_null, &ConstantEvaluator::push_null);
    set(Opcode::ref_func, &ConstantEvaluator::push_function);
    set(Opcode::global_get, &ConstantEvaluator::push_global);
    set(Opcode::i32_add, &ConstantEvaluator::apply<ops::Add<uint32_t>>);
    set(Opcode::i32_sub, &ConstantEvaluator::apply<ops::Sub<uint32_t>>);
    set(Opcode::i32_mul, &ConstantEvaluator::apply<ops::Mul<uint32_t>>);
    set(Opcode::i64_add, &ConstantEvaluator::apply<ops::Add<uint64_t>>);
    set(Opcode::i64_sub, &ConstantEvaluator::apply<ops::Sub<uint64_t>>);
    set(Opcode::i64_mul, &ConstantEvaluator::apply<ops::Mul<uint64_t>>);
    set(Opcode::end, &ConstantEvaluator::finish);
  }

  constexpr void set(Opcode opcode, Step step) { of_row[static_cast<size_t>(opcode)] = step; }
};

TrapKind ConstantEvaluator::evaluate(const ConstantExpression& expression, Slot (&value)[2]) {
  static constexpr Steps steps;
  stack_.clear();
  Cursor cursor(instance_.module->view(expression.bytes), expression.bytes.offset);
  InstructionReader reader(cursor);
  Instruction instruction;
  while (!cursor.at_end()) {
    if (!reader.next(instruction)) break;
    (this->*steps.of_row[static_cast<size_t>(instruction.opcode)])(instruction);
  }
  assert(!cursor.failed() && !stack_.empty() && stack_.size() <= 2);
  stack_.resize(2);
  std::copy_n(stack_.begin(), 2, value);
  return TrapKind::none;
}

void ConstantEvaluator::push_constant(const Instruction& instruction) {
  // Decoded constants are sign-extended; slots hold an i32 zero-extended.
  const bool is_i32 = info(instruction.opcode).immediate == Immediate::i32_constant;
  stack_.push_back(is_i32 ? static_cast<uint32_t>(instruction.bits) : instruction.bits);
}

void ConstantEvaluator::push_vector(const Instruction& instruction) {
  Slot halves[2];
  std::memcpy(halves, instruction.bytes.data(), sizeof halves);
  stack_.insert(stack_.end(), halves, halves + 2);
}

void ConstantEvaluator::push_null(const Instruction&) { stack_.push_back(0); }

void ConstantEvaluator::push_function(const Instruction& instruction) {
  stack_.push_back(reinterpret_cast<Slot>(instance_.function(instruction.index)));
}

void ConstantEvaluator::push_global(const Instruction& instruction) {
  const Global& global = *instance_.globals[instruction.index];
  stack_.insert(stack_.end(), global.value, global.value + global.type.type.slots());
}

template <class Operation>
void ConstantEvaluator::apply(const Instruction&) {
  using Value = typename Operation::Left;
  const auto right = static_cast<Value>(stack_.back());
  stack_.pop_back();
  stack_.back() = Operation::apply(static_cast<Value>(stack_.back()), right);
}

void ConstantEvaluator::finish(const Instruction&) {}

void ConstantEvaluator::refuse(const Instruction&) {
  assert(false && "validation lets no such instruction through");
}

}  // namespace heddle::engine
