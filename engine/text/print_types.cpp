// SPDX-License-Identifier: Apache-2.0
// TypePrinter: the type section and uses of types as text.
#include "engine/text/print_types.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kDescribes = 0x4c;
constexpr uint8_t kDescriptor = 0x4d;
constexpr uint8_t kGroup = 0x4e;
constexpr uint8_t kSubtypeFinal = 0x4f;
constexpr uint8_t kSubtype = 0x50;
constexpr uint8_t kArray = 0x5e;
constexpr uint8_t kStruct = 0x5f;
constexpr uint8_t kFunction = 0x60;

std::string_view heap_word(HeapType::Kind kind) {
  switch (kind) {
    case HeapType::Kind::exn: return "exn";
    case HeapType::Kind::array: return "array";
    case HeapType::Kind::struct_: return "struct";
    case HeapType::Kind::i31: return "i31";
    case HeapType::Kind::eq: return "eq";
    case HeapType::Kind::any: return "any";
    case HeapType::Kind::extern_: return "extern";
    case HeapType::Kind::func: return "func";
    case HeapType::Kind::none: return "none";
    case HeapType::Kind::noextern: return "noextern";
    case HeapType::Kind::nofunc: return "nofunc";
    case HeapType::Kind::noexn: return "noexn";
    case HeapType::Kind::defined:
    case HeapType::Kind::bottom: break;
  }
  return "?";
}

std::string_view value_word(ValueType::Kind kind) {
  switch (kind) {
    case ValueType::Kind::i32: return "i32";
    case ValueType::Kind::i64: return "i64";
    case ValueType::Kind::f32: return "f32";
    case ValueType::Kind::f64: return "f64";
    case ValueType::Kind::v128: return "v128";
    case ValueType::Kind::i8: return "i8";
    case ValueType::Kind::i16: return "i16";
    case ValueType::Kind::ref:
    case ValueType::Kind::ref_null:
    case ValueType::Kind::bottom: break;
  }
  return "?";
}

bool read_flag(Cursor& cursor) {
  const uint8_t flag = cursor.read_byte();
  if (flag > 1) cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed mutability");
  return flag == 1;
}

}  // namespace

void TypePrinter::type_index(uint32_t index) {
  const std::string_view name = names_.find(Space::type, index);
  if (name.empty()) {
    out_ << index;
  } else {
    out_ << name;
  }
}

void TypePrinter::heap_type(HeapType type) {
  if (!type.is_defined()) {
    out_ << heap_word(type.kind());
    return;
  }
  if (type.is_exact()) out_ << "(exact ";
  type_index(type.number());
  if (type.is_exact()) out_ << ")";
}

void TypePrinter::value_type(ValueType type) {
  if (!type.is_ref()) {
    out_ << value_word(type.kind());
  } else if (type == ValueType::funcref() || type == ValueType::externref()) {
    out_ << heap_word(type.heap().kind()) << "ref";
  } else {
    out_ << (type.is_nullable() ? "(ref null " : "(ref ");
    heap_type(type.heap());
    out_ << ")";
  }
}

void TypePrinter::value_types(std::string_view keyword, std::span<const ValueType> types) {
  if (types.empty()) return;
  out_ << " (" << keyword;
  for (const ValueType type : types) {
    out_ << " ";
    value_type(type);
  }
  out_ << ")";
}

const Signature* TypePrinter::signature(uint32_t index) const {
  return index < types_.size() && types_[index].is_function ? &types_[index].signature : nullptr;
}

void TypePrinter::type_use(uint32_t index) {
  out_ << " (type ";
  type_index(index);
  out_ << ")";
  const Signature* type = signature(index);
  if (type == nullptr) return;
  value_types("param", type->parameters);
  value_types("result", type->results);
}

void TypePrinter::function_type_use(uint32_t function, uint32_t index) {
  out_ << " (type ";
  type_index(index);
  out_ << ")";
  const Signature* type = signature(index);
  if (type == nullptr) return;
  bool in_list = false;
  for (uint32_t i = 0; i < type->parameters.size(); ++i) {
    const std::string_view name = names_.local(function, i);
    if (in_list && !name.empty()) out_ << ")";
    if (!name.empty()) {
      out_ << " (param " << name << " ";
    } else {
      out_ << (in_list ? " " : " (param ");
    }
    in_list = name.empty();
    value_type(type->parameters[i]);
    if (!in_list) out_ << ")";
  }
  if (in_list) out_ << ")";
  value_types("result", type->results);
}

void TypePrinter::block_type(const BlockType& type) {
  if (type.kind == BlockType::Kind::index) return type_use(type.index);
  if (type.kind == BlockType::Kind::value) value_types("result", std::span(&type.value, 1));
}

