// SPDX-License-Identifier: Apache-2.0
// The decoder's sections other than the types: one function each. (Spec 5.5)
#include "engine/module/decoder.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kHasMax = 0x01;
constexpr uint8_t kShared = 0x02;
constexpr uint8_t kAddress64 = 0x04;
constexpr uint8_t kPageSize = 0x08;

constexpr uint8_t kTableWithInit = 0x40;

/// The kind of an import of a function by its exact type. (Custom descriptors)
constexpr uint8_t kExactFunction = 0x20;

// Flags of element segments
constexpr uint32_t kNotActive = 1;
constexpr uint32_t kExplicit = 2;  // of an active segment: names its table; else: declarative
constexpr uint32_t kExpressions = 4;

// Kinds of data segments; 0 is active in memory 0
constexpr uint32_t kPassiveData = 1;
constexpr uint32_t kDataWithMemory = 2;

constexpr ValueType kFunctionItem = ValueType::ref(HeapType::Kind::func, false);

void malformed(Cursor& cursor, uint64_t offset, const char* reason) {
  cursor.fail_at(offset, ErrorKind::malformed, reason);
}

}  // namespace

void Decoder::decode_custom(Cursor& cursor) {
  CustomSection section;
  section.name = cursor.read_name();
  section.bytes = {cursor.offset(), cursor.remaining()};
  cursor.read_bytes(cursor.remaining());
  if (cursor.failed()) return;
  if (section.name == "name") decode_names(*module_, section.bytes);
  module_->customs.push_back(std::move(section));
}

void Decoder::decode_imports(Cursor& cursor) {
  const uint32_t count = cursor.read_count(3);
  if (!within(cursor, count, limits_.imports, "imports")) return;
  module_->imports.reserve(count);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("import", i);
    Import import;
    import.offset = cursor.offset();
    import.module = cursor.read_name();
    import.name = cursor.read_name();
    read_import(cursor, import);
    if (!cursor.failed()) module_->imports.push_back(std::move(import));
  }
  module_->imported_functions = static_cast<uint32_t>(module_->functions.size());
  module_->imported_tables = static_cast<uint32_t>(module_->tables.size());
  module_->imported_memories = static_cast<uint32_t>(module_->memories.size());
  module_->imported_globals = static_cast<uint32_t>(module_->globals.size());
  module_->imported_tags = static_cast<uint32_t>(module_->tags.size());
}

void Decoder::read_import(Cursor& cursor, Import& import) {
  const uint64_t start = cursor.offset();
  uint8_t kind = cursor.read_byte();
  const bool is_exact = kind == kExactFunction;
  if (is_exact) {
    if (!cursor.require(Feature::custom_descriptors, start)) return;
    kind = static_cast<uint8_t>(ExternKind::function);
  }
  if (kind > static_cast<uint8_t>(ExternKind::tag)) return malformed(cursor, start, "malformed import kind");
  import.kind = static_cast<ExternKind>(kind);
  const auto add = [&import](auto& space, auto declaration) {
    import.index = static_cast<uint32_t>(space.size());
    space.push_back(std::move(declaration));
  };
  switch (import.kind) {
    case ExternKind::function: {
      FunctionDeclaration function;
      function.type = read_function_type(cursor);
      function.is_exact = is_exact;
      return add(module_->functions, function);
    }
    case ExternKind::table:
      return add(module_->tables, TableDeclaration{read_table_type(cursor), {}, import.offset});
    case ExternKind::memory: return add(module_->memories, read_memory_type(cursor));
    case ExternKind::global: return add(module_->globals, GlobalDeclaration{read_global_type(cursor), {}});
    case ExternKind::tag: return add(module_->tags, read_tag_type(cursor));
  }
}

void Decoder::decode_functions(Cursor& cursor) {
  const uint32_t count = cursor.read_count();
  if (!within(cursor, module_->functions.size() + uint64_t{count}, limits_.functions, "functions")) return;
  module_->functions.reserve(module_->functions.size() + count);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("function", i);
    FunctionDeclaration function;
    function.type = read_function_type(cursor);
    module_->functions.push_back(function);
  }
}

void Decoder::decode_tables(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  if (!within(cursor, module_->tables.size() + uint64_t{count}, limits_.tables, "tables")) return;
  InstructionReader reader(cursor);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("table", i);
    TableDeclaration table;
    table.offset = cursor.offset();
    const bool has_init = cursor.peek_byte() == kTableWithInit;
    if (has_init) {
      cursor.read_byte();
      if (cursor.read_byte() != 0) malformed(cursor, cursor.offset() - 1, "zero byte expected");
    }
    table.type = read_table_type(cursor);
    if (has_init) table.init = read_expression(cursor, reader);
    module_->tables.push_back(table);
  }
}

