// SPDX-License-Identifier: Apache-2.0
// Creation of objects, and ranges of arrays.
#include "engine/runtime/gc_ops.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/instance.h"
#include "engine/runtime/store.h"

namespace heddle::engine {

using gc::Array;
using gc::Heap;
using gc::Object;

namespace {

[[nodiscard]] Array* array_of(Slot slot) { return static_cast<Array*>(gc::object_of(slot)); }

[[nodiscard]] size_t element_bytes(const Object& array) { return size_t{1} << array.layout->element_log2; }

[[nodiscard]] uint8_t* element_at(Array& array, uint32_t index) {
  return array.elements() + (size_t{index} << array.layout->element_log2);
}

[[nodiscard]] bool is_inside(const Array& array, uint32_t index, uint32_t count) {
  return index <= array.length && count <= array.length - index;
}

template <class T>
void fill(uint8_t* begin, uint32_t count, T value) {
  std::fill_n(reinterpret_cast<T*>(begin), count, value);
}

struct Vector {
  Slot halves[2];
};

/// Writes `count` times the low bytes of the value, as many as an element has.
void fill_elements(Array& array, uint32_t index, const Slot* value, uint32_t count) {
  uint8_t* const begin = element_at(array, index);
  switch (array.layout->element_log2) {
    case 0: std::memset(begin, static_cast<int>(*value & 0xff), count); break;
    case 1: fill(begin, count, static_cast<uint16_t>(*value)); break;
    case 2: fill(begin, count, static_cast<uint32_t>(*value)); break;
    case 3: fill(begin, count, *value); break;
    default: fill(begin, count, Vector{{value[0], value[1]}});
  }
}

[[nodiscard]] uint64_t element_count(const Instance& instance, uint32_t segment) {
  return instance.dropped_elements[segment] ? 0 : instance.module->elements[segment].size();
}

[[nodiscard]] bool is_inside(uint64_t size, uint32_t from, uint64_t count) {
  return from <= size && count <= size - from;
}

void write_elements(Instance& instance, uint32_t segment, uint32_t from, uint8_t* target, uint32_t count) {
  const ElementSegment& elements = instance.module->elements[segment];
  if (count == 0) return;
  if (elements.uses_expressions) {
    std::memcpy(target, instance.element_values[segment].data() + from, count * sizeof(Slot));
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Slot function = reinterpret_cast<Slot>(instance.function(elements.functions[from + i]));
    std::memcpy(target + i * sizeof(Slot), &function, sizeof function);
  }
}

[[nodiscard]] std::span<const uint8_t> data_of(const Instance& instance, uint32_t segment) {
  if (instance.dropped_data[segment]) return {};
  return instance.module->view(instance.module->data[segment].bytes);
}

[[nodiscard]] Heap& heap_of(Instance& instance) { return *instance.context->heap; }

}  // namespace

Object* new_structure_default(Heap& heap, const TypeLayout& layout) noexcept {
  Object* const object = heap.allocate_structure(layout);
  if (object != nullptr) {
    std::memset(object->bytes() + TypeLayout::kHeaderBytes, 0, layout.bytes - TypeLayout::kHeaderBytes);
  }
  return object;
}

Object* new_described_default(Heap& heap, const TypeLayout& layout, Slot descriptor) noexcept {
  Object* const object = new_structure_default(heap, layout);
  if (object != nullptr) set_descriptor(*object, descriptor);
  return object;
}

Object* new_structure(Heap& heap, const TypeDefinition& type, const Slot* values) noexcept {
  Object* const object = heap.allocate_structure(type.layout);
  if (object == nullptr) return nullptr;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const ValueType storage = type.fields[i].storage;
    std::memcpy(object->bytes() + type.layout.field_offsets[i], values, size_t{1} << storage_log2(storage));
    values += storage.slots();
  }
  return object;
}

Object* new_array_default(Heap& heap, const TypeLayout& layout, uint32_t length) noexcept {
  Array* const array = heap.allocate_array(layout, length);
  if (array != nullptr) std::memset(array->elements(), 0, size_t{length} << layout.element_log2);
  return array;
}

Object* new_array(Heap& heap, const TypeLayout& layout, uint32_t length, const Slot* value) noexcept {
  Array* const array = heap.allocate_array(layout, length);
  if (array != nullptr) fill_elements(*array, 0, value, length);
  return array;
}

