// SPDX-License-Identifier: Apache-2.0
// ModuleParser: the fields of a module, in one pass over the text, to sections. (Spec 6.6)
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/text/module_state.h"
#include "engine/text/parse_instructions.h"
#include "engine/text/parse_types.h"

namespace heddle::engine {

class ModuleParser {
 public:
  /// `lexer` is at the first field (or the binding of a module in parentheses, see module()).
  explicit ModuleParser(const Lexer& lexer)
      : tokens_(lexer, module_.strings), types_(module_, tokens_), instructions_(module_, tokens_, types_) {}

  /// At the binding behind "(module": everything up to the closing parenthesis, which stays.
  void module();
  /// Bare fields, up to the end of the text or a closing parenthesis.
  void fields();

  TokenStream& tokens() { return tokens_; }
  ModuleState& state() { return module_; }

 private:
  enum class ExternKind : uint8_t { function = 0, table = 1, memory = 2, global = 3, tag = 4 };
  struct ElementSegment {
    enum class Mode : uint8_t { active, passive, declarative } mode = Mode::passive;
    bool names_table = false;
    uint32_t table = 0;
    bool has_expressions = false;
    ValueType type = ValueType::funcref();
    ByteWriter offset;
    ByteWriter items;
    uint32_t count = 0;
  };
  using FieldParser = void (ModuleParser::*)();
  struct FieldRow {
    std::string_view keyword;
    FieldParser parse;
  };
  static const FieldRow kFields[];

  void parse_types();
  void field();
  void module_annotations();
  void custom_section(const Annotation& annotation);
  bool custom_placement(Lexer& contents, CustomPlacement& placement);

  void type_field();
  void import_field();
  void export_field();
  void start_field();
  void function_field();
  void table_field();
  void memory_field();
  void global_field();
  void tag_field();
  void element_field();
  void data_field();

  void inline_exports(ExternKind kind, uint32_t index);
  bool inline_import();
  void import_description(ExternKind kind);
  void check_import_order(const Token& where);
  void function_import(uint32_t index);
  void table_type(ByteWriter& out);
  void memory_type(ByteWriter& out);

  void function_locals(uint32_t parameter_count);
  void table_with_elements(uint32_t index, bool is64);
  void memory_with_data(uint32_t index, Limits limits);
  void offset_expression(ByteWriter& out);
  void element_list(ElementSegment& segment);
  void element_expressions(ElementSegment& segment);
  void element_functions(ElementSegment& segment);
  void write_element_segment(const ElementSegment& segment);

  ModuleState module_;
  TokenStream tokens_;
  TypeParser types_;
  InstructionParser instructions_;
  std::string_view last_definition_;  ///< what was defined, not imported, last: no import may follow
  uint32_t type_fields_seen_ = 0;
  ByteWriter body_;
};

}  // namespace heddle::engine
