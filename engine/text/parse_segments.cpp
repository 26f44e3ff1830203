// SPDX-License-Identifier: Apache-2.0
// ModuleParser: tables and memories, and the element and data segments that fill them. (Spec 6.6.7 to 6.6.12)
#include "engine/text/parse_module_fields.h"

namespace heddle::engine {

namespace {

constexpr uint64_t kDefaultPageSizeLog2 = 16;

/// i32.const 0 or i64.const 0, and end.
void write_zero_offset(ByteWriter& out, bool is64) {
  out.opcode(is64 ? Opcode::i64_const : Opcode::i32_const);
  out.byte(0);
  out.opcode(Opcode::end);
}

}  // namespace

/// addrtype? limits reftype
void ModuleParser::table_type(ByteWriter& out) {
  Limits limits;
  limits.is64 = types_.accept_address_type();
  types_.limits(limits);
  write_value_type(out, types_.reference_type());
  write_limits(out, limits);
}

/// addrtype? limits (pagesize n)?
void ModuleParser::memory_type(ByteWriter& out) {
  Limits limits;
  limits.is64 = types_.accept_address_type();
  types_.limits(limits);
  types_.page_size(limits);
  write_limits(out, limits);
}

void ModuleParser::table_field() {
  const uint32_t index = module_.define(tokens_, Space::table, tokens_.parse_binding("table"));
  inline_exports(ExternKind::table, index);
  if (inline_import()) return import_description(ExternKind::table);
  last_definition_ = "table";
  Limits limits;
  limits.is64 = types_.accept_address_type();
  if (!tokens_.at(TokenKind::integer)) return table_with_elements(index, limits.is64);
  types_.limits(limits);
  const ValueType type = types_.reference_type();
  ByteWriter& out = module_.sections.entries(SectionCode::table);
  const bool has_initializer = !tokens_.at(TokenKind::right_paren);
  constexpr uint8_t kWithInitializer[] = {0x40, 0x00};
  if (has_initializer) out.append(kWithInitializer);
  write_value_type(out, type);
  write_limits(out, limits);
  if (has_initializer) instructions_.expression(out);
  module_.sections.count_entry(SectionCode::table);
}

/// reftype (elem ...): the table is as large as its elements are many.
void ModuleParser::table_with_elements(uint32_t index, bool is64) {
  const ValueType type = types_.reference_type();
  ElementSegment segment;
  segment.mode = ElementSegment::Mode::active;
  segment.table = index;
  segment.names_table = index != 0;
  segment.type = type;
  tokens_.expect_open("elem");
  write_zero_offset(segment.offset, is64);
  const bool of_functions = type.is_ref() && type.heap() == HeapType(HeapType::Kind::func);
  segment.has_expressions = !at_index(tokens_) || !of_functions;
  if (at_index(tokens_)) {
    element_functions(segment);
  } else {
    element_expressions(segment);
  }
  tokens_.expect_close();
  module_.define(tokens_, Space::element, {});
  write_element_segment(segment);
  Limits limits;
  limits.is64 = is64;
  limits.least = segment.count;
  limits.most = segment.count;
  ByteWriter& out = module_.sections.entries(SectionCode::table);
  write_value_type(out, type);
  write_limits(out, limits);
  module_.sections.count_entry(SectionCode::table);
}

void ModuleParser::memory_field() {
  const uint32_t index = module_.define(tokens_, Space::memory, tokens_.parse_binding("memory"));
  inline_exports(ExternKind::memory, index);
  if (inline_import()) return import_description(ExternKind::memory);
  last_definition_ = "memory";
  Limits limits;
  limits.is64 = types_.accept_address_type();
  if (tokens_.at(TokenKind::integer)) {
    types_.limits(limits);
    types_.page_size(limits);
    write_limits(module_.sections.entries(SectionCode::memory), limits);
  } else {
    types_.page_size(limits);
    memory_with_data(index, limits);
  }
  module_.sections.count_entry(SectionCode::memory);
}

/// (data "..."*): the memory has just the pages that hold them.
void ModuleParser::memory_with_data(uint32_t index, Limits limits) {
  tokens_.expect_open("data");
  std::string bytes;
  while (tokens_.at(TokenKind::string)) bytes += tokens_.expect_string();
  tokens_.expect_close();
  const uint64_t log2 = limits.page_size_log2.value_or(kDefaultPageSizeLog2);
  const uint64_t pages =
      log2 >= 64 ? 1 : (bytes.size() >> log2) + ((bytes.size() & ((1ull << log2) - 1)) != 0);
  limits.least = pages;
  limits.most = pages;
  write_limits(module_.sections.entries(SectionCode::memory), limits);
  module_.define(tokens_, Space::data, {});
  ByteWriter& out = module_.sections.entries(SectionCode::data);
  out.unsigned_leb(index == 0 ? 0 : 2);
  if (index != 0) out.unsigned_leb(index);
  write_zero_offset(out, limits.is64);
  out.sized(bytes);
  module_.sections.count_entry(SectionCode::data);
}

/// (offset instr*), or one folded instruction.
void ModuleParser::offset_expression(ByteWriter& out) {
  if (!tokens_.accept_open("offset")) return instructions_.folded_expression(out);
  instructions_.expression(out);
  tokens_.expect_close();
}

void ModuleParser::data_field() {
  module_.define(tokens_, Space::data, tokens_.parse_binding("data"));
  ByteWriter& out = module_.sections.entries(SectionCode::data);
  constexpr uint8_t kActive = 0, kPassive = 1, kActiveInMemory = 2;
  if (tokens_.accept_open("memory")) {
    out.byte(kActiveInMemory);
    out.unsigned_leb(module_.parse_index(tokens_, Space::memory));
    tokens_.expect_close();
    offset_expression(out);
  } else if (tokens_.at(TokenKind::integer)) {  // as older texts have it
    out.byte(kActiveInMemory);
    out.unsigned_leb(module_.parse_index(tokens_, Space::memory));
    offset_expression(out);
  } else if (tokens_.at(TokenKind::left_paren)) {
    out.byte(kActive);
    offset_expression(out);
  } else {
    out.byte(kPassive);
  }
  std::string bytes;
  while (tokens_.at(TokenKind::string)) bytes += tokens_.expect_string();
  out.sized(bytes);
  module_.sections.count_entry(SectionCode::data);
}

void ModuleParser::element_field() {
  module_.define(tokens_, Space::element, tokens_.parse_binding("elem"));
  ElementSegment segment;
  if (tokens_.accept_keyword("declare")) {
    segment.mode = ElementSegment::Mode::declarative;
  } else if (tokens_.accept_open("table")) {
    segment.mode = ElementSegment::Mode::active;
    segment.names_table = true;
    segment.table = module_.parse_index(tokens_, Space::table);
    tokens_.expect_close();
    offset_expression(segment.offset);
  } else if (tokens_.at(TokenKind::integer)) {  // as older texts have it
    segment.mode = ElementSegment::Mode::active;
    segment.names_table = true;
    segment.table = module_.parse_index(tokens_, Space::table);
    offset_expression(segment.offset);
  } else if (tokens_.at(TokenKind::left_paren) && !tokens_.at_open("ref")) {
    segment.mode = ElementSegment::Mode::active;
    offset_expression(segment.offset);
  }
  element_list(segment);
  write_element_segment(segment);
}

/// `func` and indices, or a reference type and expressions; `func` may be left out of active segments.
void ModuleParser::element_list(ElementSegment& segment) {
  const bool may_be_bare = segment.mode == ElementSegment::Mode::active;
  if (tokens_.accept_keyword("func") ||
      (may_be_bare && (at_index(tokens_) || tokens_.at(TokenKind::right_paren)))) {
    return element_functions(segment);
  }
  segment.type = types_.reference_type();
  segment.has_expressions = true;
  element_expressions(segment);
}

/// Function indices, which are written as ref.func expressions if the segment has expressions.
void ModuleParser::element_functions(ElementSegment& segment) {
  for (; at_index(tokens_); ++segment.count) {
    if (segment.has_expressions) segment.items.opcode(Opcode::ref_func);
    segment.items.unsigned_leb(module_.parse_index(tokens_, Space::function));
    if (segment.has_expressions) segment.items.opcode(Opcode::end);
  }
}

void ModuleParser::element_expressions(ElementSegment& segment) {
  for (; tokens_.at(TokenKind::left_paren); ++segment.count) {
    if (!tokens_.accept_open("item")) {
      instructions_.folded_expression(segment.items);
      continue;
    }
    instructions_.expression(segment.items);
    tokens_.expect_close();
  }
}

void ModuleParser::write_element_segment(const ElementSegment& segment) {
  constexpr uint8_t kNotActive = 1, kExplicit = 2, kExpressions = 4;
  const bool active = segment.mode == ElementSegment::Mode::active;
  const bool typed_form = segment.has_expressions && segment.type != ValueType::funcref();
  const bool is_explicit =
      active ? segment.names_table || typed_form : segment.mode == ElementSegment::Mode::declarative;
  ByteWriter& out = module_.sections.entries(SectionCode::element);
  out.byte(static_cast<uint8_t>((active ? 0 : kNotActive) | (is_explicit ? kExplicit : 0) |
                                (segment.has_expressions ? kExpressions : 0)));
  if (active && is_explicit) out.unsigned_leb(segment.table);
  out.append(segment.offset.bytes());
  if (!active || is_explicit) {
    if (segment.has_expressions) {
      write_value_type(out, segment.type);
    } else {
      out.byte(0);  // the kind of elements: functions
    }
  }
  out.unsigned_leb(segment.count);
  out.append(segment.items.bytes());
  module_.sections.count_entry(SectionCode::element);
}

}  // namespace heddle::engine
