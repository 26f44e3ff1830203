// SPDX-License-Identifier: Apache-2.0
// Validation of a module's declarations: imports, tables, memories, globals, exports, segments, start.
// (Spec 3.5)
#include <algorithm>

#include "engine/support/try.h"
#include "engine/validation/function_validator.h"
#include "engine/validation/validate.h"

namespace heddle::engine {

namespace {

constexpr uint32_t kMemorySection = 5;
constexpr uint32_t kStartSection = 8;
constexpr uint32_t kTagSection = 13;

/// Where a declaration stands, for errors.
struct Place {
  const char* section;
  uint64_t index;
  uint64_t offset;
};

Error invalid(const Place& place, std::string message) {
  Error error;
  error.kind = ErrorKind::invalid;
  error.message = std::move(message);
  error.section = std::string(place.section) + "[" + std::to_string(place.index) + "]";
  error.offset = place.offset;
  return error;
}

std::string unknown(ExternKind kind, uint64_t index) {
  return "unknown " + std::string(to_string(kind)) + " " + std::to_string(index);
}

Result<void> check_limits(const Limits& limits, const Place& place) {
  if (limits.max && *limits.max < limits.min)
    return invalid(place, "size minimum must not be greater than maximum");
  return {};
}

Result<void> check_table_type(const TableType& type, const Place& place) {
  const uint64_t most = std::max(type.limits.min, type.limits.max.value_or(0));
  if (!type.limits.is_64 && most > UINT32_MAX) return invalid(place, "table size must be at most 2^32-1");
  return check_limits(type.limits, place);
}

Result<void> check_memory_type(const MemoryType& type, const Place& place) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != 16)
    return invalid(place, "invalid custom page size");
  const uint32_t address_bits = type.limits.is_64 ? 64 : 32;
  const uint64_t most = std::max(type.limits.min, type.limits.max.value_or(0));
  const uint32_t page_bits = address_bits - type.page_size_log2;
  // As many pages as the address space holds; with one-byte pages one less, so that the size itself fits an
  // address.
  const bool has_byte_pages = type.page_size_log2 == 0;
  const uint64_t limit = has_byte_pages ? UINT64_MAX >> (64 - page_bits) : uint64_t{1} << page_bits;
  if (most > limit) {
    const std::string pages =
        page_bits == 16 ? "65536 pages (4GiB)" : "2^" + std::to_string(page_bits) + " pages";
    return invalid(place, "memory size must be at most " + pages);
  }
  if (type.is_shared && !type.limits.max) return invalid(place, "shared memory must have maximum");
  return check_limits(type.limits, place);
}

Result<void> check_tag_type(const ModuleImage& module, TagType tag, const Place& place) {
  if (module.registry->get(tag.type).results.empty()) return {};
  return invalid(place, "non-empty tag result type");
}

size_t space_size(const ModuleImage& module, ExternKind kind) {
  switch (kind) {
    case ExternKind::function: return module.functions.size();
    case ExternKind::table: return module.tables.size();
    case ExternKind::memory: return module.memories.size();
    case ExternKind::global: return module.globals.size();
    case ExternKind::tag: return module.tags.size();
  }
  return 0;
}

/// One pass over the declarations; `constants_` checks the expressions in them.
class DeclarationValidator {
 public:
  explicit DeclarationValidator(ModuleImage& module) : module_(module), constants_(module) {}

  Result<void> validate() {
    module_.declared_references.assign(module_.functions.size(), false);
    HEDDLE_TRY(check_imports());
    HEDDLE_TRY(check_tables());
    HEDDLE_TRY(check_memories_and_tags());
    HEDDLE_TRY(check_globals());
    HEDDLE_TRY(check_exports());
    HEDDLE_TRY(check_start());
    HEDDLE_TRY(check_elements());
    return check_data();
  }

 private:
  Result<void> check_imports() {
    for (size_t i = 0; i < module_.imports.size(); ++i) {
      const Import& import = module_.imports[i];
      const Place place{"import", i, import.offset};
      if (import.kind == ExternKind::table)
        HEDDLE_TRY(check_table_type(module_.tables[import.index].type, place));
      if (import.kind == ExternKind::memory)
        HEDDLE_TRY(check_memory_type(module_.memories[import.index], place));
      if (import.kind == ExternKind::tag)
        HEDDLE_TRY(check_tag_type(module_, module_.tags[import.index], place));
    }
    return {};
  }