void Decoder::decode_memories(Cursor& cursor) {
  const uint32_t count = cursor.read_count();
  if (!within(cursor, module_->memories.size() + uint64_t{count}, limits_.memories, "memories")) return;
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("memory", i);
    module_->memories.push_back(read_memory_type(cursor));
  }
}

void Decoder::decode_tags(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  if (!within(cursor, module_->tags.size() + uint64_t{count}, limits_.tags, "tags")) return;
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("tag", i);
    module_->tags.push_back(read_tag_type(cursor));
  }
}

void Decoder::decode_globals(Cursor& cursor) {
  const uint32_t count = cursor.read_count(3);
  if (!within(cursor, module_->globals.size() + uint64_t{count}, limits_.globals, "globals")) return;
  module_->globals.reserve(module_->globals.size() + count);
  InstructionReader reader(cursor);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("global", i);
    GlobalDeclaration global;
    global.type = read_global_type(cursor);
    global.init = read_expression(cursor, reader);
    module_->globals.push_back(global);
  }
}

void Decoder::decode_exports(Cursor& cursor) {
  const uint64_t start = cursor.offset();
  const uint32_t count = cursor.read_count();
  if (uint64_t{count} * 3 > cursor.remaining()) return malformed(cursor, start, "length out of bounds");
  if (!within(cursor, count, limits_.exports, "exports")) return;
  module_->exports.reserve(count);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("export", i);
    Export row;
    row.offset = cursor.offset();
    row.name = cursor.read_name();
    const uint8_t kind = cursor.read_byte();
    if (kind > static_cast<uint8_t>(ExternKind::tag)) {
      return malformed(cursor, cursor.offset() - 1, "malformed export kind");
    }
    row.kind = static_cast<ExternKind>(kind);
    row.index = cursor.read_u32();
    if (!cursor.failed()) module_->exports.push_back(std::move(row));
  }
}

void Decoder::decode_start(Cursor& cursor) { module_->start = cursor.read_u32(); }

void Decoder::decode_elements(Cursor& cursor) {
  const uint32_t count = cursor.read_count(3);
  if (!within(cursor, count, limits_.segments, "element segments")) return;
  InstructionReader reader(cursor);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("element", i);
    ElementSegment segment;
    segment.declaration_offset = cursor.offset();
    read_element_segment(cursor, reader, segment);
    if (!cursor.failed()) module_->elements.push_back(std::move(segment));
  }
}

void Decoder::read_element_segment(Cursor& cursor, InstructionReader& reader, ElementSegment& segment) {
  const uint64_t start = cursor.offset();
  const uint32_t flags = cursor.read_u32();
  if (flags > (kNotActive | kExplicit | kExpressions))
    return malformed(cursor, start, "malformed element segment kind");
  segment.uses_expressions = (flags & kExpressions) != 0;
  segment.type = segment.uses_expressions ? ValueType::funcref() : kFunctionItem;
  if (flags & kNotActive) {
    segment.mode = flags & kExplicit ? SegmentMode::declarative : SegmentMode::passive;
  } else {
    segment.mode = SegmentMode::active;
    if (flags & kExplicit) segment.table = cursor.read_u32();
    segment.offset = read_expression(cursor, reader);
  }
  if (flags & (kNotActive | kExplicit)) {
    if (segment.uses_expressions) {
      segment.type = read_canonical(cursor, &Cursor::read_reference_type);
    } else if (cursor.read_byte() != 0) {
      malformed(cursor, cursor.offset() - 1, "malformed element kind");
    }
  }
  read_element_items(cursor, reader, segment);
}

void Decoder::read_element_items(Cursor& cursor, InstructionReader& reader, ElementSegment& segment) {
  const uint32_t count = cursor.read_count();
  if (segment.uses_expressions) {
    segment.expressions.reserve(count);
    for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
      segment.expressions.push_back(read_expression(cursor, reader));
    }
  } else {
    segment.functions.reserve(count);
    for (uint32_t i = 0; i < count && !cursor.failed(); ++i) segment.functions.push_back(cursor.read_u32());
  }
}

void Decoder::decode_data_count(Cursor& cursor) { module_->data_count = cursor.read_u32(); }

