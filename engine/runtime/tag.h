// SPDX-License-Identifier: Apache-2.0
// Tag: what may be thrown; and how an exception, an object of the store's heap, refers to it.
// (Spec 4.2.9, 4.2.10)
#pragma once

#include <cstdint>
#include <string>

#include "engine/gc/object.h"
#include "engine/module/module.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

/// A tag instance. Its address is its identity; owned by its instance (or store, for the host's), which lives
/// as long as the store.
struct Tag {
  TypeId type = kNoType;                ///< a function type without results
  const ModuleImage* module = nullptr;  ///< that declares it; null: the host did
  uint32_t index = 0;                   ///< in that module
};

[[nodiscard]] inline const Tag& tag_of(const gc::Exception& exception) {
  return *static_cast<const Tag*>(exception.tag);
}
/// How many slots the payload has: those of the tag's parameters, as they lay on the operand stack.
[[nodiscard]] inline uint32_t payload_slots(const gc::Exception& exception) {
  return (exception.layout->bytes - TypeLayout::kPayloadOffset) / sizeof(Slot);
}

/// The tag as messages name it: its name in the module, or "tag[N]", or "a tag of the host"; safe to print.
[[nodiscard]] std::string tag_name(const Tag& tag);

}  // namespace heddle::engine
