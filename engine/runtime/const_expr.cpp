// SPDX-License-Identifier: Apache-2.0
// The evaluator of constant expressions: one step per instruction on an explicit stack.
#include "engine/runtime/const_expr.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "engine/runtime/gc_ops.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/integer_ops.h"
#include "engine/runtime/store.h"

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
    set(Opcode::struct_new, &ConstantEvaluator::new_structure);
    set(Opcode::struct_new_default, &ConstantEvaluator::new_structure_default);
    set(Opcode::struct_new_desc, &ConstantEvaluator::new_described);
    set(Opcode::struct_new_default_desc, &ConstantEvaluator::new_described_default);
    set(Opcode::array_new, &ConstantEvaluator::new_array);
    set(Opcode::array_new_default, &ConstantEvaluator::new_array_default);
    set(Opcode::array_new_fixed, &ConstantEvaluator::new_array_fixed);
    set(Opcode::ref_i31, &ConstantEvaluator::make_i31);
    set(Opcode::any_convert_extern, &ConstantEvaluator::keep);
    set(Opcode::extern_convert_any, &ConstantEvaluator::keep);
    set(Opcode::end, &ConstantEvaluator::finish);
  }

  constexpr void set(Opcode opcode, Step step) { of_row[static_cast<size_t>(opcode)] = step; }
};

TrapKind ConstantEvaluator::evaluate(const ConstantExpression& expression, Slot (&value)[2]) {
  static constexpr Steps steps;
  stack_.clear();
  trap_ = TrapKind::none;
  instance_.store->set_constants(&stack_);
  Cursor cursor(instance_.module->view(expression.bytes), expression.bytes.offset);
  InstructionReader reader(cursor);
  Instruction instruction;
  while (!cursor.at_end()) {
    if (!reader.next(instruction)) break;
    (this->*steps.of_row[static_cast<size_t>(instruction.opcode)])(instruction);
    if (trap_ != TrapKind::none) break;
  }
  instance_.store->set_constants(nullptr);
  if (trap_ != TrapKind::none) return trap_;
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

// Objects. The operands stay on the stack, where the collector sees them, until the object is made.

const TypeDefinition& ConstantEvaluator::type_at(uint32_t index) const {
  return instance_.module->registry->get(instance_.module->types[index]);
}

namespace {

/// Slots of a structure's fields.
size_t field_slots(const TypeDefinition& type) {
  size_t slots = 0;
  for (const FieldType& field : type.fields) slots += field.storage.slots();
  return slots;
}

}  // namespace

void ConstantEvaluator::replace(size_t slots, const void* object) {
  stack_.resize(stack_.size() - slots);
  stack_.push_back(reinterpret_cast<Slot>(object));
  if (object == nullptr) trap_ = no_object_trap(*instance_.context);
}

void ConstantEvaluator::new_structure(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const size_t slots = field_slots(type);
  const Slot* const values = stack_.data() + stack_.size() - slots;
  replace(slots, engine::new_structure(instance_.store->heap(), type, values));
}

void ConstantEvaluator::new_described(const Instruction& instruction) {
  const Slot descriptor = stack_.back();  // on top of the fields
  if (descriptor == 0) {
    trap_ = TrapKind::null_descriptor;
    return;
  }
  const TypeDefinition& type = type_at(instruction.index);
  const size_t slots = field_slots(type) + 1;
  const Slot* const values = stack_.data() + stack_.size() - slots;
  gc::Object* const object = engine::new_structure(instance_.store->heap(), type, values);
  if (object != nullptr) set_descriptor(*object, descriptor);
  replace(slots, object);
}

void ConstantEvaluator::new_described_default(const Instruction& instruction) {
  const Slot descriptor = stack_.back();
  if (descriptor == 0) {
    trap_ = TrapKind::null_descriptor;
    return;
  }
  const TypeLayout& layout = type_at(instruction.index).layout;
  replace(1, engine::new_described_default(instance_.store->heap(), layout, descriptor));
}

void ConstantEvaluator::new_structure_default(const Instruction& instruction) {
  replace(0, engine::new_structure_default(instance_.store->heap(), type_at(instruction.index).layout));
}

void ConstantEvaluator::new_array(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const size_t slots = type.fields[0].storage.slots() + 1;
  const Slot* const value = stack_.data() + stack_.size() - slots;
  const auto length = static_cast<uint32_t>(stack_.back());
  replace(slots, engine::new_array(instance_.store->heap(), type.layout, length, value));
}

void ConstantEvaluator::new_array_default(const Instruction& instruction) {
  const auto length = static_cast<uint32_t>(stack_.back());
  replace(1, engine::new_array_default(instance_.store->heap(), type_at(instruction.index).layout, length));
}

void ConstantEvaluator::new_array_fixed(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const uint32_t length = instruction.second_index;
  const size_t slots = size_t{length} * type.fields[0].storage.slots();
  const Slot* const values = stack_.data() + stack_.size() - slots;
  replace(slots, engine::new_array_fixed(instance_.store->heap(), type.layout, length, values));
}

void ConstantEvaluator::make_i31(const Instruction&) {
  stack_.back() = gc::make_i31(static_cast<uint32_t>(stack_.back()));
}

void ConstantEvaluator::keep(const Instruction&) {}

void ConstantEvaluator::finish(const Instruction&) {}

void ConstantEvaluator::refuse(const Instruction&) {
  assert(false && "validation lets no such instruction through");
}

}  // namespace heddle::engine
