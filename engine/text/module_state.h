// SPDX-License-Identifier: Apache-2.0
// ModuleState: what the parsers of one module share: index spaces, types, sections, names.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/identifier_map.h"
#include "engine/text/module_sections.h"
#include "engine/text/token_stream.h"
#include "engine/text/type_table.h"

namespace heddle::engine {

/// The index spaces of a module. (Spec 6.6.2)
enum class Space : uint8_t { type, function, table, memory, global, tag, element, data };
inline constexpr size_t kSpaceCount = 8;

/// What error messages call a member of a space: "duplicate func", "unknown function".
struct SpaceWords {
  std::string_view keyword;
  std::string_view noun;
};
inline constexpr SpaceWords kSpaceWords[kSpaceCount] = {
    {"type", "type"},     {"func", "function"}, {"table", "table"},       {"memory", "memory"},
    {"global", "global"}, {"tag", "tag"},       {"elem", "elem segment"}, {"data", "data segment"},
};

struct NamedIndex {
  uint32_t index;
  std::string_view name;
};

/// A name within something that has an index itself: a local in a function, a field in a type.
struct NamedMember {
  uint32_t owner;
  uint32_t index;
  std::string_view name;
};

struct IndexSpace {
  IdentifierMap ids;              ///< of the whole module, found before the fields are parsed
  uint32_t defined = 0;           ///< definitions parsed so far
  std::vector<NamedIndex> names;  ///< for the name section
};

/// One type or rec field, whose contents are parsed before everything else.
struct TypeField {
  Token start;                 ///< its parenthesis
  uint32_t first_index = 0;    ///< of its first type
  std::optional<Error> error;  ///< reported when the field's turn comes
};

struct ModuleState {
  std::array<IndexSpace, kSpaceCount> spaces;
  std::vector<TypeField> type_fields;
  TypeTable types;
  IdentifierMap field_ids;  ///< of struct fields; the scope is the type's index
  ModuleSections sections;

  std::string_view module_name;
  std::vector<NamedMember> local_names;
  std::vector<NamedMember> label_names;
  std::vector<NamedMember> field_names;
  std::deque<std::string> strings;  ///< decoded names that views point into

  struct BranchHint {
    uint32_t function;
    uint32_t offset;  ///< in the body, from its locals on
    uint8_t likely;
  };
  std::vector<BranchHint> branch_hints;

  IndexSpace& space(Space which) { return spaces[static_cast<size_t>(which)]; }

  /// Counts a definition and returns its index. Fails if its identifier belongs to an earlier one.
  uint32_t define(TokenStream& tokens, Space which, const Binding& binding);
  /// An index: a number, or an identifier of the space.
  uint32_t parse_index(TokenStream& tokens, Space which);
};

/// Is the next token an index?
[[nodiscard]] bool at_index(TokenStream& tokens);
/// Is the token after the next one an index?
[[nodiscard]] bool second_is_index(TokenStream& tokens);

/// Finds the identifiers of all definitions, and the type fields, without judging anything: so that every
/// later use resolves at once, wherever its definition stands. `fields` is at the module's first field.
void scan_definitions(Lexer fields, ModuleState& module);

}  // namespace heddle::engine
