// SPDX-License-Identifier: Apache-2.0
// Encoding of the name section and of branch hints.
#include "engine/text/name_section.h"

#include <algorithm>

namespace heddle::engine {

namespace {

void write_subsection(ByteWriter& out, uint8_t id, const ByteWriter& contents) {
  out.byte(id);
  out.sized(contents.bytes());
}

void write_names(ByteWriter& out, uint8_t id, const std::vector<NamedIndex>& names) {
  if (names.empty()) return;
  ByteWriter contents;
  contents.unsigned_leb(names.size());
  for (const NamedIndex& name : names) {
    contents.unsigned_leb(name.index);
    contents.sized(name.name);
  }
  write_subsection(out, id, contents);
}

/// Names within owners; `names` is sorted by owner and index.
void write_indirect_names(ByteWriter& out, uint8_t id, const std::vector<NamedMember>& names) {
  if (names.empty()) return;
  ByteWriter owners;
  uint32_t owner_count = 0;
  for (auto begin = names.begin(); begin != names.end(); ++owner_count) {
    const auto end =
        std::find_if(begin, names.end(), [&](const NamedMember& n) { return n.owner != begin->owner; });
    owners.unsigned_leb(begin->owner);
    owners.unsigned_leb(static_cast<uint64_t>(end - begin));
    for (; begin != end; ++begin) {
      owners.unsigned_leb(begin->index);
      owners.sized(begin->name);
    }
  }
  ByteWriter contents;
  contents.unsigned_leb(owner_count);
  contents.append(owners.bytes());
  write_subsection(out, id, contents);
}

}  // namespace

std::vector<uint8_t> encode_names(const ModuleState& module) {
  const auto names = [&module](Space space) -> const std::vector<NamedIndex>& {
    return module.spaces[static_cast<size_t>(space)].names;
  };
  ByteWriter out;
  if (!module.module_name.empty()) {
    ByteWriter contents;
    contents.sized(module.module_name);
    write_subsection(out, 0, contents);
  }
  write_names(out, 1, names(Space::function));
  write_indirect_names(out, 2, module.local_names);
  write_indirect_names(out, 3, module.label_names);
  write_names(out, 4, names(Space::type));
  write_names(out, 5, names(Space::table));
  write_names(out, 6, names(Space::memory));
  write_names(out, 7, names(Space::global));
  write_names(out, 8, names(Space::element));
  write_names(out, 9, names(Space::data));
  write_indirect_names(out, 10, module.field_names);
  write_names(out, 11, names(Space::tag));
  return out.take();
}

std::vector<uint8_t> encode_branch_hints(const ModuleState& module) {
  const auto& hints = module.branch_hints;
  if (hints.empty()) return {};
  ByteWriter functions;
  uint32_t function_count = 0;
  for (auto begin = hints.begin(); begin != hints.end(); ++function_count) {
    const auto end =
        std::find_if(begin, hints.end(), [&](const auto& hint) { return hint.function != begin->function; });
    functions.unsigned_leb(begin->function);
    functions.unsigned_leb(static_cast<uint64_t>(end - begin));
    for (; begin != end; ++begin) {
      functions.unsigned_leb(begin->offset);
      functions.unsigned_leb(1);
      functions.byte(begin->likely);
    }
  }
  ByteWriter out;
  out.unsigned_leb(function_count);
  out.append(functions.bytes());
  return out.take();
}

}  // namespace heddle::engine
