// SPDX-License-Identifier: Apache-2.0
// Pooling on the run-time's Store.
#include "engine/api/pooling.h"

#include "engine/api/access.h"
#include "engine/api/convert.h"

namespace heddle::detail {

Result<Store> make_store_on(const Engine& engine, const StoreLimits& limits, std::span<engine::Slot> stack) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return empty_handle("engine");
  return Access::store(impl, engine::Store::create_on(impl, internal_limits(limits), stack));
}

Outcome<void> renew(const Instance& instance) {
  const Handle& handle = Access::handle(instance);
  if (auto alive = check_link(handle.link, "instance"); !alive) return alive.error();
  CallScope scope(*handle.link);
  Trap trap;
  if (auto renewed = handle.link->store->renew(*Access::object<engine::Instance>(instance), &trap);
      !renewed) {
    return renewed.error();
  }
  if (trap.kind != TrapKind::none) return scope.fail(std::move(trap));
  return {};
}

}  // namespace heddle::detail
