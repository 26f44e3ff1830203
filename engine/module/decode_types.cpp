// SPDX-License-Identifier: Apache-2.0
// The decoder's type section: rec groups are read, checked and registered one by one. (Spec 5.3, 3.2)
#include <algorithm>

#include "engine/module/decoder.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kDescribes = 0x4c;
constexpr uint8_t kDescriptor = 0x4d;
constexpr uint8_t kRec = 0x4e;
constexpr uint8_t kSubFinal = 0x4f;
constexpr uint8_t kSub = 0x50;
constexpr uint8_t kArray = 0x5e;
constexpr uint8_t kStruct = 0x5f;
constexpr uint8_t kFunction = 0x60;

std::string unknown_type(uint64_t index) { return "unknown type " + std::to_string(index); }

/// `blamed` is the sub type, or its descriptor, or what it describes.
std::string mismatch(SupertypeFault fault, uint32_t blamed, uint32_t super) {
  const std::string which = std::to_string(blamed);
  const std::string above = "super type " + std::to_string(super);
  if (fault == SupertypeFault::descriptor)
    return "descriptor type " + which + " does not match that of " + above;
  if (fault == SupertypeFault::described)
    return "described type " + which + " does not match that of " + above;
  return "sub type " + which + " does not match " + above;
}

}  // namespace

void Decoder::decode_types(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  if (!within(cursor, count, limits_.types, "types")) return;
  module_->types.reserve(count);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("type", module_->types.size());
    read_rec_group(cursor);
  }
}

void Decoder::read_rec_group(Cursor& cursor) {
  std::vector<TypeDefinition> group;
  std::vector<uint64_t> offsets;
  uint32_t count = 1;
  if (cursor.peek_byte() == kRec) {
    cursor.read_byte();
    count = cursor.read_count(2);
  }
  if (!within(cursor, module_->types.size() + uint64_t{count}, std::min(limits_.types, HeapType::kMaxTypes),
              "types")) {
    return;
  }
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("type", module_->types.size() + i);
    offsets.push_back(cursor.offset());
    group.push_back(read_sub_type(cursor));
  }
  if (!cursor.failed()) register_group(cursor, std::move(group), offsets);
}

TypeDefinition Decoder::read_sub_type(Cursor& cursor) {
  TypeDefinition definition;
  const uint64_t start = cursor.offset();
  uint8_t form = cursor.read_byte();
  if (form == kSub || form == kSubFinal) {
    definition.is_final = form == kSubFinal;
    const uint32_t supers = cursor.read_count();
    for (uint32_t i = 0; i < supers && !cursor.failed(); ++i) {
      definition.super = cursor.read_u32();
      if (definition.super >= HeapType::kMaxTypes) {
        cursor.fail_at(start, ErrorKind::invalid, unknown_type(definition.super));
      }
    }
    if (supers > 1) cursor.fail_at(start, ErrorKind::invalid, "sub type with more than one super type");
    form = cursor.read_byte();
  }
  if (form == kDescribes) form = read_clause(cursor, definition.describes);
  if (form == kDescriptor) form = read_clause(cursor, definition.descriptor);
  read_composite(cursor, form, definition);
  return definition;
}

/// Behind the clause's code; the code of what follows.
uint8_t Decoder::read_clause(Cursor& cursor, uint32_t& type) {
  const uint64_t start = cursor.offset() - 1;
  if (!cursor.require(Feature::custom_descriptors, start)) return 0;
  type = cursor.read_u32();
  if (type >= HeapType::kMaxTypes) cursor.fail_at(start, ErrorKind::invalid, unknown_type(type));
  return cursor.read_byte();
}

void Decoder::read_composite(Cursor& cursor, uint8_t form, TypeDefinition& definition) {
  if (cursor.failed()) return;
  if (form == kFunction) {
    definition.kind = CompositeKind::function;
    read_value_types(cursor, limits_.parameters, definition.parameters);
    read_value_types(cursor, limits_.results, definition.results);
  } else if (form == kStruct) {
    definition.kind = CompositeKind::structure;
    const uint32_t count = cursor.read_count(2);
    if (!within(cursor, count, limits_.fields, "fields")) return;
    for (uint32_t i = 0; i < count && !cursor.failed(); ++i) definition.fields.push_back(read_field(cursor));
  } else if (form == kArray) {
    definition.kind = CompositeKind::array;
    definition.fields.push_back(read_field(cursor));
  } else {  // the grammar has signed 7-bit numbers here
    const char* reason = form >= 0x80 ? "integer representation too long" : "malformed definition type";
    cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, reason);
  }
}

void Decoder::read_value_types(Cursor& cursor, uint32_t limit, std::vector<ValueType>& types) {
  const uint32_t count = cursor.read_count();
  if (!within(cursor, count, limit, "parameters or results")) return;
  types.reserve(count);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) types.push_back(cursor.read_value_type());
}

FieldType Decoder::read_field(Cursor& cursor) {
  FieldType field;
  field.storage = cursor.read_storage_type();
  const uint8_t mutability = cursor.read_byte();
  if (mutability > 1) cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed mutability");
  field.is_mutable = mutability == 1;
  return field;
}