void Decoder::decode_code(Cursor& cursor) {
  module_->code_section = {cursor.offset(), cursor.remaining()};
  bodies_ = cursor.read_count();
  for (uint32_t i = 0; i < bodies_ && !cursor.failed(); ++i) {
    cursor.set_section("code", i);
    const uint32_t size = cursor.read_u32();
    if (!within(cursor, size, limits_.body_bytes, "bytes in a function")) return;
    const ByteRange body{cursor.offset(), size};
    cursor.read_bytes(size);
    const uint64_t function = uint64_t{module_->imported_functions} + i;
    // Bodies beyond the declared functions make the module malformed at its end: see check_lengths.
    if (function < module_->functions.size()) module_->functions[function].body = body;
  }
}

void Decoder::decode_data(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  if (!within(cursor, count, limits_.segments, "data segments")) return;
  module_->data.reserve(count);
  InstructionReader reader(cursor);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.set_section("data", i);
    DataSegment segment;
    segment.declaration_offset = static_cast<uint32_t>(cursor.offset());
    const uint32_t kind = cursor.read_u32();
    if (kind > kDataWithMemory)
      return malformed(cursor, segment.declaration_offset, "malformed data segment kind");
    segment.mode = kind == kPassiveData ? SegmentMode::passive : SegmentMode::active;
    if (kind == kDataWithMemory) segment.memory = cursor.read_u32();
    if (kind != kPassiveData) segment.offset = read_expression(cursor, reader);
    const uint32_t size = cursor.read_u32();
    segment.bytes = {cursor.offset(), size};
    cursor.read_bytes(size);
    module_->data.push_back(segment);
  }
}

TableType Decoder::read_table_type(Cursor& cursor) {
  TableType type;
  type.element = read_canonical(cursor, &Cursor::read_reference_type);
  const uint64_t start = cursor.offset();
  const uint8_t flags = cursor.read_byte();
  if (flags & ~(kHasMax | kAddress64)) malformed(cursor, start, "malformed limits flags");
  type.limits = read_limits(cursor, flags);
  return type;
}

MemoryType Decoder::read_memory_type(Cursor& cursor) {
  MemoryType type;
  const uint64_t start = cursor.offset();
  const uint8_t flags = cursor.read_byte();
  // Flags with nothing behind them are blamed themselves, as the suite does.
  const bool has_page_size = (flags & kPageSize) != 0 && !cursor.at_end();
  if ((flags & ~(kHasMax | kShared | kAddress64)) != (has_page_size ? kPageSize : 0)) {
    malformed(cursor, start, "malformed limits flags");
  }
  if (has_page_size) cursor.require(Feature::custom_page_sizes);
  type.limits = read_limits(cursor, flags);
  type.is_shared = (flags & kShared) != 0;
  if (has_page_size) {
    const uint64_t size_start = cursor.offset();
    const uint32_t log2 = cursor.read_u32();
    if (log2 >= 64) malformed(cursor, size_start, "invalid custom page size");
    type.page_size_log2 = static_cast<uint8_t>(log2);
  }
  return type;
}

Limits Decoder::read_limits(Cursor& cursor, uint8_t flags) {
  Limits limits;
  limits.is_64 = (flags & kAddress64) != 0;
  limits.min = cursor.read_u64();
  if (flags & kHasMax) limits.max = cursor.read_u64();
  return limits;
}

GlobalType Decoder::read_global_type(Cursor& cursor) {
  GlobalType type;
  type.type = read_canonical(cursor, &Cursor::read_value_type);
  const uint8_t mutability = cursor.read_byte();
  if (mutability > 1) malformed(cursor, cursor.offset() - 1, "malformed mutability");
  type.is_mutable = mutability == 1;
  return type;
}

TagType Decoder::read_tag_type(Cursor& cursor) {
  TagType type;
  if (!cursor.require(Feature::exceptions)) return type;
  if (cursor.read_byte() != 0) malformed(cursor, cursor.offset() - 1, "malformed tag attribute");
  type.type = read_function_type(cursor);
  return type;
}

ConstantExpression Decoder::read_expression(Cursor& cursor, InstructionReader& reader) {
  const uint64_t start = cursor.offset();
  // Blocks are not constant, but they are well-formed here: only the `end` at depth 0 ends the expression.
  uint64_t depth = 0;
  while (reader.next(instruction_)) {
    const Opcode opcode = instruction_.opcode;
    const Immediate immediate = info(opcode).immediate;
    if (immediate == Immediate::block_type || immediate == Immediate::catch_list) {
      ++depth;
    } else if (opcode == Opcode::end || opcode == Opcode::delegate) {
      if (depth == 0) break;
      --depth;
    } else if (opcode == Opcode::else_ && depth == 0) {
      malformed(cursor, instruction_.offset, "END opcode expected");
    }
  }
  return {ByteRange(start, cursor.offset() - start)};
}

}  // namespace heddle::engine
