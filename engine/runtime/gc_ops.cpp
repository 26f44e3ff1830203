// SPDX-License-Identifier: Apache-2.0
// Creation of objects, and ranges of arrays.
#include "engine/runtime/gc_ops.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/chunks.h"
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
void fill(uint8_t* begin, uint64_t count, T value) {
  std::fill_n(reinterpret_cast<T*>(begin), count, value);
}

struct Vector {
  Slot halves[2];
};

/// Fills `bytes` bytes of elements with the low bytes of the value, as many as an element has.
void fill_elements(uint8_t* begin, uint32_t element_log2, const Slot* value, uint64_t bytes) {
  const uint64_t count = bytes >> element_log2;
  switch (element_log2) {
    case 0: std::memset(begin, static_cast<int>(*value & 0xff), count); break;
    case 1: fill(begin, count, static_cast<uint16_t>(*value)); break;
    case 2: fill(begin, count, static_cast<uint32_t>(*value)); break;
    case 3: fill(begin, count, *value); break;
    default: fill(begin, count, Vector{{value[0], value[1]}});
  }
}

/// Work on elements of an array in use: step(offset, size) in bytes.
template <class Step>
TrapKind on_elements(const ExecContext& context, uint64_t bytes, bool backwards, Step step) {
  const auto stop = [&context] { return context.interrupt_pending(); };
  return in_chunks(bytes, backwards, stop, step) ? TrapKind::none : TrapKind::interrupted;
}

/// The same on all elements of a new array, if there is one. Without all of its elements it is nobody's, and
/// loses those it has: a slot that looks like its address must not lead the collector to what is no element.
template <class Step>
Array* with_elements(Heap& heap, Array* array, Step step) {
  if (array == nullptr) return nullptr;
  const uint64_t bytes = uint64_t{array->length} << array->layout->element_log2;
  if (in_chunks(bytes, false, [&heap] { return heap.must_stop(); }, step)) return array;
  array->length = 0;
  return nullptr;
}

[[nodiscard]] uint64_t element_count(const Instance& instance, uint32_t segment) {
  return instance.dropped_elements[segment] ? 0 : instance.module->elements[segment].size();
}

[[nodiscard]] bool is_inside(uint64_t size, uint32_t from, uint64_t count) {
  return from <= size && count <= size - from;
}

/// `bytes` bytes of a segment's references.
void write_references(Instance& instance, uint32_t segment, uint64_t from, uint8_t* target, uint64_t bytes) {
  const ElementSegment& elements = instance.module->elements[segment];
  if (elements.uses_expressions) {
    std::memcpy(target, instance.element_values[segment].data() + from, bytes);
    return;
  }
  for (uint64_t i = 0; i < bytes / sizeof(Slot); ++i) {
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
  return with_elements(heap, array, [array](uint64_t offset, uint64_t size) {
    std::memset(array->elements() + offset, 0, size);
  });
}

Object* new_array(Heap& heap, const TypeLayout& layout, uint32_t length, const Slot* value) noexcept {
  Array* const array = heap.allocate_array(layout, length);
  return with_elements(heap, array, [&](uint64_t offset, uint64_t size) {
    fill_elements(array->elements() + offset, layout.element_log2, value, size);
  });
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
  Heap& heap = heap_of(instance);
  Array* const array = heap.allocate_array(layout, length);
  return {with_elements(heap, array, [&](uint64_t offset, uint64_t size) {
    std::memcpy(array->elements() + offset, data.data() + from + offset, size);
  })};
}

Created new_array_elements(Instance& instance, const TypeLayout& layout, uint32_t segment, uint32_t from,
                           uint32_t length) noexcept {
  if (!is_inside(element_count(instance, segment), from, length))
    return {nullptr, TrapKind::table_out_of_bounds};
  Heap& heap = heap_of(instance);
  Array* const array = heap.allocate_array(layout, length);
  return {with_elements(heap, array, [&](uint64_t offset, uint64_t size) {
    write_references(instance, segment, from + offset / sizeof(Slot), array->elements() + offset, size);
  })};
}

TrapKind array_fill(const ExecContext& context, Slot array, uint32_t index, const Slot* value,
                    uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& filled = *array_of(array);
  if (!is_inside(filled, index, count)) return TrapKind::array_out_of_bounds;
  const uint32_t element_log2 = filled.layout->element_log2;
  uint8_t* const begin = element_at(filled, index);
  return on_elements(context, uint64_t{count} << element_log2, false, [&](uint64_t offset, uint64_t size) {
    fill_elements(begin + offset, element_log2, value, size);
  });
}

TrapKind array_copy(const ExecContext& context, Slot to_array, uint32_t to, Slot from_array, uint32_t from,
                    uint32_t count) noexcept {
  if (to_array == 0 || from_array == 0) return TrapKind::null_reference;
  Array& target = *array_of(to_array);
  Array& source = *array_of(from_array);
  if (!is_inside(target, to, count) || !is_inside(source, from, count)) return TrapKind::array_out_of_bounds;
  uint8_t* const begin = element_at(target, to);
  const uint8_t* const origin = element_at(source, from);
  return on_elements(
      context, count * element_bytes(target), begin > origin,
      [&](uint64_t offset, uint64_t size) { std::memmove(begin + offset, origin + offset, size); });
}

TrapKind array_init_data(Instance& instance, uint32_t segment, Slot array, uint32_t to, uint32_t from,
                         uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& target = *array_of(array);
  if (!is_inside(target, to, count)) return TrapKind::array_out_of_bounds;
  const std::span<const uint8_t> data = data_of(instance, segment);
  const uint64_t bytes = uint64_t{count} << target.layout->element_log2;
  if (!is_inside(data.size(), from, bytes)) return TrapKind::memory_out_of_bounds;
  uint8_t* const begin = element_at(target, to);
  return on_elements(*instance.context, bytes, false, [&](uint64_t offset, uint64_t size) {
    std::memcpy(begin + offset, data.data() + from + offset, size);
  });
}

TrapKind array_init_elements(Instance& instance, uint32_t segment, Slot array, uint32_t to, uint32_t from,
                             uint32_t count) noexcept {
  if (array == 0) return TrapKind::null_reference;
  Array& target = *array_of(array);
  if (!is_inside(target, to, count)) return TrapKind::array_out_of_bounds;
  if (!is_inside(element_count(instance, segment), from, count)) return TrapKind::table_out_of_bounds;
  uint8_t* const begin = element_at(target, to);
  return on_elements(
      *instance.context, uint64_t{count} * sizeof(Slot), false, [&](uint64_t offset, uint64_t size) {
        write_references(instance, segment, from + offset / sizeof(Slot), begin + offset, size);
      });
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
