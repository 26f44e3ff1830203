// SPDX-License-Identifier: Apache-2.0
// TypeParser: value, reference, function and composite types, limits and type uses. (Spec 6.4)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/text/module_state.h"

namespace heddle::engine {

/// The type of a memory or table, but for a table's elements.
struct Limits {
  bool is64 = false;
  bool shared = false;
  uint64_t least = 0;
  std::optional<uint64_t> most;
  std::optional<uint8_t> page_size_log2;
};

/// A type use that has been resolved.
struct TypeUse {
  uint32_t index = 0;
  uint32_t parameter_count = 0;
  bool has_inline = false;  ///< parameters or results were written out
};

class TypeParser {
 public:
  TypeParser(ModuleState& module, TokenStream& tokens) : module_(module), tokens_(tokens) {}

  ValueType value_type();
  ValueType storage_type();
  ValueType reference_type();
  HeapType heap_type();
  /// valtype or (mut valtype); the flag is 1 for mutable.
  uint8_t global_type(ValueType& type);

  /// The limits behind the address type.
  void limits(Limits& limits);
  void page_size(Limits& limits);
  bool accept_address_type();  ///< true for i64

  /// (param ...)* (result ...)*. The parameters' bindings are collected if `bindings`; else they may have
  /// none.
  void signature(Signature& signature, std::vector<Binding>* bindings);
  /// (type x)? (param ...)* (result ...)*, and the type it stands for.
  TypeUse type_use(std::vector<Binding>* bindings);
  /// The same for a block, encoded: nothing and single results have a short form.
  void block_type(ByteWriter& out);

  /// A type or rec field, whose first type has index `first_index`.
  void type_field(uint32_t first_index);

 private:
  std::optional<ValueType> abbreviated_reference(std::string_view keyword);
  void value_type_list(std::vector<ValueType>& types);
  void type_definition(uint32_t index, bool alone);
  bool descriptor_clauses();
  void composite_type(uint32_t index, bool plain);
  void struct_fields(uint32_t index);
  void field_type(ByteWriter& out);
  bool explicit_type(uint32_t& index, Token& where);
  void check_inline(const Token& where, uint32_t index);

  ModuleState& module_;
  TokenStream& tokens_;
  Signature scratch_;
};

/// The binary format of limits, flags first.
void write_limits(ByteWriter& out, const Limits& limits);

}  // namespace heddle::engine
