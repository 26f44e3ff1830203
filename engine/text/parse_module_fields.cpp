// SPDX-License-Identifier: Apache-2.0
// ModuleParser: imports, exports, functions, globals, tags, and the module around them.
#include "engine/text/parse_module_fields.h"

#include <algorithm>

namespace heddle::engine {

const ModuleParser::FieldRow ModuleParser::kFields[] = {
    {"func", &ModuleParser::function_field}, {"type", &ModuleParser::type_field},
    {"rec", &ModuleParser::type_field},      {"import", &ModuleParser::import_field},
    {"export", &ModuleParser::export_field}, {"table", &ModuleParser::table_field},
    {"memory", &ModuleParser::memory_field}, {"global", &ModuleParser::global_field},
    {"tag", &ModuleParser::tag_field},       {"elem", &ModuleParser::element_field},
    {"data", &ModuleParser::data_field},     {"start", &ModuleParser::start_field},
};

void ModuleParser::module() {
  const Binding binding = tokens_.parse_binding("module");
  module_.module_name = binding.name;
  fields();
}

void ModuleParser::fields() {
  tokens_.peek();
  module_annotations();
  scan_definitions(tokens_.lexer(), module_);
  parse_types();
  while (tokens_.at(TokenKind::left_paren)) {
    field();
    tokens_.peek();
    if (tokens_.lexer().has_annotations()) module_annotations();
  }
  if (!tokens_.at(TokenKind::end) && !tokens_.at(TokenKind::right_paren)) tokens_.unexpected(tokens_.peek());
}

/// Types first: uses of function types may stand before their definitions. An error in one is reported when
/// the walk through the fields reaches it, so that the first error of the text wins.
void ModuleParser::parse_types() {
  for (TypeField& field : module_.type_fields) {
    const Token& start = field.start;
    Lexer lexer = tokens_.lexer().section(start.offset, tokens_.lexer().source().size(), start.line,
                                          start.offset - (start.column - 1));
    TokenStream tokens(std::move(lexer), module_.strings);
    TypeParser(module_, tokens).type_field(field.first_index);
    if (tokens.failed()) field.error = tokens.error();
  }
}

void ModuleParser::field() {
  const Token keyword = tokens_.peek_second();
  const auto* row = std::find_if(std::begin(kFields), std::end(kFields),
                                 [&keyword](const FieldRow& r) { return keyword.is_keyword(r.keyword); });
  if (row == std::end(kFields)) {
    tokens_.next();
    return tokens_.unexpected(tokens_.next());
  }
  if (row->parse == &ModuleParser::type_field) return type_field();
  tokens_.next();
  tokens_.next();
  (this->*row->parse)();
  tokens_.expect_close();
}

/// The field has been parsed by parse_types().
void ModuleParser::type_field() {
  if (type_fields_seen_ >= module_.type_fields.size()) return tokens_.unexpected(tokens_.peek_second());
  const TypeField& field = module_.type_fields[type_fields_seen_++];
  if (field.error) return tokens_.lexer().fail(*field.error);
  tokens_.lexer().skip_form();
}

void ModuleParser::inline_exports(ExternKind kind, uint32_t index) {
  while (tokens_.accept_open("export")) {
    ByteWriter& out = module_.sections.entries(SectionCode::export_);
    out.sized(tokens_.expect_name());
    out.byte(static_cast<uint8_t>(kind));
    out.unsigned_leb(index);
    module_.sections.count_entry(SectionCode::export_);
    tokens_.expect_close();
  }
}

/// (import "module" "name") of a definition's own: writes the names.
bool ModuleParser::inline_import() {
  const Token where = tokens_.peek();
  if (!tokens_.accept_open("import")) return false;
  check_import_order(where);
  ByteWriter& out = module_.sections.entries(SectionCode::import);
  out.sized(tokens_.expect_name());
  out.sized(tokens_.expect_name());
  module_.sections.count_entry(SectionCode::import);
  tokens_.expect_close();
  return true;
}

void ModuleParser::check_import_order(const Token& where) {
  if (!last_definition_.empty()) tokens_.fail(where, "import after " + std::string(last_definition_));
}

void ModuleParser::import_field() {
  check_import_order(tokens_.peek());
  ByteWriter& out = module_.sections.entries(SectionCode::import);
  out.sized(tokens_.expect_name());
  out.sized(tokens_.expect_name());
  tokens_.expect(TokenKind::left_paren);
  const Token keyword = tokens_.next();
  constexpr Space kSpaces[] = {Space::function, Space::table, Space::memory, Space::global, Space::tag};
  for (size_t kind = 0; kind < std::size(kSpaces); ++kind) {
    const SpaceWords words = kSpaceWords[static_cast<size_t>(kSpaces[kind])];
    if (!keyword.is_keyword(words.keyword)) continue;
    const uint32_t index = module_.define(tokens_, kSpaces[kind], tokens_.parse_binding(words.keyword));
    if (kSpaces[kind] == Space::function) {
      function_import(index);
    } else {
      import_description(static_cast<ExternKind>(kind));
    }
    module_.sections.count_entry(SectionCode::import);
    return tokens_.expect_close();
  }
  tokens_.unexpected(keyword);
}

/// Kind and type of an import that is not a function.
void ModuleParser::import_description(ExternKind kind) {
  ByteWriter& out = module_.sections.entries(SectionCode::import);
  out.byte(static_cast<uint8_t>(kind));
  switch (kind) {
    case ExternKind::function: return;
    case ExternKind::table: return table_type(out);
    case ExternKind::memory: return memory_type(out);
    case ExternKind::global: {
      ValueType type;
      const uint8_t is_mutable = types_.global_type(type);
      write_value_type(out, type);
      return out.byte(is_mutable);
    }
    case ExternKind::tag: out.byte(0); return out.unsigned_leb(types_.type_use(nullptr).index);
  }
}

/// Kind and type of a function's import: typeuse or (exact typeuse).
void ModuleParser::function_import(uint32_t index) {
  constexpr uint8_t kFunction = 0x00, kExactFunction = 0x20;
  std::vector<Binding> bindings;
  const bool is_exact = tokens_.accept_open("exact");
  const TypeUse use = types_.type_use(&bindings);
  if (is_exact) tokens_.expect_close();
  instructions_.begin_function(index);
  for (uint32_t i = 0; i < bindings.size(); ++i) instructions_.define_local(bindings[i], i);
  ByteWriter& out = module_.sections.entries(SectionCode::import);
  out.byte(is_exact ? kExactFunction : kFunction);
  out.unsigned_leb(use.index);
}

void ModuleParser::export_field() {
  ByteWriter& out = module_.sections.entries(SectionCode::export_);
  out.sized(tokens_.expect_name());
  tokens_.expect(TokenKind::left_paren);
  const Token keyword = tokens_.next();
  constexpr Space kSpaces[] = {Space::function, Space::table, Space::memory, Space::global, Space::tag};
  for (size_t kind = 0; kind < std::size(kSpaces); ++kind) {
    if (!keyword.is_keyword(kSpaceWords[static_cast<size_t>(kSpaces[kind])].keyword)) continue;
    out.byte(static_cast<uint8_t>(kind));
    out.unsigned_leb(module_.parse_index(tokens_, kSpaces[kind]));
    module_.sections.count_entry(SectionCode::export_);
    return tokens_.expect_close();
  }
  tokens_.unexpected(keyword);
}

void ModuleParser::start_field() {
  if (module_.sections.has_start()) return tokens_.fail(tokens_.peek(), "multiple start sections");
  module_.sections.set_start(module_.parse_index(tokens_, Space::function));
}

void ModuleParser::function_field() {
  const uint32_t index = module_.define(tokens_, Space::function, tokens_.parse_binding("func"));
  inline_exports(ExternKind::function, index);
  if (inline_import()) return function_import(index);
  std::vector<Binding> bindings;
  const TypeUse use = types_.type_use(&bindings);
  module_.sections.entries(SectionCode::function).unsigned_leb(use.index);
  module_.sections.count_entry(SectionCode::function);
  instructions_.begin_function(index);
  for (uint32_t i = 0; i < bindings.size(); ++i) instructions_.define_local(bindings[i], i);
  body_.clear();
  function_locals(use.parameter_count);
  instructions_.function_body(body_);
  module_.sections.entries(SectionCode::code).sized(body_.bytes());
  module_.sections.count_entry(SectionCode::code);
  last_definition_ = "function";
}

/// (local ...)*, written as runs of equal types.
void ModuleParser::function_locals(uint32_t parameter_count) {
  uint32_t next_index = parameter_count;
  uint32_t runs = 0;
  uint32_t run_length = 0;
  ValueType run_type;
  ByteWriter locals;
  const auto end_run = [&] {
    if (run_length == 0) return;
    locals.unsigned_leb(run_length);
    write_value_type(locals, run_type);
    ++runs;
  };
  while (tokens_.accept_open("local")) {
    const Binding binding = tokens_.parse_binding("local");
    bool single = !binding.id.empty();
    if (single) instructions_.define_local(binding, next_index);
    while (single || !tokens_.at(TokenKind::right_paren)) {
      if (tokens_.failed() || tokens_.at(TokenKind::end)) return tokens_.expect_close();
      const ValueType type = types_.value_type();
      if (run_length == 0 || type != run_type) {
        end_run();
        run_type = type;
        run_length = 0;
      }
      ++run_length;
      ++next_index;
      if (single) break;
    }
    tokens_.expect_close();
  }
  end_run();
  body_.unsigned_leb(runs);
  body_.append(locals.bytes());
}

void ModuleParser::global_field() {
  const uint32_t index = module_.define(tokens_, Space::global, tokens_.parse_binding("global"));
  inline_exports(ExternKind::global, index);
  if (inline_import()) return import_description(ExternKind::global);
  ByteWriter& out = module_.sections.entries(SectionCode::global);
  ValueType type;
  const uint8_t is_mutable = types_.global_type(type);
  write_value_type(out, type);
  out.byte(is_mutable);
  instructions_.expression(out);
  module_.sections.count_entry(SectionCode::global);
  last_definition_ = "global";
}

void ModuleParser::tag_field() {
  const uint32_t index = module_.define(tokens_, Space::tag, tokens_.parse_binding("tag"));
  inline_exports(ExternKind::tag, index);
  const bool is_import = inline_import();
  std::vector<Binding> ignored;
  const uint32_t type = types_.type_use(&ignored).index;
  ByteWriter& out = module_.sections.entries(is_import ? SectionCode::import : SectionCode::tag);
  if (is_import) out.byte(static_cast<uint8_t>(ExternKind::tag));
  out.byte(0);
  out.unsigned_leb(type);
  if (is_import) return;
  module_.sections.count_entry(SectionCode::tag);
  last_definition_ = "tag";
}

}  // namespace heddle::engine
