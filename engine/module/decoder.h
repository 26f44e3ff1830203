// SPDX-License-Identifier: Apache-2.0
// Decoder: one pass over a binary module, section by section, that fills a ModuleImage.
//
// Internal to engine/module. Errors stick to the section's Cursor; decode_* functions return early once it
// failed. What can be said without looking at other sections is checked here (grammar, limits, type indices,
// since the image holds canonical types); the rest is validation's. (Spec 5.5)
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/binary/instruction_reader.h"
#include "engine/module/module.h"

namespace heddle::engine {

class Decoder {
 public:
  /// `bytes` must outlive the image, unless they are those of `storage`, which the image takes over.
  Decoder(std::span<const uint8_t> bytes, std::vector<uint8_t> storage, TypeRegistry& registry,
          const DecodeLimits& limits);

  /// REQUIRES: called once.
  [[nodiscard]] Result<std::unique_ptr<ModuleImage>> decode();

 private:
  struct Section;
  static const Section kSections[];

  // decoder.cpp
  void read_header(Cursor& cursor);
  [[nodiscard]] Result<void> read_section(Cursor& cursor);
  [[nodiscard]] Result<void> check_lengths(uint64_t end) const;
  /// Bodies are only delimited, so an error behind them may be the consequence of one in them: the first by
  /// position is the one to report.
  [[nodiscard]] Error earliest(Error error) const;
  void sort_exports();

  // decode_types.cpp: the type section, and types in other places
  void decode_types(Cursor& cursor);
  void read_rec_group(Cursor& cursor);
  TypeDefinition read_sub_type(Cursor& cursor);
  uint8_t read_clause(Cursor& cursor, uint32_t& type);
  void read_composite(Cursor& cursor, uint8_t form, TypeDefinition& definition);
  void read_value_types(Cursor& cursor, uint32_t limit, std::vector<ValueType>& types);
  FieldType read_field(Cursor& cursor);
  void register_group(Cursor& cursor, std::vector<TypeDefinition> group,
                      const std::vector<uint64_t>& offsets);
  [[nodiscard]] static const char* descriptor_fault(const std::vector<TypeDefinition>& group, uint32_t first,
                                                    uint32_t member);
  bool check_numbers(Cursor& cursor, const TypeDefinition& definition, uint32_t own_index, uint32_t end,
                     uint64_t offset);
  /// Raw to canonical; "unknown type" if it names one that the type section lacks.
  ValueType canonical(Cursor& cursor, ValueType raw, uint64_t offset);
  ValueType read_canonical(Cursor& cursor, ValueType (Cursor::*read)());
  /// A type index that must name a function type.
  TypeId read_function_type(Cursor& cursor);

  // decode_sections.cpp: the other sections
  void decode_custom(Cursor& cursor);
  void decode_imports(Cursor& cursor);
  void decode_functions(Cursor& cursor);
  void decode_tables(Cursor& cursor);
  void decode_memories(Cursor& cursor);
  void decode_tags(Cursor& cursor);
  void decode_globals(Cursor& cursor);
  void decode_exports(Cursor& cursor);
  void decode_start(Cursor& cursor);
  void decode_elements(Cursor& cursor);
  void decode_data_count(Cursor& cursor);
  void decode_code(Cursor& cursor);
  void decode_data(Cursor& cursor);
  void read_import(Cursor& cursor, Import& import);
  void read_element_segment(Cursor& cursor, InstructionReader& reader, ElementSegment& segment);
  void read_element_items(Cursor& cursor, InstructionReader& reader, ElementSegment& segment);
  TableType read_table_type(Cursor& cursor);
  MemoryType read_memory_type(Cursor& cursor);
  GlobalType read_global_type(Cursor& cursor);
  TagType read_tag_type(Cursor& cursor);
  Limits read_limits(Cursor& cursor, uint8_t flags);
  ConstantExpression read_expression(Cursor& cursor, InstructionReader& reader);
  /// Fails with ErrorKind::limit if `count` exceeds `limit`.
  static bool within(Cursor& cursor, uint64_t count, uint32_t limit, const char* what);

  TypeRegistry& registry_;
  DecodeLimits limits_;
  std::unique_ptr<ModuleImage> module_;
  uint32_t last_rank_ = 0;   ///< of the last section that was not custom
  uint32_t bodies_ = 0;      ///< entries of the code section
  Instruction instruction_;  ///< reused by read_expression
};

/// Reads the contents of a "name" section. Malformed ones are ignored as far as they are malformed: names are
/// only for people. (Spec appendix "name section")
void decode_names(ModuleImage& module, ByteRange contents);

}  // namespace heddle::engine