Object* new_array_fixed(Heap& heap, const TypeLayout& layout, uint32_t length, const Slot* values) noexcept {
  Array* const array = heap.allocate_array(layout, length);
  if (array == nullptr) return nullptr;
  const size_t bytes = element_bytes(*array);
  const uint32_t slots = bytes == 16 ? 2 : 1;
  for (uint32_t i = 0; i < length; ++i) {
    std::memcpy(array->elements() + i * bytes, values + size_t{i} * slots, bytes);
  }
  return array;
}

Created new_array_data(Instance& instance, const TypeLayout& layout, uint32_t segment, uint32_t from,
                       uint32_t length) noexcept {
  const std::span<const uint8_t> data = data_of(instance, segment);
  const uint64_t bytes = uint64_t{length} << layout.element_log2;
  if (!is_inside(data.size(), from, bytes)) return {nullptr, TrapKind::memory_out_of_bounds};
  Array* const array = heap_of(instance).allocate_array(layout, length);
  if (array != nullptr && bytes != 0) std::memcpy(array->elements(), data.data() + from, bytes);
  return {array};
}

Created new_array_elements(Instance& instance, const TypeLayout& layout, uint32_t segment, uint32_t from,
                           uint32_t length) noexcept {
  if (!is_inside(element_count(instance, segment), from, length))
    return {nullptr, TrapKind::table_out_of_bounds};
  Array* const array = heap_of(instance).allocate_array(layout, length);
  if (array != nullptr) write_elements(instance, segment, from, array->elements(), length);
  return {array};
}

TrapKind array_fill(Slot array, uint32_t index, const Slot* value, uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& filled = *array_of(array);
  if (!is_inside(filled, index, count)) return TrapKind::array_out_of_bounds;
  fill_elements(filled, index, value, count);
  return TrapKind::none;
}

TrapKind array_copy(Slot to_array, uint32_t to, Slot from_array, uint32_t from, uint32_t count) noexcept {
  if (to_array == 0 || from_array == 0) return TrapKind::null_reference;
  Array& target = *array_of(to_array);
  Array& source = *array_of(from_array);
  if (!is_inside(target, to, count) || !is_inside(source, from, count)) return TrapKind::array_out_of_bounds;
  std::memmove(element_at(target, to), element_at(source, from), count * element_bytes(target));
  return TrapKind::none;
}

TrapKind array_init_data(Instance& instance, uint32_t segment, Slot array, uint32_t to, uint32_t from,
                         uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& target = *array_of(array);
  if (!is_inside(target, to, count)) return TrapKind::array_out_of_bounds;
  const std::span<const uint8_t> data = data_of(instance, segment);
  const uint64_t bytes = uint64_t{count} << target.layout->element_log2;
  if (!is_inside(data.size(), from, bytes)) return TrapKind::memory_out_of_bounds;
  if (bytes != 0) std::memcpy(element_at(target, to), data.data() + from, bytes);
  return TrapKind::none;
}

TrapKind array_init_elements(Instance& instance, uint32_t segment, Slot array, uint32_t to, uint32_t from,
                             uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& target = *array_of(array);
  if (!is_inside(target, to, count)) return TrapKind::array_out_of_bounds;
  if (!is_inside(element_count(instance, segment), from, count)) return TrapKind::table_out_of_bounds;
  write_elements(instance, segment, from, element_at(target, to), count);
  return TrapKind::none;
}

void load_storage(ValueType storage, const uint8_t* address, bool is_signed, Slot (&value)[2]) noexcept {
  value[0] = value[1] = 0;
  std::memcpy(value, address, size_t{1} << storage_log2(storage));
  if (!is_signed) return;
  if (storage == ValueType::Kind::i8) value[0] = static_cast<uint32_t>(static_cast<int8_t>(value[0]));
  if (storage == ValueType::Kind::i16) value[0] = static_cast<uint32_t>(static_cast<int16_t>(value[0]));
}

TypeId type_of_function(Slot function) noexcept {
  return reinterpret_cast<const Function*>(function)->type;  // NOLINT: what a funcref slot holds
}

bool is_function_below(Slot function, const TypeLayout& target, const Instance& instance) noexcept {
  const TypeId type = type_of_function(function);
  return type == target.id || instance.module->registry->get(type).layout.is_below(target.depth, target.id);
}

}  // namespace heddle::engine
