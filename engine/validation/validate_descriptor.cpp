// SPDX-License-Identifier: Apache-2.0
// Validation of instructions on structures with descriptors. (Custom descriptors proposal)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {

/// A reference to `type`, exact if `exact`.
ValueType reference_to(TypeId type, bool nullable, bool exact) {
  return ValueType::ref(exact ? HeapType::exact(type) : HeapType::defined(type), nullable);
}

}  // namespace

/// A structure type with a descriptor, of which an object is to be made.
const TypeDefinition* FunctionValidator::described_at(uint32_t index) {
  const TypeDefinition* type = type_at(index, CompositeKind::structure);
  if (type == nullptr || type->descriptor != kNoType) return type;
  invalid("type without descriptor requires non-descriptor allocation");
  return nullptr;
}

// The descriptor is exact: what it describes is the new object's type and no other.

bool FunctionValidator::do_struct_new_desc(const Instruction& instruction) {
  const TypeDefinition* type = described_at(instruction.index);
  return type != nullptr && pop(reference_to(type->descriptor, true, true)) && pop_fields(*type) &&
         push(created(*type));
}

bool FunctionValidator::do_struct_new_default_desc(const Instruction& instruction) {
  const TypeDefinition* type = described_at(instruction.index);
  return type != nullptr && check_defaultable(*type) && pop(reference_to(type->descriptor, true, true)) &&
         push(created(*type));
}

bool FunctionValidator::do_ref_get_desc(const Instruction& instruction) {
  if (instruction.index >= module_.types.size()) return unknown("type", instruction.index);
  const TypeDefinition& type = registry_.get(module_.types[instruction.index]);
  if (type.descriptor == kNoType)
    return invalid("type without descriptor: type " + std::to_string(instruction.index));
  ValueType found;
  if (!pop_reference(found)) return false;
  const ValueType expected = reference_to(type.id, true, false);
  if (!registry_.is_subtype(found, expected)) return wrong_operand(expected, found);
  const bool exact = registry_.is_subtype(found, reference_to(type.id, true, true));
  return push(reference_to(type.descriptor, false, exact));
}

/// Pops a descriptor of `type`, as exact as `type` is.
bool FunctionValidator::pop_descriptor_of(HeapType type) {
  const TypeId descriptor = type.is_defined() ? registry_.get(type.number()).descriptor : kNoType;
  if (descriptor == kNoType) return invalid("type " + text(type) + " does not have a descriptor");
  return pop(reference_to(descriptor, true, type.is_exact()));
}

bool FunctionValidator::cast_to_described(const Instruction& instruction, bool nullable) {
  HeapType heap;
  return resolve(instruction.heap, heap) && pop_descriptor_of(heap) &&
         pop(ValueType::ref(HeapType::Kind::any, true)) && push(ValueType::ref(heap, nullable));
}

bool FunctionValidator::do_ref_cast_desc_eq(const Instruction& instruction) {
  return cast_to_described(instruction, false);
}

bool FunctionValidator::do_ref_cast_desc_eq_null(const Instruction& instruction) {
  return cast_to_described(instruction, true);
}

bool FunctionValidator::descriptor_cast_types(const Instruction& instruction, ValueType& from,
                                              ValueType& to) {
  return cast_types(instruction, from, to) && pop_descriptor_of(to.heap()) && pop(from);
}

bool FunctionValidator::do_br_on_cast_desc_eq(const Instruction& instruction) {
  ValueType from;
  ValueType to;
  return descriptor_cast_types(instruction, from, to) &&
         branch_on_cast(instruction, to, difference(from, to));
}

bool FunctionValidator::do_br_on_cast_desc_eq_fail(const Instruction& instruction) {
  ValueType from;
  ValueType to;
  return descriptor_cast_types(instruction, from, to) &&
         branch_on_cast(instruction, difference(from, to), to);
}

}  // namespace heddle::engine
