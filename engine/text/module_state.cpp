// SPDX-License-Identifier: Apache-2.0
// ModuleState: resolving of identifiers, and the scan that finds what they define.
#include "engine/text/module_state.h"

#include <algorithm>

namespace heddle::engine {

namespace {

struct DefiningField {
  std::string_view keyword;
  Space space;
};
constexpr DefiningField kDefiningFields[] = {
    {"func", Space::function}, {"table", Space::table},  {"memory", Space::memory}, {"global", Space::global},
    {"tag", Space::tag},       {"elem", Space::element}, {"data", Space::data},
};

/// Walks a module's fields. Whatever it does not understand it passes; the parsers will complain.
class DefinitionScan {
 public:
  explicit DefinitionScan(ModuleState& module) : module_(module) {}

  void field(Lexer lexer) {
    const Token open = lexer.next();
    const Token keyword = lexer.next();
    if (!keyword.is(TokenKind::keyword)) return;
    if (keyword.text == "type" || keyword.text == "rec")
      return type_field(lexer, open, keyword.text == "rec");
    if (keyword.text == "import") {
      while (lexer.peek().is(TokenKind::string)) lexer.next();
      if (!lexer.next().is(TokenKind::left_paren)) return;
      define(lexer.next().text, lexer);
      return;
    }
    define(keyword.text, lexer);
    if (keyword.text == "table" || keyword.text == "memory") count_inline_segments(lexer);
  }

 private:
  void define(std::string_view keyword, Lexer& lexer) {
    for (const DefiningField& field : kDefiningFields) {
      if (field.keyword == keyword) return bind(field.space, lexer.peek());
    }
  }

  void bind(Space space, const Token& token) {
    const uint32_t index = next_index_[static_cast<size_t>(space)]++;
    if (!token.is(TokenKind::identifier)) return;
    IdentifierMap& ids = module_.space(space).ids;
    const std::string_view name =
        token.text[1] == '"' ? module_.strings.emplace_back(identifier_name(token)) : token.text.substr(1);
    if (ids.find(name) == IdentifierMap::kAbsent) ids.set(name, index);
  }

  void type_field(Lexer& lexer, const Token& open, bool is_group) {
    module_.type_fields.push_back({open, next_index_[static_cast<size_t>(Space::type)], std::nullopt});
    if (!is_group) return bind(Space::type, lexer.peek());
    while (lexer.peek().is(TokenKind::left_paren)) {
      if (lexer.peek_second().is_keyword("type")) {
        Lexer member = lexer;
        member.next();
        member.next();
        bind(Space::type, member.peek());
      }
      if (!lexer.skip_form()) return;
    }
  }

  /// A table's or memory's inline segments take an index of their own.
  void count_inline_segments(Lexer& lexer) {
    while (!lexer.peek().is(TokenKind::end) && !lexer.peek().is(TokenKind::right_paren)) {
      if (!lexer.peek().is(TokenKind::left_paren)) {
        lexer.next();
        continue;
      }
      const Token keyword = lexer.peek_second();
      if (keyword.is_keyword("elem")) ++next_index_[static_cast<size_t>(Space::element)];
      if (keyword.is_keyword("data")) ++next_index_[static_cast<size_t>(Space::data)];
      if (!lexer.skip_form()) return;
    }
  }

  ModuleState& module_;
  std::array<uint32_t, kSpaceCount> next_index_{};

 public:
  [[nodiscard]] uint32_t type_count() const { return next_index_[static_cast<size_t>(Space::type)]; }
};

}  // namespace

void scan_definitions(Lexer fields, ModuleState& module) {
  DefinitionScan scan(module);
  fields.expect_annotations_taken(false);
  while (fields.peek().is(TokenKind::left_paren)) {
    scan.field(fields);
    if (!fields.skip_form()) break;
  }
  module.types.set_explicit_count(scan.type_count());
}

uint32_t ModuleState::define(TokenStream& tokens, Space which, const Binding& binding) {
  IndexSpace& members = space(which);
  const uint32_t index = members.defined++;
  if (!binding.id.empty() && members.ids.find(binding.id) != index) {
    tokens.fail(binding.where, "duplicate " + std::string(kSpaceWords[static_cast<size_t>(which)].keyword) +
                                   " $" + std::string(binding.id));
  }
  if (!binding.name.empty()) members.names.push_back({index, binding.name});
  return index;
}

uint32_t ModuleState::parse_index(TokenStream& tokens, Space which) {
  if (!tokens.at(TokenKind::identifier)) return static_cast<uint32_t>(tokens.expect_unsigned(32));
  const Token token = tokens.next();
  const uint32_t index = space(which).ids.find(tokens.name_of(token));
  if (index == IdentifierMap::kAbsent) {
    tokens.fail(token, "unknown " + std::string(kSpaceWords[static_cast<size_t>(which)].noun) + " " +
                           std::string(token.text));
  }
  return index;
}

bool at_index(TokenStream& tokens) {
  return tokens.at(TokenKind::identifier) || tokens.at(TokenKind::integer);
}

bool second_is_index(TokenStream& tokens) {
  return tokens.peek_second().is(TokenKind::identifier) || tokens.peek_second().is(TokenKind::integer);
}

}  // namespace heddle::engine
