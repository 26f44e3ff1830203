// SPDX-License-Identifier: Apache-2.0
// Handlers of the table rows. (Spec 4.4.6)
//
// Indices are zero-extended in their slots, so 32-bit and 64-bit tables share these handlers.
#include "engine/interpreter/handlers.h"
#include "engine/runtime/table_bulk.h"

namespace heddle::engine {

namespace {

[[nodiscard]] inline Table& low_table(Instance* instance, Word tables) {
  return *instance->tables[static_cast<uint32_t>(tables)];
}

HEDDLE_HANDLER void table_get(HEDDLE_STATE) {
  Table& table = *instance->tables[immediate32(ip)];
  const uint64_t index = fp[field<1>(ip)];
  if (index >= table.size()) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::table_out_of_bounds);
  a = table.elements()[index];
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void table_set(HEDDLE_STATE) {
  Table& table = *instance->tables[immediate32(ip)];
  const uint64_t index = fp[field<1>(ip)];
  if (index >= table.size()) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::table_out_of_bounds);
  table.written_elements()[index] = fp[field<0>(ip)];
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void table_size(HEDDLE_STATE) {
  a = instance->tables[immediate32(ip)]->size();
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void table_grow(HEDDLE_STATE) {
  Table& table = low_table(instance, ip[2]);
  const int64_t old_size = table.grow(fp[field<2>(ip)], fp[field<1>(ip)]);
  a = table.type().limits.is_64 ? static_cast<uint64_t>(old_size) : static_cast<uint32_t>(old_size);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void fill(HEDDLE_STATE) {
  if (!table_fill(low_table(instance, ip[2]), fp[field<0>(ip)], fp[field<1>(ip)], fp[field<2>(ip)]))
      [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::table_out_of_bounds);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void copy(HEDDLE_STATE) {
  Table& from = *instance->tables[ip[2] >> 32];
  if (!table_copy(low_table(instance, ip[2]), fp[field<0>(ip)], from, fp[field<1>(ip)], fp[field<2>(ip)]))
      [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::table_out_of_bounds);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void init(HEDDLE_STATE) {
  const uint32_t segment = static_cast<uint32_t>(ip[2] >> 32);
  Table& table = low_table(instance, ip[2]);
  if (!table_init(*instance, segment, table, fp[field<0>(ip)], fp[field<1>(ip)], fp[field<2>(ip)]))
      [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::table_out_of_bounds);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void element_drop(HEDDLE_STATE) {
  drop_elements(*instance, immediate32(ip));
  HEDDLE_NEXT(2);
}

}  // namespace

void add_table_handlers(HandlerTable& table) {
  SingleHandlers& single = table.single;
  single.table_get = table_get;
  single.table_set = table_set;
  single.table_size = table_size;
  single.table_grow = table_grow;
  single.table_fill = fill;
  single.table_copy = copy;
  single.table_init = init;
  single.element_drop = element_drop;
}

}  // namespace heddle::engine
