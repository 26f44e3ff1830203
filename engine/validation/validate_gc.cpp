// SPDX-License-Identifier: Apache-2.0
// Validation of structure, array, i31 and cast instructions. (Spec 3.4.7, 3.4.12)
#include <algorithm>

#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {

constexpr ValueType kI32(ValueType::Kind::i32);

bool is_packed(ValueType storage) {
  return storage == ValueType::Kind::i8 || storage == ValueType::Kind::i16;
}

/// What a field looks like on the operand stack.
ValueType unpacked(ValueType storage) { return is_packed(storage) ? kI32 : storage; }

ValueType reference_to(const TypeDefinition& type, bool nullable) {
  return ValueType::ref(HeapType::defined(type.id), nullable);
}

}  // namespace

/// A new object's type. The standard has no exact types: without the proposal, none is to be seen in
/// messages.
ValueType FunctionValidator::created(const TypeDefinition& type) const {
  return ValueType::ref(custom_descriptors_ ? HeapType::exact(type.id) : HeapType::defined(type.id), false);
}

// Structures

bool FunctionValidator::do_struct_new(const Instruction& instruction) {
  const TypeDefinition* type = plain_structure_at(instruction.index);
  return type != nullptr && pop_fields(*type) && push(created(*type));
}

bool FunctionValidator::pop_fields(const TypeDefinition& type) {
  for (size_t i = type.fields.size(); i > 0; --i) {
    if (!pop(unpacked(type.fields[i - 1].storage))) return false;
  }
  return true;
}

bool FunctionValidator::do_struct_new_default(const Instruction& instruction) {
  const TypeDefinition* type = plain_structure_at(instruction.index);
  return type != nullptr && check_defaultable(*type) && push(created(*type));
}

bool FunctionValidator::check_defaultable(const TypeDefinition& type) {
  for (const FieldType& field : type.fields) {
    if (!field.storage.is_defaultable()) return mismatch("a field has no default value");
  }
  return true;
}

/// A structure type that objects are made of without a descriptor.
const TypeDefinition* FunctionValidator::plain_structure_at(uint32_t index) {
  const TypeDefinition* type = type_at(index, CompositeKind::structure);
  if (type == nullptr || type->descriptor == kNoType) return type;
  invalid("type with descriptor requires descriptor allocation");
  return nullptr;
}

const FieldType* FunctionValidator::field_at(const Instruction& instruction, const TypeDefinition& type) {
  if (instruction.second_index < type.fields.size()) return &type.fields[instruction.second_index];
  unknown("field", instruction.second_index);
  return nullptr;
}

bool FunctionValidator::get_field(const Instruction& instruction, bool extends) {
  const TypeDefinition* type = type_at(instruction.index, CompositeKind::structure);
  if (type == nullptr) return false;
  const FieldType* field = field_at(instruction, *type);
  if (field == nullptr) return false;
  if (is_packed(field->storage) != extends) {
    return mismatch(extends ? "the field is not packed" : "the field is packed");
  }
  return pop(reference_to(*type, true)) && push(unpacked(field->storage));
}

bool FunctionValidator::do_struct_get(const Instruction& instruction) {
  return get_field(instruction, false);
}
bool FunctionValidator::do_struct_get_s(const Instruction& instruction) {
  return get_field(instruction, true);
}
bool FunctionValidator::do_struct_get_u(const Instruction& instruction) {
  return get_field(instruction, true);
}

bool FunctionValidator::do_struct_set(const Instruction& instruction) {
  const TypeDefinition* type = type_at(instruction.index, CompositeKind::structure);
  if (type == nullptr) return false;
  const FieldType* field = field_at(instruction, *type);
  if (field == nullptr) return false;
  if (!field->is_mutable) return invalid("immutable field " + std::to_string(instruction.second_index));
  return pop(unpacked(field->storage)) && pop(reference_to(*type, true));
}

// Arrays

const TypeDefinition* FunctionValidator::array_at(uint32_t index) {
  return type_at(index, CompositeKind::array);
}

const TypeDefinition* FunctionValidator::mutable_array_at(uint32_t index) {
  const TypeDefinition* type = array_at(index);
  if (type == nullptr || type->fields[0].is_mutable) return type;
  invalid("immutable array type " + std::to_string(index));
  return nullptr;
}

bool FunctionValidator::do_array_new(const Instruction& instruction) {
  const TypeDefinition* type = array_at(instruction.index);
  return type != nullptr && pop(kI32) && pop(unpacked(type->fields[0].storage)) && push(created(*type));
}

