// SPDX-License-Identifier: Apache-2.0
// The types of imports and exports: FunctionType, TableType, MemoryType, GlobalType, TagType.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <heddle/export.h>
#include <heddle/value_type.h>

namespace heddle {

struct FunctionType {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;
  friend bool operator==(const FunctionType&, const FunctionType&) = default;
};

struct TableType {
  ValueType element = ValueType::funcref();
  uint64_t min = 0;  ///< in elements
  std::optional<uint64_t> max{};
  bool is_64 = false;  ///< indices are i64
  friend bool operator==(const TableType&, const TableType&) = default;
};

struct MemoryType {
  uint64_t min = 0;               ///< in pages
  std::optional<uint64_t> max{};  ///< in pages; a shared memory must have one
  bool is_64 = false;             ///< addresses are i64
  bool is_shared = false;
  uint8_t page_size_log2 = 16;  ///< 16: pages of 64 KiB; 0: pages of one byte
  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

struct GlobalType {
  ValueType type;
  bool is_mutable = false;
  friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

struct TagType {
  FunctionType type;
  friend bool operator==(const TagType&, const TagType&) = default;
};

/// The type of anything that can be imported or exported.
using ExternType = std::variant<FunctionType, TableType, MemoryType, GlobalType, TagType>;

/// The kinds, in the order of ExternType's alternatives (and of the binary format).
enum class ExternKind : uint8_t { function, table, memory, global, tag };

[[nodiscard]] inline ExternKind kind_of(const ExternType& type) noexcept {
  return static_cast<ExternKind>(type.index());
}

/// What a module asks for.
struct ImportType {
  std::string module;
  std::string name;
  ExternType type;
};

/// What a module offers.
struct ExportType {
  std::string name;
  ExternType type;
};

/// "function", "table", "memory", "global", "tag".
[[nodiscard]] HEDDLE_API const char* to_string(ExternKind kind) noexcept;
/// The text format's spelling, e.g. "(func (param i32 i32) (result i32))", "(memory 1 4 shared)".
[[nodiscard]] HEDDLE_API std::string to_string(const FunctionType& type);
[[nodiscard]] HEDDLE_API std::string to_string(const ExternType& type);

}  // namespace heddle
