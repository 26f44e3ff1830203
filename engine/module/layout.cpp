// SPDX-License-Identifier: Apache-2.0
// Layouts of structures, arrays and exceptions.
#include "engine/module/layout.h"

#include <algorithm>

#include "engine/module/types.h"
#include "engine/support/bits.h"

namespace heddle::engine {

uint8_t storage_log2(ValueType storage) noexcept {
  switch (storage.kind()) {
    case ValueType::Kind::i8: return 0;
    case ValueType::Kind::i16: return 1;
    case ValueType::Kind::i32:
    case ValueType::Kind::f32: return 2;
    case ValueType::Kind::v128: return 4;
    default: return 3;
  }
}

namespace {

using KindOf = std::function<CompositeKind(TypeId)>;

/// Functions belong to their instances; all else that is a reference may be an object of the heap.
Traced traced(ValueType type, const KindOf& kind_of) {
  if (!type.is_ref()) return Traced::no;
  const HeapType heap = type.heap();
  if (heap.is_defined()) {
    return kind_of(heap.number()) == CompositeKind::function ? Traced::no : Traced::yes;
  }
  return heap.kind() == HeapType::Kind::func || heap.kind() == HeapType::Kind::nofunc ? Traced::no
                                                                                      : Traced::yes;
}

void lay_out_structure(TypeLayout& layout, const TypeDefinition& definition, const KindOf& kind_of) {
  uint64_t offset = TypeLayout::kHeaderBytes;
  layout.field_offsets.reserve(definition.fields.size());
  for (const FieldType& field : definition.fields) {
    const uint64_t bytes = uint64_t{1} << storage_log2(field.storage);
    offset = align_up(offset, std::min<uint64_t>(bytes, 8));
    layout.field_offsets.push_back(static_cast<uint32_t>(offset));
    if (traced(field.storage, kind_of) == Traced::yes)
      layout.references.push_back(static_cast<uint32_t>(offset));
    offset += bytes;
  }
  layout.bytes = static_cast<uint32_t>(align_up(offset, 8));
}

void lay_out_payload(TypeLayout& layout, const TypeDefinition& definition, const KindOf& kind_of) {
  uint32_t offset = TypeLayout::kPayloadOffset;
  for (const ValueType type : definition.parameters) {
    if (traced(type, kind_of) == Traced::yes) layout.references.push_back(offset);
    offset += 8 * type.slots();
  }
  layout.bytes = offset;
}

}  // namespace

void lay_out(TypeDefinition& definition, const std::function<CompositeKind(TypeId)>& kind_of) {
  TypeLayout& layout = definition.layout;
  layout = {};
  layout.id = definition.id;
  layout.display = definition.display.data();
  layout.depth = static_cast<uint32_t>(definition.display.size());
  switch (definition.kind) {
    case CompositeKind::structure:
      layout.kind = ObjectKind::structure;
      lay_out_structure(layout, definition, kind_of);
      break;
    case CompositeKind::array:
      layout.kind = ObjectKind::array;
      layout.element_log2 = storage_log2(definition.fields[0].storage);
      layout.elements = traced(definition.fields[0].storage, kind_of);
      layout.bytes = TypeLayout::kElementsOffset;
      break;
    case CompositeKind::function:
      layout.kind = ObjectKind::exception;
      lay_out_payload(layout, definition, kind_of);
      break;
  }
  layout.references.shrink_to_fit();
}

}  // namespace heddle::engine