bool FunctionValidator::do_array_new_default(const Instruction& instruction) {
  const TypeDefinition* type = array_at(instruction.index);
  if (type == nullptr) return false;
  if (!type->fields[0].storage.is_defaultable())
    return mismatch("the array's elements have no default value");
  return pop(kI32) && push(created(*type));
}

bool FunctionValidator::do_array_new_fixed(const Instruction& instruction) {
  const TypeDefinition* type = array_at(instruction.index);
  if (type == nullptr) return false;
  const ValueType element = unpacked(type->fields[0].storage);
  // In unreachable code the operands may be missing, so the count must not bound the loop.
  for (uint32_t i = 0; i < instruction.second_index && !(unreachable_ && height_ == base_); ++i) {
    if (!pop(element)) return false;
  }
  return push(created(*type));
}

bool FunctionValidator::do_array_new_data(const Instruction& instruction) {
  const TypeDefinition* type = array_at(instruction.index);
  if (type == nullptr) return false;
  if (type->fields[0].storage.is_ref()) return invalid("array type is not numeric or vector");
  return check_data(instruction.second_index) && pop(kI32) && pop(kI32) && push(created(*type));
}

bool FunctionValidator::do_array_new_elem(const Instruction& instruction) {
  const TypeDefinition* type = array_at(instruction.index);
  return type != nullptr && check_element_type(instruction.second_index, type->fields[0].storage) &&
         pop(kI32) && pop(kI32) && push(created(*type));
}

bool FunctionValidator::get_element(const Instruction& instruction, bool extends) {
  const TypeDefinition* type = array_at(instruction.index);
  if (type == nullptr) return false;
  const ValueType storage = type->fields[0].storage;
  if (is_packed(storage) != extends) {
    return mismatch(extends ? "the array's elements are not packed" : "the array's elements are packed");
  }
  return pop(kI32) && pop(reference_to(*type, true)) && push(unpacked(storage));
}

bool FunctionValidator::do_array_get(const Instruction& instruction) {
  return get_element(instruction, false);
}
bool FunctionValidator::do_array_get_s(const Instruction& instruction) {
  return get_element(instruction, true);
}
bool FunctionValidator::do_array_get_u(const Instruction& instruction) {
  return get_element(instruction, true);
}

bool FunctionValidator::do_array_set(const Instruction& instruction) {
  const TypeDefinition* type = mutable_array_at(instruction.index);
  return type != nullptr && pop(unpacked(type->fields[0].storage)) && pop(kI32) &&
         pop(reference_to(*type, true));
}

bool FunctionValidator::do_array_len(const Instruction&) {
  return pop(ValueType::ref(HeapType::Kind::array, true)) && push(kI32);
}

bool FunctionValidator::do_array_fill(const Instruction& instruction) {
  const TypeDefinition* type = mutable_array_at(instruction.index);
  return type != nullptr && pop(kI32) && pop(unpacked(type->fields[0].storage)) && pop(kI32) &&
         pop(reference_to(*type, true));
}

bool FunctionValidator::do_array_copy(const Instruction& instruction) {
  const TypeDefinition* to = mutable_array_at(instruction.index);
  if (to == nullptr) return false;
  const TypeDefinition* from = array_at(instruction.second_index);
  if (from == nullptr) return false;
  if (!registry_.is_subtype(from->fields[0].storage, to->fields[0].storage)) {
    return invalid("array types do not match");
  }
  return pop(kI32) && pop(kI32) && pop(reference_to(*from, true)) && pop(kI32) &&
         pop(reference_to(*to, true));
}

bool FunctionValidator::do_array_init_data(const Instruction& instruction) {
  const TypeDefinition* type = mutable_array_at(instruction.index);
  if (type == nullptr) return false;
  if (type->fields[0].storage.is_ref()) return invalid("array type is not numeric or vector");
  return check_data(instruction.second_index) && pop(kI32) && pop(kI32) && pop(kI32) &&
         pop(reference_to(*type, true));
}

bool FunctionValidator::do_array_init_elem(const Instruction& instruction) {
  const TypeDefinition* type = mutable_array_at(instruction.index);
  return type != nullptr && check_element_type(instruction.second_index, type->fields[0].storage) &&
         pop(kI32) && pop(kI32) && pop(kI32) && pop(reference_to(*type, true));
}

// Casts

