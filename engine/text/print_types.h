// SPDX-License-Identifier: Apache-2.0
// TypePrinter: types as text, and the function types that printing of uses and of folded calls needs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/binary/instruction_reader.h"
#include "engine/text/module_names.h"
#include "engine/text/text_writer.h"
#include "engine/text/type_table.h"

namespace heddle::engine {

class TypePrinter {
 public:
  TypePrinter(const ModuleNames& names, TextWriter& out) : names_(names), out_(out) {}

  /// The entries of the type section, one line each.
  void type_section(Cursor& cursor);

  void heap_type(HeapType type);
  void value_type(ValueType type);
  void type_index(uint32_t index);
  /// " (type x)" and, if it is a function type, " (param ...) (result ...)".
  void type_use(uint32_t index);
  /// The same for a function, whose parameters may have names.
  void function_type_use(uint32_t function, uint32_t index);
  /// Nothing, " (result t)" or a type use.
  void block_type(const BlockType& type);
  /// Limits as the table and memory types have them; the page size belongs to memories.
  void table_type(Cursor& cursor);
  void memory_type(Cursor& cursor);
  void global_type(Cursor& cursor);

  /// Of a struct type; 0 of others.
  [[nodiscard]] uint32_t field_count(uint32_t type) const {
    return type < types_.size() ? types_[type].fields : 0;
  }
  [[nodiscard]] uint32_t type_count() const { return static_cast<uint32_t>(types_.size()); }
  /// The function type of that index, or null.
  [[nodiscard]] const Signature* signature(uint32_t index) const;

 private:
  void type_definition(Cursor& cursor);
  void subtype(Cursor& cursor, uint32_t index);
  void descriptor_clauses(Cursor& cursor);
  void composite_type(Cursor& cursor, uint32_t index);
  void function_type(Cursor& cursor, Signature& signature);
  void struct_type(Cursor& cursor, uint32_t index);
  void field_type(Cursor& cursor);
  void value_types(std::string_view keyword, std::span<const ValueType> types);
  void limits(Cursor& cursor, std::string& page_size);

  const ModuleNames& names_;
  TextWriter& out_;
  struct Type {
    bool is_function = false;
    uint32_t fields = 0;  ///< of a struct
    Signature signature;
  };
  std::vector<Type> types_;
};

}  // namespace heddle::engine