void TypePrinter::type_section(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    if (cursor.peek_byte() != kGroup) {
      type_definition(cursor);
      continue;
    }
    cursor.read_byte();
    const uint32_t members = cursor.read_count(2);
    out_.line() << "(rec";
    out_.indent();
    for (uint32_t j = 0; j < members && !cursor.failed(); ++j) type_definition(cursor);
    out_.outdent();
    out_ << ")";
  }
}

void TypePrinter::type_definition(Cursor& cursor) {
  const auto index = static_cast<uint32_t>(types_.size());
  types_.emplace_back();
  out_.line() << "(type " << names_.binding(Space::type, index) << " ";
  subtype(cursor, index);
  out_ << ")";
}

void TypePrinter::subtype(Cursor& cursor, uint32_t index) {
  const uint8_t code = cursor.peek_byte();
  if (code != kSubtype && code != kSubtypeFinal) {
    descriptor_clauses(cursor);
    return composite_type(cursor, index);
  }
  cursor.read_byte();
  out_ << (code == kSubtype ? "(sub " : "(sub final ");
  const uint32_t supertypes = cursor.read_count();
  for (uint32_t i = 0; i < supertypes && !cursor.failed(); ++i) {
    type_index(cursor.read_u32());
    out_ << " ";
  }
  descriptor_clauses(cursor);
  composite_type(cursor, index);
  out_ << ")";
}

void TypePrinter::descriptor_clauses(Cursor& cursor) {
  const auto clause = [&](std::string_view keyword, uint8_t code) {
    if (cursor.failed() || cursor.peek_byte() != code) return;
    cursor.read_byte();
    out_ << "(" << keyword << " ";
    type_index(cursor.read_u32());
    out_ << ") ";
  };
  clause("describes", kDescribes);
  clause("descriptor", kDescriptor);
}

void TypePrinter::composite_type(Cursor& cursor, uint32_t index) {
  switch (cursor.read_byte()) {
    case kFunction: types_[index].is_function = true; return function_type(cursor, types_[index].signature);
    case kStruct: return struct_type(cursor, index);
    case kArray:
      out_ << "(array ";
      field_type(cursor);
      out_ << ")";
      return;
    default: cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed type");
  }
}

void TypePrinter::function_type(Cursor& cursor, Signature& signature) {
  for (auto* types : {&signature.parameters, &signature.results}) {
    const uint32_t count = cursor.read_count();
    for (uint32_t i = 0; i < count && !cursor.failed(); ++i) types->push_back(cursor.read_value_type());
  }
  out_ << "(func";
  value_types("param", signature.parameters);
  value_types("result", signature.results);
  out_ << ")";
}

void TypePrinter::struct_type(Cursor& cursor, uint32_t index) {
  out_ << "(struct";
  const uint32_t count = cursor.read_count(2);
  types_[index].fields = count;
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    out_ << " (field ";
    const std::string_view name = names_.field(index, i);
    if (!name.empty()) out_ << name << " ";
    field_type(cursor);
    out_ << ")";
  }
  out_ << ")";
}

void TypePrinter::field_type(Cursor& cursor) {
  const ValueType type = cursor.read_storage_type();
  const bool is_mutable = read_flag(cursor);
  if (is_mutable) out_ << "(mut ";
  value_type(type);
  if (is_mutable) out_ << ")";
}

void TypePrinter::limits(Cursor& cursor, std::string& page_size) {
  constexpr uint8_t kHasMost = 1, kShared = 2, k64 = 4, kPageSize = 8;
  const uint64_t start = cursor.offset();
  const uint8_t flags = cursor.read_byte();
  if (flags > 15) return cursor.fail_at(start, ErrorKind::malformed, "malformed limits flags");
  if ((flags & k64) != 0) out_ << " i64";
  out_ << " " << cursor.read_u64();
  if ((flags & kHasMost) != 0) out_ << " " << cursor.read_u64();
  if ((flags & kShared) != 0) out_ << " shared";
  if ((flags & kPageSize) == 0) return;
  const uint32_t log2 = cursor.read_u32();
  if (log2 > 63) return cursor.fail_at(start, ErrorKind::malformed, "invalid custom page size");
  page_size = " (pagesize " + std::to_string(uint64_t{1} << log2) + ")";
}

void TypePrinter::table_type(Cursor& cursor) {
  const ValueType type = cursor.read_reference_type();
  std::string page_size;
  limits(cursor, page_size);
  if (!page_size.empty()) cursor.fail(ErrorKind::malformed, "malformed limits flags");
  out_ << " ";
  value_type(type);
}

void TypePrinter::memory_type(Cursor& cursor) {
  std::string page_size;
  limits(cursor, page_size);
  out_ << page_size;
}

void TypePrinter::global_type(Cursor& cursor) {
  const ValueType type = cursor.read_value_type();
  const bool is_mutable = read_flag(cursor);
  out_ << (is_mutable ? " (mut " : " ");
  value_type(type);
  if (is_mutable) out_ << ")";
}

}  // namespace heddle::engine
