// SPDX-License-Identifier: Apache-2.0
// Tags and exceptions of the embedder.
#include <heddle/tag.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/runtime/tag.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

Result<Tag> Tag::create(const StoreRef& store, const TagType& type) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  if (!type.type.results.empty()) return detail::usage_error("a tag has no results");
  if (type.type.parameters.size() > link->engine->config.limits.parameters)
    return detail::usage_error("too many parameters");
  auto group = link->engine->registry.add_function(type.type.parameters, {});
  if (group == nullptr) return detail::usage_error("too many types in this engine");
  return Access::make<Tag>(link, link->store->new_tag(std::move(group)));
}

TagType Tag::type() const {
  if (!detail::check_link(handle_.link, "tag")) return {};
  const auto* tag = Access::object<engine::Tag>(*this);
  return {detail::public_type(handle_.link->engine->registry.get(tag->type))};
}

std::string Tag::name() const {
  if (!detail::check_link(handle_.link, "tag")) return {};
  return engine::tag_name(*Access::object<engine::Tag>(*this));
}

std::string to_string(const Exception& exception) {
  std::string text = exception.tag.name() + "(";
  for (size_t i = 0; i < exception.values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + to_string(exception.values[i]);
  }
  return text + ")";
}

Trap Trap::thrown(Exception exception) {
  Trap trap;
  trap.kind = TrapKind::exception;
  trap.message = std::string(heddle::to_string(trap.kind)) + " " + heddle::to_string(exception);
  trap.exception = std::make_shared<const Exception>(std::move(exception));
  return trap;
}

namespace detail {

Exception read_exception(const std::shared_ptr<StoreLink>& link, engine::gc::Exception& exception) {
  auto* tag = const_cast<engine::Tag*>(&engine::tag_of(exception));
  Exception out{Access::make<Tag>(link, tag), {}};
  const engine::Slot* slot = exception.payload();
  for (const ValueType type : link->engine->registry.get(tag->type).parameters) {
    out.values.push_back(read_value(link, type, slot));
    slot += type.slots();
  }
  return out;
}

Result<engine::gc::Exception*> write_exception(const std::shared_ptr<StoreLink>& link,
                                               const Exception& exception) {
  const Handle& handle = Access::handle(exception.tag);
  HEDDLE_TRY(check_link(handle.link, "tag"));
  if (handle.link != link) return foreign_handle("tag");
  const auto* tag = static_cast<const engine::Tag*>(handle.object);
  const engine::TypeDefinition& type = link->engine->registry.get(tag->type);
  if (exception.values.size() != type.parameters.size()) {
    return usage_error("exception " + exception.tag.name() + " carries " +
                       std::to_string(type.parameters.size()) + " values, not " +
                       std::to_string(exception.values.size()));
  }
  std::vector<engine::Slot> slots(type.parameter_slots);
  size_t slot = 0;
  for (size_t i = 0; i < type.parameters.size(); ++i) {
    HEDDLE_TRY(write_value(*link, type.parameters[i], exception.values[i], &slots[slot],
                           "value " + std::to_string(i + 1) + " of exception " + exception.tag.name()));
    slot += type.parameters[i].slots();
  }
  return link->store->new_exception(*tag, slots.data());
}

}  // namespace detail

}  // namespace heddle
