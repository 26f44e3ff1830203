// SPDX-License-Identifier: Apache-2.0
// Function: calls from the host, checked and unchecked.
#include <heddle/function.h>

#include <array>
#include <vector>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

namespace {

/// Slots of one call: on the native stack where there are few.
class CallSlots {
 public:
  explicit CallSlots(size_t count) : count_(count) {
    if (count > few_.size()) many_.resize(count);
  }
  engine::Slot* data() { return many_.empty() ? few_.data() : many_.data(); }
  [[nodiscard]] size_t size() const { return count_; }

 private:
  size_t count_;
  std::array<engine::Slot, 16> few_{};
  std::vector<engine::Slot> many_;
};

/// The definition of a function's type. REQUIRES: the store lives.
const engine::TypeDefinition& definition_of(const detail::Handle& handle) {
  const auto* function = static_cast<const engine::Function*>(handle.object);
  return handle.link->engine->registry.get(function->type);
}

Result<void> write_arguments(const detail::StoreLink& link, const std::vector<ValueType>& types,
                             std::span<const Value> values, engine::Slot* slots) {
  if (values.size() != types.size()) {
    return detail::usage_error("expected " + std::to_string(types.size()) + " arguments, found " +
                               std::to_string(values.size()));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    HEDDLE_TRY(detail::write_value(link, types[i], values[i], slots, "argument " + std::to_string(i + 1)));
    slots += types[i].slots();
  }
  return {};
}

}  // namespace

CallResult Function::call(std::span<const Value> arguments) const {
  if (auto alive = detail::check_link(handle_.link, "function"); !alive) return alive.error();
  // What the results need is kept: a host function may destroy the store during the call.
  const std::shared_ptr<detail::StoreLink> link = handle_.link;
  const engine::TypeDefinition& type = definition_of(handle_);
  CallSlots slots(std::max(type.parameter_slots, type.result_slots));
  if (auto written = write_arguments(*link, type.parameters, arguments, slots.data()); !written) {
    return written.error();
  }
  std::vector<Value> results;
  {
    detail::CallScope scope(*link);
    Trap trap;
    auto* function = static_cast<engine::Function*>(handle_.object);
    if (!link->store->call(*function, {slots.data(), slots.size()}, &trap))
      return scope.fail(std::move(trap));
    results.reserve(type.results.size());
    const engine::Slot* slot = slots.data();
    for (const ValueType result : type.results) {
      results.push_back(detail::read_value(link, result, slot));
      slot += result.slots();
    }
  }
  return results;
}

std::unique_ptr<Failure> Function::call_slots(uint64_t* slots, size_t count) const {
  detail::StoreLink* link = handle_.link.get();
  if (link == nullptr || link->store == nullptr) {
    return std::make_unique<Failure>(detail::check_link(handle_.link, "function").error());
  }
  detail::CallScope scope(*link);
  Trap trap;
  auto* function = static_cast<engine::Function*>(handle_.object);
  if (link->store->call(*function, {slots, count}, &trap)) return nullptr;
  return scope.fail(std::move(trap));
}

FunctionType Function::type() const {
  if (!detail::check_link(handle_.link, "function")) return {};
  return detail::public_type(definition_of(handle_));
}

Result<void> Function::check_type(const FunctionType& wanted) const {
  HEDDLE_TRY(detail::check_link(handle_.link, "function"));
  const FunctionType found = type();
  if (found == wanted) return {};
  return detail::usage_error("the function is " + to_string(found) + ", not " + to_string(wanted));
}

}  // namespace heddle
