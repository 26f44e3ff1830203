// SPDX-License-Identifier: Apache-2.0
// Table: creation, access and growth by the host.
#include <heddle/table.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/runtime/table.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

namespace {

Result<engine::Table*> table_of(const Table& table) {
  HEDDLE_TRY(detail::check_link(Access::handle(table).link, "table"));
  return Access::object<engine::Table>(table);
}

Result<void> check_index(engine::Table& table, uint64_t index) {
  if (table.contains(index, 1)) return {};
  return detail::usage_error("index " + std::to_string(index) + " is outside the table of " +
                             std::to_string(table.size()) + " elements");
}

}  // namespace

Result<Table> Table::create(const StoreRef& store, const TableType& type, const Value& init) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  HEDDLE_TRY(detail::check_type(type));
  engine::Slot slot = 0;
  HEDDLE_TRY(detail::write_value(*link, type.element, init, &slot, "initial element"));
  HEDDLE_TRY_ASSIGN(engine::Table * table, link->store->new_table(detail::internal_type(type), slot));
  return Access::make<Table>(link, table);
}

TableType Table::type() const {
  const auto table = table_of(*this);
  return table ? detail::public_type((*table)->type()) : TableType();
}

uint64_t Table::size() const noexcept {
  const auto table = table_of(*this);
  return table ? (*table)->size() : 0;
}

Result<Value> Table::get(uint64_t index) const {
  HEDDLE_TRY_ASSIGN(engine::Table * table, table_of(*this));
  HEDDLE_TRY(check_index(*table, index));
  return detail::read_value(handle_.link, table->type().element, &table->elements()[index]);
}

Result<void> Table::set(uint64_t index, const Value& value) const {
  HEDDLE_TRY_ASSIGN(engine::Table * table, table_of(*this));
  HEDDLE_TRY(check_index(*table, index));
  return detail::write_value(*handle_.link, table->type().element, value, &table->written_elements()[index],
                             "element");
}

Result<uint64_t> Table::grow(uint64_t elements, const Value& init) const {
  HEDDLE_TRY_ASSIGN(engine::Table * table, table_of(*this));
  engine::Slot slot = 0;
  HEDDLE_TRY(detail::write_value(*handle_.link, table->type().element, init, &slot, "new element"));
  const int64_t before = table->grow(elements, slot);
  if (before >= 0) return static_cast<uint64_t>(before);
  Error error = detail::usage_error("table of " + std::to_string(table->size()) + " elements can't grow by " +
                                    std::to_string(elements));
  error.kind = ErrorKind::resource;
  return error;
}

}  // namespace heddle
