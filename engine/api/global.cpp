// SPDX-License-Identifier: Apache-2.0
// Global: creation and access by the host.
#include <heddle/global.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/runtime/table.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

Result<Global> Global::create(const StoreRef& store, const GlobalType& type, const Value& value) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  engine::Slot slots[2] = {0, 0};
  HEDDLE_TRY(detail::write_value(*link, type.type, value, slots, "initial value"));
  return Access::make<Global>(link, link->store->new_global(detail::internal_type(type), slots));
}

GlobalType Global::type() const {
  if (!detail::check_link(handle_.link, "global")) return {};
  return detail::public_type(Access::object<engine::Global>(*this)->type);
}

Result<Value> Global::get() const {
  HEDDLE_TRY(detail::check_link(handle_.link, "global"));
  const auto* global = Access::object<engine::Global>(*this);
  return detail::read_value(handle_.link, global->type.type, global->value);
}

Result<void> Global::set(const Value& value) const {
  HEDDLE_TRY(detail::check_link(handle_.link, "global"));
  auto* global = Access::object<engine::Global>(*this);
  if (!global->type.is_mutable) return detail::usage_error("the global is immutable");
  return detail::write_value(*handle_.link, global->type.type, value, global->value, "value");
}

}  // namespace heddle
