// SPDX-License-Identifier: Apache-2.0
// Building of structures, arrays and i31. (Spec 4.6.8-4.6.10)
//
// Fields and elements are read and written in place; C++ creates objects, and works on ranges of arrays.
#include <algorithm>

#include "engine/module/layout.h"
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

namespace {

/// Objects with more values than this are created empty and then filled, so that frames stay small.
constexpr size_t kMostValues = 32;

struct Storage {
  Operation load;
  Operation store;
};

[[nodiscard]] Storage storage_of(ValueType type, bool is_signed) {
  switch (type.kind()) {
    case ValueType::Kind::i8:
      return {is_signed ? Operation::i32_load8_s : Operation::i32_load8_u, Operation::i32_store8};
    case ValueType::Kind::i16:
      return {is_signed ? Operation::i32_load16_s : Operation::i32_load16_u, Operation::i32_store16};
    case ValueType::Kind::i32: return {Operation::i32_load, Operation::i32_store};
    case ValueType::Kind::f32: return {Operation::f32_load, Operation::f32_store};
    case ValueType::Kind::f64: return {Operation::f64_load, Operation::f64_store};
    case ValueType::Kind::v128: return {Operation::v128_load, Operation::v128_store};
    default: return {Operation::i64_load, Operation::i64_store};
  }
}

[[nodiscard]] Type unpacked(ValueType storage) {
  const bool is_packed = storage == ValueType::Kind::i8 || storage == ValueType::Kind::i16;
  return is_packed ? Type::i32 : type_of(storage);
}

}  // namespace

void FunctionBuilder::call_with_top(RuntimeCall call, size_t count, uint64_t extra, uint64_t extra2) {
  const Value result = call_runtime(call, top(count), extra, extra2);
  truncate_operands(static_cast<uint32_t>(operands_.size() - count));
  if (!info(call).results.empty()) push(result);
}

// Structures.

void FunctionBuilder::struct_new(const Instruction& instruction) {
  create_structure(type_at(instruction.index));
}

/// From the fields' operands, and the descriptor on top of them if the type has one.
void FunctionBuilder::create_structure(const TypeDefinition& type) {
  const bool is_described = type.descriptor != engine::kNoType;
  const size_t count = type.fields.size() + (is_described ? 1 : 0);
  if (count <= kMostValues)
    return call_with_top(is_described ? RuntimeCall::new_described : RuntimeCall::new_structure, count,
                         type.id);
  const Value object = is_described
                           ? call_runtime(RuntimeCall::new_described_default, {operands_.back()}, type.id)
                           : call_runtime(RuntimeCall::new_structure_default, {}, type.id);
  const size_t first = operands_.size() - count;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    store_host(storage_of(type.fields[i].storage, false).store, Alias::object, object,
               type.layout.field_offsets[i], operands_[first + i]);
  }
  truncate_operands(static_cast<uint32_t>(first));
  push(object);
}

void FunctionBuilder::struct_new_default(const Instruction& instruction) {
  push(call_runtime(RuntimeCall::new_structure_default, {}, type_at(instruction.index).id));
}

void FunctionBuilder::struct_new_desc(const Instruction& instruction) {
  check_descriptor(operands_.back());
  create_structure(type_at(instruction.index));
}

void FunctionBuilder::struct_new_default_desc(const Instruction& instruction) {
  check_descriptor(operands_.back());
  call_with_top(RuntimeCall::new_described_default, 1, type_at(instruction.index).id);
}

void FunctionBuilder::ref_get_desc(const Instruction& instruction) {
  const Value reference = pop();
  check_null(reference);
  push(load_pointer(Alias::object, reference, type_at(instruction.index).layout.descriptor_offset));
}

void FunctionBuilder::get_field(const Instruction& instruction, bool is_signed) {
  const TypeDefinition& type = type_at(instruction.index);
  const uint32_t field = instruction.second_index;
  const Value reference = pop();
  check_null(reference);
  push(load_host(storage_of(type.fields[field].storage, is_signed).load, Alias::object, reference,
                 type.layout.field_offsets[field]));
}

void FunctionBuilder::struct_get(const Instruction& instruction) { get_field(instruction, false); }
void FunctionBuilder::struct_get_s(const Instruction& instruction) { get_field(instruction, true); }

void FunctionBuilder::struct_set(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const uint32_t field = instruction.second_index;
  const Value value = pop();
  const Value reference = pop();
  check_null(reference);
  store_host(storage_of(type.fields[field].storage, false).store, Alias::object, reference,
             type.layout.field_offsets[field], value);
}

// Arrays.

/// The operands are value, then length; the call wants them the other way round.
void FunctionBuilder::array_new(const Instruction& instruction) {
  const Value length = pop();
  const Value value = pop();
  push(call_runtime(RuntimeCall::new_array, {length, value}, type_at(instruction.index).id));
}

