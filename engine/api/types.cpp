// SPDX-License-Identifier: Apache-2.0
// How the types of imports and exports read, in the text format's words.
#include <heddle/types.h>

namespace heddle {

namespace {

std::string list(const char* keyword, const std::vector<ValueType>& types) {
  if (types.empty()) return {};
  std::string out = std::string(" (") + keyword;
  for (const ValueType type : types) out += " " + to_string(type);
  return out + ")";
}

std::string range(uint64_t min, const std::optional<uint64_t>& max, bool is_64) {
  std::string out = (is_64 ? " i64 " : " ") + std::to_string(min);
  if (max) out += " " + std::to_string(*max);
  return out;
}

std::string spell(const FunctionType& type) { return to_string(type); }
std::string spell(const TableType& type) {
  return "(table" + range(type.min, type.max, type.is_64) + " " + to_string(type.element) + ")";
}
std::string spell(const MemoryType& type) {
  std::string out = "(memory" + range(type.min, type.max, type.is_64);
  if (type.is_shared) out += " shared";
  if (type.page_size_log2 != 16)
    out += " (pagesize " + std::to_string(uint64_t{1} << type.page_size_log2) + ")";
  return out + ")";
}
std::string spell(const GlobalType& type) {
  return type.is_mutable ? "(global (mut " + to_string(type.type) + "))"
                         : "(global " + to_string(type.type) + ")";
}
std::string spell(const TagType& type) { return "(tag" + list("param", type.type.parameters) + ")"; }

}  // namespace

const char* to_string(ExternKind kind) noexcept {
  switch (kind) {
    case ExternKind::function: return "function";
    case ExternKind::table: return "table";
    case ExternKind::memory: return "memory";
    case ExternKind::global: return "global";
    case ExternKind::tag: return "tag";
  }
  return "unknown";
}

std::string to_string(const FunctionType& type) {
  return "(func" + list("param", type.parameters) + list("result", type.results) + ")";
}

std::string to_string(const ExternType& type) {
  return std::visit([](const auto& each) { return spell(each); }, type);
}

}  // namespace heddle
