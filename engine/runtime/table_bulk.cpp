// SPDX-License-Identifier: Apache-2.0
// Bulk operations on tables.
#include "engine/runtime/table_bulk.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/instance.h"

namespace heddle::engine {

bool table_fill(Table& table, uint64_t index, Slot value, uint64_t count) noexcept {
  if (!table.contains(index, count)) return false;
  std::fill_n(table.written_elements() + index, count, value);
  return true;
}

bool table_copy(Table& destination, uint64_t to, Table& source, uint64_t from, uint64_t count) noexcept {
  if (!destination.contains(to, count) || !source.contains(from, count)) return false;
  if (count != 0) {
    std::memmove(destination.written_elements() + to, source.elements() + from, count * sizeof(Slot));
  }
  return true;
}

bool table_init(Instance& instance, uint32_t segment, Table& table, uint64_t to, uint64_t from,
                uint64_t count) noexcept {
  const ElementSegment& elements = instance.module->elements[segment];
  const uint64_t size = instance.dropped_elements[segment] ? 0 : elements.size();
  if (from > size || count > size - from || !table.contains(to, count)) return false;
  if (count == 0) return true;
  Slot* const target = table.written_elements() + to;
  if (elements.uses_expressions) {
    std::copy_n(instance.element_values[segment].data() + from, count, target);
  } else {
    for (uint64_t i = 0; i < count; ++i) {
      target[i] = reinterpret_cast<Slot>(instance.function(elements.functions[from + i]));
    }
  }
  return true;
}

void drop_elements(Instance& instance, uint32_t segment) noexcept {
  instance.dropped_elements[segment] = true;
  instance.element_values[segment] = {};
}

}  // namespace heddle::engine