  Result<void> check_tables() {
    for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      const TableDeclaration& table = module_.tables[i];
      const Place place{"table", i - module_.imported_tables, table.offset};
      HEDDLE_TRY(check_table_type(table.type, place));
      if (table.init) {
        // Tables come before globals: only imported ones exist.
        HEDDLE_TRY(check_constant(*table.init, table.type.element, module_.imported_globals, place));
      } else if (!table.type.element.is_defaultable()) {
        return invalid(
            place, "type mismatch: a table of " + to_string(table.type.element) + " needs an initial value");
      }
    }
    return {};
  }

  Result<void> check_memories_and_tags() {
    for (size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      HEDDLE_TRY(check_memory_type(module_.memories[i], {"memory", i - module_.imported_memories,
                                                         module_.section_offsets[kMemorySection]}));
    }
    for (size_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
      HEDDLE_TRY(check_tag_type(module_, module_.tags[i],
                                {"tag", i - module_.imported_tags, module_.section_offsets[kTagSection]}));
    }
    return {};
  }

  Result<void> check_globals() {
    for (size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      const GlobalDeclaration& global = module_.globals[i];
      const Place place{"global", i - module_.imported_globals, global.init.bytes.offset};
      HEDDLE_TRY(check_constant(global.init, global.type.type, static_cast<uint32_t>(i), place));
    }
    return {};
  }

  Result<void> check_exports() {
    const auto& order = module_.exports_by_name;
    for (size_t i = 1; i < order.size(); ++i) {
      const Export& row = module_.exports[order[i]];
      if (row.name == module_.exports[order[i - 1]].name) {
        return invalid({"export", order[i], row.offset}, "duplicate export name");
      }
    }
    for (size_t i = 0; i < module_.exports.size(); ++i) {
      const Export& row = module_.exports[i];
      if (row.index >= space_size(module_, row.kind)) {
        return invalid({"export", i, row.offset}, unknown(row.kind, row.index));
      }
      if (row.kind == ExternKind::function) module_.declared_references[row.index] = true;
    }
    return {};
  }

  Result<void> check_start() {
    if (!module_.start) return {};
    const uint32_t start = *module_.start;
    const Place place{"start", 0, module_.section_offsets[kStartSection]};
    if (start >= module_.functions.size()) return invalid(place, unknown(ExternKind::function, start));
    const TypeDefinition& type = module_.function_type(start);
    if (type.parameters.empty() && type.results.empty()) return {};
    return invalid(place, "start function must have neither parameters nor results");
  }

  Result<void> check_elements() {
    const auto globals = static_cast<uint32_t>(module_.globals.size());
    for (size_t i = 0; i < module_.elements.size(); ++i) {
      const ElementSegment& segment = module_.elements[i];
      const Place place{"element", i, segment.declaration_offset};
      for (const uint32_t function : segment.functions) {
        if (function >= module_.functions.size())
          return invalid(place, unknown(ExternKind::function, function));
        module_.declared_references[function] = true;
      }
      for (const ConstantExpression& expression : segment.expressions) {
        HEDDLE_TRY(check_constant(expression, segment.type, globals, place));
      }
      if (segment.mode != SegmentMode::active) continue;
      if (segment.table >= module_.tables.size())
        return invalid(place, unknown(ExternKind::table, segment.table));
      const TableType& table = module_.tables[segment.table].type;
      if (!module_.registry->is_subtype(segment.type, table.element)) {
        return invalid(place, "type mismatch: elements are " + to_string(segment.type) + ", the table's " +
                                  to_string(table.element));
      }
      HEDDLE_TRY(check_constant(segment.offset, address(table.limits), globals, place));
    }
    return {};
  }

  Result<void> check_data() {
    for (size_t i = 0; i < module_.data.size(); ++i) {
      const DataSegment& segment = module_.data[i];
      const Place place{"data", i, segment.declaration_offset};
      if (segment.mode != SegmentMode::active) continue;
      if (segment.memory >= module_.memories.size())
        return invalid(place, unknown(ExternKind::memory, segment.memory));
      HEDDLE_TRY(check_constant(segment.offset, address(module_.memories[segment.memory].limits),
                                static_cast<uint32_t>(module_.globals.size()), place));
    }
    return {};
  }

  Result<void> check_constant(const ConstantExpression& expression, ValueType type, uint32_t global_end,
                              const Place& place) {
    auto result = constants_.validate_constant(expression, type, global_end, module_.declared_references);
    if (result.ok()) return result;
    Error error = std::move(result).error();
    error.section = std::string(place.section) + "[" + std::to_string(place.index) + "]";
    return error;
  }

  static ValueType address(const Limits& limits) {
    return limits.is_64 ? ValueType::Kind::i64 : ValueType::Kind::i32;
  }

  ModuleImage& module_;
  FunctionValidator constants_;
};

}  // namespace

Result<void> validate_declarations(ModuleImage& module) { return DeclarationValidator(module).validate(); }

}  // namespace heddle::engine
