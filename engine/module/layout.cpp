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

using DefinitionOf = std::function<const TypeDefinition&(TypeId)>;

/// Functions belong to their instances; all else that is a reference may be an object of the heap.
Traced traced(ValueType type, const DefinitionOf& definition_of) {
  if (!type.is_ref()) return Traced::no;
  const HeapType heap = type.heap();
  if (heap.is_defined()) {
    return definition_of(heap.number()).kind == CompositeKind::function ? Traced::no : Traced::yes;
  }
  return heap.kind() == HeapType::Kind::func || heap.kind() == HeapType::Kind::nofunc ? Traced::no
                                                                                      : Traced::yes;
}

/// The number of fields that stand before the descriptor; SIZE_MAX if there is none.
size_t fields_before_descriptor(const TypeDefinition& definition, const DefinitionOf& definition_of) {
  if (definition.descriptor == kNoType) return SIZE_MAX;
  size_t before = 0;
  for (const TypeId id : definition.display) {  // the root first; the definition itself, last, ends it
    const TypeDefinition& above = definition_of(id);
    if (above.descriptor != kNoType) break;
    before = above.fields.size();
  }
  return before;
}

void lay_out_structure(TypeLayout& layout, const TypeDefinition& definition,
                       const DefinitionOf& definition_of) {
  uint64_t offset = TypeLayout::kHeaderBytes;
  const auto place = [&](uint64_t bytes, bool is_traced) {
    offset = align_up(offset, std::min<uint64_t>(bytes, 8));
    const auto placed = static_cast<uint32_t>(offset);
    if (is_traced) layout.references.push_back(placed);
    offset += bytes;
    return placed;
  };
  const size_t before = fields_before_descriptor(definition, definition_of);
  layout.field_offsets.reserve(definition.fields.size());
  for (size_t i = 0; i <= definition.fields.size(); ++i) {
    if (i == before) layout.descriptor_offset = place(8, true);
    if (i == definition.fields.size()) break;
    const ValueType storage = definition.fields[i].storage;
    const bool is_traced = traced(storage, definition_of) == Traced::yes;
    layout.field_offsets.push_back(place(uint64_t{1} << storage_log2(storage), is_traced));
  }
  layout.bytes = static_cast<uint32_t>(align_up(offset, 8));
}

void lay_out_payload(TypeLayout& layout, const TypeDefinition& definition,
                     const DefinitionOf& definition_of) {
  uint32_t offset = TypeLayout::kPayloadOffset;
  for (const ValueType type : definition.parameters) {
    if (traced(type, definition_of) == Traced::yes) layout.references.push_back(offset);
    offset += 8 * type.slots();
  }
  layout.bytes = offset;
}

}  // namespace

void lay_out(TypeDefinition& definition, const std::function<const TypeDefinition&(TypeId)>& definition_of) {
  TypeLayout& layout = definition.layout;
  layout = {};
  layout.id = definition.id;
  layout.display = definition.display.data();
  layout.depth = static_cast<uint32_t>(definition.display.size());
  switch (definition.kind) {
    case CompositeKind::structure:
      layout.kind = ObjectKind::structure;
      lay_out_structure(layout, definition, definition_of);
      break;
    case CompositeKind::array:
      layout.kind = ObjectKind::array;
      layout.element_log2 = storage_log2(definition.fields[0].storage);
      layout.elements = traced(definition.fields[0].storage, definition_of);
      layout.bytes = TypeLayout::kElementsOffset;
      break;
    case CompositeKind::function:
      layout.kind = ObjectKind::exception;
      lay_out_payload(layout, definition, definition_of);
      break;
  }
  layout.references.shrink_to_fit();
}

}  // namespace heddle::engine
