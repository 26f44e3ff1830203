// SPDX-License-Identifier: Apache-2.0
// The assembler's entry points: whole files, and module forms of scripts.
#include "engine/text/assembler.h"

#include "engine/text/name_section.h"
#include "engine/text/parse_module_fields.h"

namespace heddle::engine {

namespace {

/// Joins the sections of a module whose text has been parsed.
Result<std::vector<uint8_t>> finish(ModuleParser& parser, const AssembleOptions& options) {
  if (parser.tokens().failed()) return parser.tokens().error();
  ModuleState& module = parser.state();
  module.sections.entries(SectionCode::type).append(module.types.appended_bytes());
  module.sections.count_entry(SectionCode::type, module.types.appended_count());
  std::vector<uint8_t> hints = encode_branch_hints(module);
  if (!hints.empty()) {
    size_t code_rank = 0;
    while (kSectionOrder[code_rank].code != SectionCode::code) ++code_rank;
    module.sections.add_custom({code_rank, true}, "metadata.code.branch_hint", std::move(hints));
  }
  const std::vector<uint8_t> names = options.emit_names ? encode_names(module) : std::vector<uint8_t>();
  return module.sections.finish(names);
}

/// Bare fields to the end of the lexer.
Result<std::vector<uint8_t>> assemble_fields(const Lexer& lexer, const AssembleOptions& options) {
  ModuleParser parser(lexer);
  parser.fields();
  parser.tokens().expect_end();
  return finish(parser, options);
}

/// Behind "(module" and, if `form.id`, before the identifier: fields and the closing parenthesis.
Result<std::vector<uint8_t>> assemble_text(const Lexer& lexer, const AssembleOptions& options) {
  ModuleParser parser(lexer);
  parser.module();
  parser.tokens().expect_close();
  parser.tokens().expect_end();
  return finish(parser, options);
}

bool at_module(Lexer& lexer) {
  return lexer.peek().is(TokenKind::left_paren) && lexer.peek_second().is_keyword("module");
}

/// The bytes of "..."* and the form's closing parenthesis.
Result<std::string> read_strings(Lexer& lexer) {
  std::string bytes;
  while (lexer.peek().is(TokenKind::string)) bytes += decode_string(lexer.next());
  const Token close = lexer.next();
  if (!lexer.failed() && !close.is(TokenKind::right_paren)) {
    lexer.fail(close, "unexpected token " + std::string(close.text.substr(0, 80)));
  }
  if (lexer.failed()) return lexer.error();
  return bytes;
}

/// What (module quote "...") quotes: a module form or fields, but no further quotation.
Result<std::vector<uint8_t>> assemble_quoted(std::string_view source, const AssembleOptions& options) {
  Lexer lexer(source);
  if (!at_module(lexer)) return assemble_fields(lexer, options);
  Lexer behind = lexer;
  behind.next();
  behind.next();
  return assemble_text(behind, options);
}

/// The inside of a form that is known to be balanced.
Result<std::vector<uint8_t>> assemble_form(Lexer lexer, ModuleForm& form, const AssembleOptions& options) {
  lexer.next();
  lexer.next();
  if (lexer.peek().is_keyword("definition")) {
    form.is_definition = true;
    lexer.next();
  }
  Lexer at_binding = lexer;
  if (lexer.peek().is(TokenKind::identifier)) form.id = identifier_name(lexer.next());
  const Token kind = lexer.peek();
  if (kind.is_keyword("binary")) form.kind = ModuleForm::Kind::binary;
  if (kind.is_keyword("quote")) form.kind = ModuleForm::Kind::quote;
  if (form.kind == ModuleForm::Kind::text) return assemble_text(at_binding, options);
  lexer.next();
  Result<std::string> bytes = read_strings(lexer);
  if (!bytes) return std::move(bytes).error();
  if (form.kind == ModuleForm::Kind::quote) return assemble_quoted(*bytes, options);
  return std::vector<uint8_t>(bytes->begin(), bytes->end());
}

}  // namespace

Result<ModuleForm> parse_module_form(Lexer& lexer, const AssembleOptions& options) {
  ModuleForm form;
  form.line = lexer.peek().line;
  const Lexer inside = lexer.take_form();
  if (lexer.failed()) return lexer.error();
  Result<std::vector<uint8_t>> bytes = assemble_form(inside, form, options);
  if (bytes) {
    form.bytes = std::move(bytes).value();
  } else {
    form.error = std::move(bytes).error();
  }
  return form;
}

Result<std::vector<uint8_t>> assemble(std::string_view source, const AssembleOptions& options) {
  Lexer lexer(source);
  if (!at_module(lexer)) return assemble_fields(lexer, options);
  Lexer rest = lexer;
  Result<ModuleForm> form = parse_module_form(rest, options);
  if (!form) return form.error();
  if (form->error) return std::move(*form->error);
  const Token behind = rest.next();
  if (rest.failed()) return rest.error();
  if (!behind.is(TokenKind::end)) {
    return rest.error_at(behind, "unexpected token " + std::string(behind.text.substr(0, 80)));
  }
  return std::move(form->bytes);
}

}  // namespace heddle::engine