void FunctionBuilder::array_new_default(const Instruction& instruction) {
  call_with_top(RuntimeCall::new_array_default, 1, type_at(instruction.index).id);
}

void FunctionBuilder::array_new_fixed(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const uint32_t count = instruction.second_index;
  if (count <= kMostValues) return call_with_top(RuntimeCall::new_array_fixed, count, type.id, count);
  const Value array = call_runtime(RuntimeCall::new_array_default, {i32(count)}, type.id);
  const size_t first = operands_.size() - count;
  const Operation store = storage_of(type.fields[0].storage, false).store;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t offset = engine::TypeLayout::kElementsOffset + (uint64_t{i} << type.layout.element_log2);
    store_host(store, Alias::object, array, offset, operands_[first + i]);
  }
  truncate_operands(static_cast<uint32_t>(first));
  push(array);
}

void FunctionBuilder::array_new_data(const Instruction& instruction) {
  call_with_top(RuntimeCall::new_array_data, 2, type_at(instruction.index).id, instruction.second_index);
}
void FunctionBuilder::array_new_elem(const Instruction& instruction) {
  call_with_top(RuntimeCall::new_array_elements, 2, type_at(instruction.index).id, instruction.second_index);
}

Value FunctionBuilder::element_distance(const TypeDefinition& type, Value array, Value index) {
  check_null(array);
  const Value length =
      load_host(Operation::i32_load, Alias::object, array, engine::TypeLayout::kLengthOffset);
  trap_if(add(Operation::i32_ge_u, Type::i32, {index, length}), TrapKind::array_out_of_bounds);
  const Value wide = widen(index);
  const uint32_t log2 = type.layout.element_log2;
  return log2 == 0 ? wide : add(Operation::i64_shl, Type::i64, {wide, i64(log2)});
}

void FunctionBuilder::get_element(const Instruction& instruction, bool is_signed) {
  const TypeDefinition& type = type_at(instruction.index);
  const ValueType storage = type.fields[0].storage;
  const Value index = pop();
  const Value array = pop();
  const Value distance = element_distance(type, array, index);
  Node load = node(Operation::host_load, unpacked(storage), engine::TypeLayout::kElementsOffset);
  load.access = storage_of(storage, is_signed).load;
  load.alias = Alias::object;
  push(add(load, {array, distance}));
}

void FunctionBuilder::array_get(const Instruction& instruction) { get_element(instruction, false); }
void FunctionBuilder::array_get_s(const Instruction& instruction) { get_element(instruction, true); }

void FunctionBuilder::array_set(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const Value value = pop();
  const Value index = pop();
  const Value array = pop();
  const Value distance = element_distance(type, array, index);
  Node store = node(Operation::host_store, Type::none, engine::TypeLayout::kElementsOffset);
  store.access = storage_of(type.fields[0].storage, false).store;
  store.alias = Alias::object;
  add(store, {array, value, distance});
}

void FunctionBuilder::array_len(const Instruction&) {
  const Value array = pop();
  check_null(array);
  push(load_host(Operation::i32_load, Alias::object, array, engine::TypeLayout::kLengthOffset));
}

/// The operands are array, index, value, count; the call wants the value, which may be a vector, last.
void FunctionBuilder::array_fill(const Instruction&) {
  const Value count = pop();
  const Value value = pop();
  const Value index = pop();
  const Value array = pop();
  call_runtime(RuntimeCall::array_fill, {array, index, count, value});
}

void FunctionBuilder::array_copy(const Instruction&) { call_with_top(RuntimeCall::array_copy, 5); }

void FunctionBuilder::array_init_data(const Instruction& instruction) {
  call_with_top(RuntimeCall::array_init_data, 4, instruction.second_index);
}
void FunctionBuilder::array_init_elem(const Instruction& instruction) {
  call_with_top(RuntimeCall::array_init_elements, 4, instruction.second_index);
}

// i31: see gc::make_i31.

void FunctionBuilder::ref_i31(const Instruction&) {
  const Value doubled = add(Operation::i32_shl, Type::i32, {pop(), i32(1)});
  push(widen(add(Operation::i32_or, Type::i32, {doubled, i32(1)})));
}

void FunctionBuilder::i31_get_s(const Instruction&) {
  const Value reference = pop();
  check_null(reference);
  const Value low = add(Operation::i32_wrap_i64, Type::i32, {reference});
  push(add(Operation::i32_shr_s, Type::i32, {low, i32(1)}));
}

void FunctionBuilder::i31_get_u(const Instruction&) {
  const Value reference = pop();
  check_null(reference);
  const Value low = add(Operation::i32_wrap_i64, Type::i32, {reference});
  push(add(Operation::i32_shr_u, Type::i32, {low, i32(1)}));
}

}  // namespace heddle::jit