/// The top of the hierarchy a heap type belongs to: casts stay inside one. (Spec 3.3.3)
HeapType::Kind FunctionValidator::top_of(HeapType heap) const {
  for (const auto top : {HeapType::Kind::any, HeapType::Kind::func, HeapType::Kind::extern_}) {
    if (registry_.is_subtype(heap, HeapType(top))) return top;
  }
  return HeapType::Kind::exn;
}

bool FunctionValidator::cast_operand(const Instruction& instruction, bool nullable, ValueType& target) {
  HeapType heap;
  if (!resolve(instruction.heap, heap)) return false;
  target = ValueType::ref(heap, nullable);
  return pop(ValueType::ref(top_of(heap), true));
}

bool FunctionValidator::do_ref_test(const Instruction& instruction) {
  ValueType target;
  return cast_operand(instruction, false, target) && push(kI32);
}

bool FunctionValidator::do_ref_test_null(const Instruction& instruction) {
  ValueType target;
  return cast_operand(instruction, true, target) && push(kI32);
}

bool FunctionValidator::do_ref_cast(const Instruction& instruction) {
  ValueType target;
  return cast_operand(instruction, false, target) && push(target);
}

bool FunctionValidator::do_ref_cast_null(const Instruction& instruction) {
  ValueType target;
  return cast_operand(instruction, true, target) && push(target);
}

/// `taken` goes to the label on top of its other values, `fallen` stays.
bool FunctionValidator::branch_on_cast(const Instruction& instruction, ValueType taken, ValueType fallen) {
  Types label;
  if (!label_at(instruction.index, label)) return false;
  if (label.empty()) return mismatch("the label takes no reference");
  if (!registry_.is_subtype(taken, label.back())) return mismatch(label.back(), taken);
  const Types rest = label.first(label.size() - 1);
  return pop_all(rest) && push_all(rest) && push(fallen);
}

/// What is left of `from` after a cast to `to` failed. (Spec 3.1.7 "type difference")
ValueType FunctionValidator::difference(ValueType from, ValueType to) {
  return ValueType::ref(from.heap(), from.is_nullable() && !to.is_nullable());
}

/// The types of a branch on a cast. The standard casts downwards only; with custom descriptors it is enough
/// that both are of one hierarchy.
bool FunctionValidator::cast_types(const Instruction& instruction, ValueType& from, ValueType& to) {
  if (!resolve(instruction.cast_from, from) || !resolve(instruction.cast_to, to)) return false;
  const bool fits =
      custom_descriptors_ ? top_of(from.heap()) == top_of(to.heap()) : registry_.is_subtype(to, from);
  return fits || mismatch(from, to);
}

bool FunctionValidator::do_br_on_cast(const Instruction& instruction) {
  ValueType from;
  ValueType to;
  return cast_types(instruction, from, to) && pop(from) &&
         branch_on_cast(instruction, to, difference(from, to));
}

bool FunctionValidator::do_br_on_cast_fail(const Instruction& instruction) {
  ValueType from;
  ValueType to;
  return cast_types(instruction, from, to) && pop(from) &&
         branch_on_cast(instruction, difference(from, to), to);
}

bool FunctionValidator::do_any_convert_extern(const Instruction&) {
  ValueType type;
  if (!pop_reference(type)) return false;
  if (!registry_.is_subtype(type, ValueType::externref())) return mismatch(ValueType::externref(), type);
  return push(ValueType::ref(HeapType::Kind::any, !type.is_bottom() && type.is_nullable()));
}

bool FunctionValidator::do_extern_convert_any(const Instruction&) {
  ValueType type;
  if (!pop_reference(type)) return false;
  const ValueType anyref = ValueType::ref(HeapType::Kind::any, true);
  if (!registry_.is_subtype(type, anyref)) return mismatch(anyref, type);
  return push(ValueType::ref(HeapType::Kind::extern_, !type.is_bottom() && type.is_nullable()));
}

bool FunctionValidator::do_ref_i31(const Instruction&) {
  return pop(kI32) && push(ValueType::ref(HeapType::Kind::i31, false));
}

bool FunctionValidator::do_i31_get_s(const Instruction&) {
  return pop(ValueType::ref(HeapType::Kind::i31, true)) && push(kI32);
}

bool FunctionValidator::do_i31_get_u(const Instruction&) {
  return pop(ValueType::ref(HeapType::Kind::i31, true)) && push(kI32);
}

}  // namespace heddle::engine
