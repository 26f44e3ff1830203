// SPDX-License-Identifier: Apache-2.0
// TypeParser: definitions of types: recursion groups, subtypes, structs and arrays. (Spec 6.4.3)
#include "engine/text/parse_types.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kDescribes = 0x4c;
constexpr uint8_t kDescriptor = 0x4d;
constexpr uint8_t kGroup = 0x4e;
constexpr uint8_t kSubtypeFinal = 0x4f;
constexpr uint8_t kSubtype = 0x50;
constexpr uint8_t kArray = 0x5e;
constexpr uint8_t kStruct = 0x5f;

}  // namespace

void TypeParser::type_field(uint32_t first_index) {
  ModuleSections& sections = module_.sections;
  tokens_.expect(TokenKind::left_paren);
  if (tokens_.accept_keyword("type")) {
    type_definition(first_index, true);
  } else {
    tokens_.next();  // rec
    uint32_t members = 0;
    for (TokenStream ahead(tokens_.lexer(), module_.strings); ahead.at_open("type"); ++members) {
      if (!ahead.lexer().skip_form()) break;
    }
    ByteWriter& out = sections.entries(SectionCode::type);
    out.byte(kGroup);
    out.unsigned_leb(members);
    for (uint32_t i = 0; i < members; ++i) {
      tokens_.expect_open("type");
      type_definition(first_index + i, members == 1);
    }
    tokens_.expect_close();
  }
  sections.count_entry(SectionCode::type);
}

/// Behind "(type": binding, definition and closing parenthesis. `alone`: the only member of its group.
void TypeParser::type_definition(uint32_t index, bool alone) {
  module_.space(Space::type).defined = index;
  module_.define(tokens_, Space::type, tokens_.parse_binding("type"));
  ByteWriter& out = module_.sections.entries(SectionCode::type);
  if (tokens_.accept_open("sub")) {
    const bool is_final = tokens_.accept_keyword("final");
    std::vector<uint32_t> supertypes;
    while (at_index(tokens_)) supertypes.push_back(module_.parse_index(tokens_, Space::type));
    out.byte(is_final ? kSubtypeFinal : kSubtype);
    out.unsigned_leb(supertypes.size());
    for (const uint32_t supertype : supertypes) out.unsigned_leb(supertype);
    alone = !descriptor_clauses() && alone;
    composite_type(index, alone && is_final && supertypes.empty());
    tokens_.expect_close();
  } else {
    alone = !descriptor_clauses() && alone;
    composite_type(index, alone);
  }
  tokens_.expect_close();
}

/// (describes x)? (descriptor x)?; true if there is one.
bool TypeParser::descriptor_clauses() {
  ByteWriter& out = module_.sections.entries(SectionCode::type);
  const auto clause = [&](std::string_view keyword, uint8_t code) {
    if (!tokens_.accept_open(keyword)) return false;
    out.byte(code);
    out.unsigned_leb(module_.parse_index(tokens_, Space::type));
    tokens_.expect_close();
    return true;
  };
  const bool describes = clause("describes", kDescribes);
  return clause("descriptor", kDescriptor) || describes;
}

void TypeParser::composite_type(uint32_t index, bool plain) {
  ByteWriter& out = module_.sections.entries(SectionCode::type);
  tokens_.expect(TokenKind::left_paren);
  const Token keyword = tokens_.next();
  if (keyword.is_keyword("func")) {
    std::vector<Binding> ignored;
    signature(scratch_, &ignored);
    if (tokens_.failed()) return;
    write_function_type(out, scratch_);
    module_.types.define_function(index, scratch_, plain);
  } else if (keyword.is_keyword("struct")) {
    out.byte(kStruct);
    struct_fields(index);
  } else if (keyword.is_keyword("array")) {
    out.byte(kArray);
    field_type(out);
  } else {
    tokens_.unexpected(keyword);
  }
  tokens_.expect_close();
}

void TypeParser::struct_fields(uint32_t index) {
  ByteWriter fields;
  uint32_t count = 0;
  while (tokens_.accept_open("field")) {
    const Binding binding = tokens_.parse_binding("field");
    if (!binding.id.empty()) {
      if (module_.field_ids.find(binding.id, index) != IdentifierMap::kAbsent) {
        tokens_.fail(binding.where, "duplicate field $" + std::string(binding.id));
      }
      module_.field_ids.set(binding.id, count, index);
      module_.field_names.push_back({index, count, binding.name});
      field_type(fields);
      ++count;
      tokens_.expect_close();
      continue;
    }
    if (!binding.name.empty()) module_.field_names.push_back({index, count, binding.name});
    while (!tokens_.accept(TokenKind::right_paren)) {
      if (tokens_.failed() || tokens_.at(TokenKind::end)) return tokens_.expect_close();
      field_type(fields);
      ++count;
    }
  }
  ByteWriter& out = module_.sections.entries(SectionCode::type);
  out.unsigned_leb(count);
  out.append(fields.bytes());
}

void TypeParser::field_type(ByteWriter& out) {
  const bool is_mutable = tokens_.accept_open("mut");
  write_value_type(out, storage_type());
  if (is_mutable) tokens_.expect_close();
  out.byte(is_mutable ? 1 : 0);
}

}  // namespace heddle::engine
