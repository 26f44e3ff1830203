// SPDX-License-Identifier: Apache-2.0
// Tags of the host, names of tags, and the making of exceptions.
#include "engine/runtime/tag.h"

#include <algorithm>

#include "engine/runtime/store.h"
#include "engine/runtime/store_objects.h"

namespace heddle::engine {

std::string tag_name(const Tag& tag) {
  return tag.module == nullptr ? "a tag of the host" : tag.module->tag_name(tag.index);
}

Tag* Store::new_tag(std::shared_ptr<TypeRegistry::Group> group) {
  auto& entry = objects_->tags.emplace_back(std::make_unique<Objects::HostTag>());
  entry->tag.type = group->first();
  entry->group = std::move(group);
  return &entry->tag;
}

gc::Exception* Store::new_exception(const Tag& tag, const Slot* payload) noexcept {
  const TypeLayout& layout = engine_->registry.get(tag.type).layout;
  gc::Exception* const exception = heap().allocate_exception(layout, &tag);
  if (exception == nullptr) return nullptr;
  std::copy_n(payload, payload_slots(*exception), exception->payload());
  return exception;
}

}  // namespace heddle::engine
