// SPDX-License-Identifier: Apache-2.0
// ModuleNames: decoding of the name section and of branch hints.
#include "engine/text/module_names.h"

#include "engine/text/text_writer.h"

namespace heddle::engine {

void ModuleNames::read_name_section(std::span<const uint8_t> contents) {
  constexpr uint8_t kModule = 0, kLocals = 2, kLabels = 3, kFields = 10;
  constexpr struct {
    uint8_t id;
    Space space;
  } kSpaces[] = {{1, Space::function}, {4, Space::type},    {5, Space::table}, {6, Space::memory},
                 {7, Space::global},   {8, Space::element}, {9, Space::data},  {11, Space::tag}};
  Cursor cursor(contents);
  while (!cursor.at_end() && !cursor.failed()) {
    const uint8_t id = cursor.read_byte();
    Cursor subsection(cursor.read_bytes(cursor.read_u32()));
    if (cursor.failed()) return;
    taken_.clear();
    if (id == kModule) {
      const std::string_view name = subsection.read_name();
      if (!subsection.failed() && !name.empty()) module_ = make_identifier(name);
    } else if (id == kLocals) {
      Members duplicates;
      read_indirect_names(subsection, locals_, &duplicates);
    } else if (id == kLabels) {
      read_indirect_names(subsection, labels_, nullptr);
    } else if (id == kFields) {
      Members duplicates;
      read_indirect_names(subsection, fields_, &duplicates);
    }
    for (const auto& row : kSpaces) {
      const auto space = static_cast<size_t>(row.space);
      if (row.id == id) read_names(subsection, spaces_[space], 0, &duplicates_[space]);
    }
  }
}

/// A vector of names. Where there is a map for duplicates, the first of equal names is the identifier.
void ModuleNames::read_names(Cursor& cursor, Members& members, uint32_t owner, Members* duplicates) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint32_t index = cursor.read_u32();
    const std::string_view name = cursor.read_name();
    if (cursor.failed() || name.empty() || members.contains(key(owner, index))) continue;
    const bool too_long = name.size() > kLongestIdentifier;
    if (too_long && duplicates == nullptr) continue;
    if (!too_long &&
        (duplicates == nullptr || taken_.insert(std::to_string(owner) + " " + std::string(name)).second)) {
      members.emplace(key(owner, index), make_identifier(name));
    } else {
      duplicates->emplace(key(owner, index), quote_name(name));
    }
  }
}

void ModuleNames::read_indirect_names(Cursor& cursor, Members& members, Members* duplicates) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint32_t owner = cursor.read_u32();
    read_names(cursor, members, owner, duplicates);
  }
}

std::string ModuleNames::binding(Space space, uint32_t index) const {
  const std::string_view identifier = find(space, index);
  if (!identifier.empty()) return std::string(identifier);
  std::string out = "(;" + std::to_string(index) + ";)";
  const std::string_view duplicate = member(duplicates_[static_cast<size_t>(space)], 0, index);
  if (!duplicate.empty()) out += " (@name " + std::string(duplicate) + ")";
  return out;
}

void ModuleNames::read_branch_hints(std::span<const uint8_t> contents) {
  Cursor cursor(contents);
  const uint32_t functions = cursor.read_count(2);
  for (uint32_t i = 0; i < functions && !cursor.failed(); ++i) {
    const uint32_t function = cursor.read_u32();
    const uint32_t hints = cursor.read_count(3);
    for (uint32_t j = 0; j < hints && !cursor.failed(); ++j) {
      const uint32_t offset = cursor.read_u32();
      const std::span<const uint8_t> value = cursor.read_bytes(cursor.read_u32());
      if (value.size() == 1 && value[0] <= 1) branch_hints_.emplace(key(function, offset), value[0]);
    }
  }
}

std::string_view ModuleNames::member(const Members& members, uint32_t owner, uint32_t index) {
  if (members.empty()) return {};
  const auto found = members.find(key(owner, index));
  return found == members.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view ModuleNames::find(Space space, uint32_t index) const {
  const auto which = static_cast<size_t>(space);
  return index < counts_[which] ? member(spaces_[which], 0, index) : std::string_view();
}

int ModuleNames::branch_hint(uint32_t function, uint32_t offset) const {
  if (branch_hints_.empty()) return -1;
  const auto found = branch_hints_.find(key(function, offset));
  return found == branch_hints_.end() ? -1 : found->second;
}

}  // namespace heddle::engine
