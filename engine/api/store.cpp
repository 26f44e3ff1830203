// SPDX-License-Identifier: Apache-2.0
// Store, StoreRef and InterruptHandle.
#include <heddle/store.h>

#include <algorithm>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;
using detail::internal_limits;
using detail::StoreLink;

namespace {

Result<void> check_fuel(const std::shared_ptr<StoreLink>& link) {
  HEDDLE_TRY(detail::check_link(link, "store"));
  if (!link->engine->fuel) return detail::usage_error("this engine does not count fuel: set Config::fuel");
  return {};
}

}  // namespace

void InterruptHandle::interrupt() const noexcept {
  if (cell_ != nullptr) cell_->request();
}

Result<void> StoreRef::set_fuel(uint64_t units) {
  HEDDLE_TRY(check_fuel(link_));
  link_->store->context().set_fuel(static_cast<int64_t>(std::min<uint64_t>(units, INT64_MAX)));
  return {};
}

Result<void> StoreRef::add_fuel(uint64_t units) {
  HEDDLE_TRY(check_fuel(link_));
  const uint64_t left = fuel();
  return set_fuel(units > UINT64_MAX - left ? UINT64_MAX : left + units);
}

uint64_t StoreRef::fuel() const noexcept {
  if (!alive() || !link_->engine->fuel) return 0;
  return static_cast<uint64_t>(std::max<int64_t>(link_->store->context().fuel_left(), 0));
}

Result<void> StoreRef::set_timeout(std::chrono::nanoseconds per_call) {
  HEDDLE_TRY(detail::check_link(link_, "store"));
  if (per_call.count() > 0 && !link_->engine->watchdog.start()) {
    Error error = detail::usage_error("the host refuses a thread for timeouts");
    error.kind = ErrorKind::resource;
    return error;
  }
  // Longer than this is for ever, and must not overflow the clock.
  link_->timeout = std::min<std::chrono::nanoseconds>(per_call, std::chrono::hours(24 * 365 * 100));
  return {};
}

Result<void> StoreRef::collect_garbage() {
  HEDDLE_TRY(detail::check_link(link_, "store"));
  link_->store->heap().collect();
  return {};
}

GcStatistics StoreRef::gc_statistics() const noexcept {
  if (!alive()) return {};
  const engine::gc::HeapStatistics& heap = link_->store->heap().statistics();
  return {heap.collections,
          std::chrono::nanoseconds(heap.pause_nanoseconds),
          std::chrono::nanoseconds(heap.longest_pause),
          heap.allocated_bytes,
          heap.live_bytes,
          heap.block_bytes};
}

Result<void> StoreRef::set_limits(const StoreLimits& limits) {
  HEDDLE_TRY(detail::check_link(link_, "store"));
  link_->store->set_limits(internal_limits(limits));
  return {};
}

InterruptHandle StoreRef::interrupt_handle() const {
  return alive() ? InterruptHandle(link_->interrupts) : InterruptHandle();
}

void StoreRef::clear_interrupt() noexcept {
  if (alive()) link_->interrupts->clear(true);
}

bool StoreRef::alive() const noexcept { return link_ != nullptr && link_->store != nullptr; }

Result<Store> Store::create(const Engine& engine, const StoreLimits& limits) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  HEDDLE_TRY_ASSIGN(auto store, engine::Store::create(impl, internal_limits(limits)));
  return Access::store(impl, std::move(store));
}

Store detail::Access::store(const std::shared_ptr<EngineImpl>& engine, std::unique_ptr<engine::Store> store) {
  auto link = std::make_shared<StoreLink>();
  link->engine = engine;
  link->store = std::move(store);
  link->interrupts = std::make_shared<InterruptCell>(link->store.get());
  link->store->context().fuel = 0;
  return Store(std::move(link));
}

Store::~Store() {
  if (link_ != nullptr && link_->store != nullptr) StoreLink::release(std::move(link_));
}

Store& Store::operator=(Store&& other) noexcept {
  if (this != &other) {
    if (link_ != nullptr && link_->store != nullptr) StoreLink::release(std::move(link_));
    link_ = std::move(other.link_);
  }
  return *this;
}

}  // namespace heddle
