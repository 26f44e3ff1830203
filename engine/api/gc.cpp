// SPDX-License-Identifier: Apache-2.0
// Fields and elements for the host.
#include <heddle/gc.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/gc/object.h"
#include "engine/runtime/gc_ops.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;
using engine::gc::Array;
using engine::gc::Object;

namespace {

/// The object behind a value of this kind.
Result<Object*> object_of(const Value& value, ReferenceKind wanted, const char* what) {
  if (value.reference_kind() != wanted) {
    return detail::usage_error(std::string("not a reference to ") + what + ": " + to_string(value.type()));
  }
  HEDDLE_TRY(detail::check_link(Access::link(value), what));
  return engine::gc::object_of(Access::bits(value, 0));
}

const engine::TypeDefinition& definition_of(const Value& value, const Object& object) {
  return Access::link(value)->engine->registry.get(object.layout->id);
}

Value read_storage(const Value& owner, ValueType storage, const uint8_t* address) {
  engine::Slot slots[2];
  engine::load_storage(storage, address, false, slots);
  const bool is_packed = storage == ValueType::Kind::i8 || storage == ValueType::Kind::i16;
  const auto link = Access::link(owner)->shared_from_this();
  return detail::read_value(link, is_packed ? ValueType(ValueType::Kind::i32) : storage, slots);
}

Error beyond(uint32_t index, size_t count) {
  return detail::usage_error("index " + std::to_string(index) + " is beyond the last of " +
                             std::to_string(count));
}

}  // namespace

Result<uint32_t> field_count(const Value& structure) {
  HEDDLE_TRY_ASSIGN(const Object* object, object_of(structure, ReferenceKind::structure, "structure"));
  return static_cast<uint32_t>(definition_of(structure, *object).fields.size());
}

Result<Value> field(const Value& structure, uint32_t index) {
  HEDDLE_TRY_ASSIGN(const Object* object, object_of(structure, ReferenceKind::structure, "structure"));
  const auto& fields = definition_of(structure, *object).fields;
  if (index >= fields.size()) return beyond(index, fields.size());
  const uint8_t* const address = object->bytes() + object->layout->field_offsets[index];
  return read_storage(structure, fields[index].storage, address);
}

Result<uint32_t> array_length(const Value& array) {
  HEDDLE_TRY_ASSIGN(Object * object, object_of(array, ReferenceKind::array, "array"));
  return static_cast<Array*>(object)->length;
}

Result<Value> element(const Value& array, uint32_t index) {
  HEDDLE_TRY_ASSIGN(Object * object, object_of(array, ReferenceKind::array, "array"));
  const auto* const elements = static_cast<Array*>(object);
  if (index >= elements->length) return beyond(index, elements->length);
  const uint8_t* const address = elements->elements() + (uint64_t{index} << object->layout->element_log2);
  return read_storage(array, definition_of(array, *object).fields[0].storage, address);
}

}  // namespace heddle
