// SPDX-License-Identifier: Apache-2.0
// Validation of table instructions. (Spec 3.4.8)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {
constexpr ValueType kI32(ValueType::Kind::i32);
}

bool FunctionValidator::table_address(uint32_t table, ValueType& address) {
  if (table >= module_.tables.size()) return unknown("table", table);
  address = module_.tables[table].type.limits.is_64 ? ValueType::Kind::i64 : ValueType::Kind::i32;
  return true;
}

bool FunctionValidator::do_table_get(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.index, address) && pop(address) &&
         push(module_.tables[instruction.index].type.element);
}

bool FunctionValidator::do_table_set(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.index, address) && pop(module_.tables[instruction.index].type.element) &&
         pop(address);
}

bool FunctionValidator::do_table_size(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.index, address) && push(address);
}

bool FunctionValidator::do_table_grow(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.index, address) && pop(address) &&
         pop(module_.tables[instruction.index].type.element) && push(address);
}

bool FunctionValidator::do_table_fill(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.index, address) && pop(address) &&
         pop(module_.tables[instruction.index].type.element) && pop(address);
}

bool FunctionValidator::do_table_copy(const Instruction& instruction) {
  ValueType destination;
  ValueType source;
  if (!table_address(instruction.index, destination) || !table_address(instruction.second_index, source))
    return false;
  const ValueType to = module_.tables[instruction.index].type.element;
  const ValueType from = module_.tables[instruction.second_index].type.element;
  if (!registry_.is_subtype(from, to)) return mismatch(to, from);
  return pop(destination == source ? source : kI32) && pop(source) && pop(destination);
}

bool FunctionValidator::check_element_type(uint32_t segment, ValueType type) {
  if (segment >= module_.elements.size()) return unknown("elem segment", segment);
  const ValueType found = module_.elements[segment].type;
  return registry_.is_subtype(found, type) || mismatch(type, found);
}

bool FunctionValidator::do_table_init(const Instruction& instruction) {
  ValueType address;
  return table_address(instruction.second_index, address) &&
         check_element_type(instruction.index, module_.tables[instruction.second_index].type.element) &&
         pop(kI32) && pop(kI32) && pop(address);
}

bool FunctionValidator::do_elem_drop(const Instruction& instruction) {
  return instruction.index < module_.elements.size() || unknown("elem segment", instruction.index);
}

}  // namespace heddle::engine