bool Decoder::check_numbers(Cursor& cursor, const TypeDefinition& definition, uint32_t own_index,
                            uint32_t end, uint64_t offset) {
  const auto check = [&](ValueType type) {
    if (!type.is_ref() || !type.heap().is_defined() || type.heap().number() < end) return;
    cursor.fail_at(offset, ErrorKind::invalid, unknown_type(type.heap().number()));
  };
  for (const ValueType type : definition.parameters) check(type);
  for (const ValueType type : definition.results) check(type);
  for (const FieldType& field : definition.fields) check(field.storage);
  if (definition.super != kNoType && definition.super >= own_index) {
    cursor.fail_at(offset, ErrorKind::invalid, unknown_type(definition.super));
  }
  return !cursor.failed();
}

/// Descriptors and what they describe name each other, and the described one stands first. Null if they do,
/// else what is wrong.
const char* Decoder::descriptor_fault(const std::vector<TypeDefinition>& group, uint32_t first,
                                      uint32_t member) {
  const TypeDefinition& type = group[member];
  const uint32_t index = first + member;
  const auto is_outside = [&](uint32_t named) { return named < first || named - first >= group.size(); };
  if (type.describes != kNoType) {
    if (is_outside(type.describes)) return "described type is outside rec group";
    if (type.describes >= index) return "forward use of described type";
    if (group[type.describes - first].descriptor != index)
      return "described type is not described by descriptor";
    if (type.kind != CompositeKind::structure) return "described type must be a struct";
  }
  if (type.descriptor != kNoType) {
    if (is_outside(type.descriptor)) return "descriptor type is outside rec group";
    if (group[type.descriptor - first].describes != index) return "type is not described by its descriptor";
    if (type.kind != CompositeKind::structure) return "descriptor type must be a struct";
  }
  return nullptr;
}

void Decoder::register_group(Cursor& cursor, std::vector<TypeDefinition> group,
                             const std::vector<uint64_t>& offsets) {
  const auto first = static_cast<uint32_t>(module_->types.size());
  const auto end = first + static_cast<uint32_t>(group.size());
  std::vector<uint32_t> depths;  // how many supertypes each member has
  std::vector<uint32_t> supers;
  for (uint32_t i = 0; i < group.size(); ++i) {
    cursor.set_section("type", first + i);
    const uint32_t super = group[i].super;
    if (!check_numbers(cursor, group[i], first + i, end, offsets[i])) return;
    if (const char* fault = descriptor_fault(group, first, i))
      return cursor.fail_at(offsets[i], ErrorKind::invalid, fault);
    uint32_t depth = 0;
    if (super != kNoType) {
      depth = super >= first ? depths[super - first] + 1
                             : static_cast<uint32_t>(registry_.get(module_->types[super]).display.size());
      if (!within(cursor, depth, std::min(limits_.subtype_depth, TypeRegistry::kMaxDepth), "super types"))
        return;
    }
    depths.push_back(depth);
    supers.push_back(super);
  }
  auto registered = registry_.add_group(std::move(group), first, module_->types);
  if (registered == nullptr) return cursor.fail(ErrorKind::limit, "too many types in this engine");
  for (uint32_t i = 0; i < registered->count(); ++i) {
    const TypeId id = registered->first() + i;
    module_->types.push_back(id);
    const SupertypeFault fault = registry_.fault_against_supertype(id);
    if (fault == SupertypeFault::none) continue;
    cursor.set_section("type", first + i);
    const TypeDefinition& type = registry_.get(id);
    const TypeId blamed = fault == SupertypeFault::structure    ? id
                          : fault == SupertypeFault::descriptor ? type.descriptor
                                                                : type.describes;
    return cursor.fail_at(offsets[i], ErrorKind::invalid,
                          mismatch(fault, first + (blamed - registered->first()), supers[i]));
  }
  // Equal groups in one module are one group; those next to each other need no second reference.
  if (module_->groups.empty() || module_->groups.back() != registered)
    module_->groups.push_back(std::move(registered));
}

ValueType Decoder::canonical(Cursor& cursor, ValueType raw, uint64_t offset) {
  if (!raw.is_ref() || !raw.heap().is_defined()) return raw;
  const uint32_t number = raw.heap().number();
  if (number >= module_->types.size()) {
    cursor.fail_at(offset, ErrorKind::invalid, unknown_type(number));
    return {};
  }
  return ValueType::ref(raw.heap().with_number(module_->types[number]), raw.is_nullable());
}

ValueType Decoder::read_canonical(Cursor& cursor, ValueType (Cursor::*read)()) {
  const uint64_t start = cursor.offset();
  const ValueType raw = (cursor.*read)();
  return cursor.failed() ? ValueType() : canonical(cursor, raw, start);
}

TypeId Decoder::read_function_type(Cursor& cursor) {
  const uint64_t start = cursor.offset();
  const uint32_t index = cursor.read_u32();
  if (cursor.failed()) return kNoType;
  if (index >= module_->types.size()) {
    cursor.fail_at(start, ErrorKind::invalid, unknown_type(index));
    return kNoType;
  }
  const TypeId id = module_->types[index];
  if (registry_.get(id).kind != CompositeKind::function) {
    cursor.fail_at(start, ErrorKind::invalid,
                   "type mismatch: type " + std::to_string(index) + " is not a function type");
  }
  return id;
}

}  // namespace heddle::engine
