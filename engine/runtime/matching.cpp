// SPDX-License-Identifier: Apache-2.0
// Import matching and the description of types for its errors.
#include "engine/runtime/matching.h"

#include "engine/support/escape.h"

namespace heddle::engine {

namespace {

/// Is something of `size` that may grow to `max` what `wanted` asks for? (Spec 3.3.5)
bool matches_limits(uint64_t size, const Limits& offered, const Limits& wanted) {
  if (offered.is_64 != wanted.is_64 || size < wanted.min) return false;
  return !wanted.max || (offered.max && *offered.max <= *wanted.max);
}

bool matches_memory(const Memory& memory, const MemoryType& wanted) {
  const MemoryType& offered = memory.type();
  return offered.is_shared == wanted.is_shared && offered.page_size_log2 == wanted.page_size_log2 &&
         matches_limits(memory.pages(), offered.limits, wanted.limits);
}

bool matches_table(const Table& table, const TableType& wanted) {
  return table.type().element == wanted.element &&
         matches_limits(table.size(), table.type().limits, wanted.limits);
}

bool matches_global(const TypeRegistry& registry, const GlobalType& offered, const GlobalType& wanted) {
  if (offered.is_mutable != wanted.is_mutable) return false;
  return wanted.is_mutable ? offered.type == wanted.type : registry.is_subtype(offered.type, wanted.type);
}

/// Has the embedder given anything at all?
bool is_given(const External& external) {
  switch (external.kind) {
    case ExternKind::function: return external.function != nullptr;
    case ExternKind::table: return external.table != nullptr;
    case ExternKind::memory: return external.memory != nullptr;
    case ExternKind::global: return external.global != nullptr;
    case ExternKind::tag: return external.tag != nullptr;
  }
  return false;
}

std::string describe_function(const TypeDefinition& type) {
  std::string text = "function (";
  for (size_t i = 0; i < type.parameters.size(); ++i)
    text += (i == 0 ? "" : " ") + to_string(type.parameters[i]);
  text += ") -> (";
  for (size_t i = 0; i < type.results.size(); ++i) text += (i == 0 ? "" : " ") + to_string(type.results[i]);
  return text + ")";
}

std::string describe_tag(const TypeDefinition& type) {
  std::string text = "tag (";
  for (size_t i = 0; i < type.parameters.size(); ++i)
    text += (i == 0 ? "" : " ") + to_string(type.parameters[i]);
  return text + ")";
}

std::string describe_limits(uint64_t size, const Limits& limits) {
  std::string text = (limits.is_64 ? "i64 " : "") + std::to_string(size);
  if (limits.max) text += " " + std::to_string(*limits.max);
  return text;
}

std::string describe_memory(uint64_t pages, const MemoryType& type) {
  std::string text = "memory " + describe_limits(pages, type.limits);
  if (type.is_shared) text += " shared";
  if (type.page_size_log2 != 16)
    text += " (pagesize " + std::to_string(uint64_t{1} << type.page_size_log2) + ")";
  return text;
}

std::string describe_table(uint64_t size, const TableType& type) {
  return "table " + describe_limits(size, type.limits) + " " + to_string(type.element);
}

std::string describe_global(const GlobalType& type) {
  return "global " + (type.is_mutable ? "(mut " + to_string(type.type) + ")" : to_string(type.type));
}

std::string quoted(const Import& import) {
  return "\"" + escape_for_terminal(import.module) + "\" \"" + escape_for_terminal(import.name) + "\"";
}

Error link_error(std::string message) {
  Error error;
  error.kind = ErrorKind::link;
  error.message = std::move(message);
  return error;
}

}  // namespace

bool matches(const ModuleImage& module, const Import& import, const External& external) {
  if (external.kind != import.kind || !is_given(external)) return false;
  switch (import.kind) {
    case ExternKind::function: {
      const FunctionDeclaration& wanted = module.functions[import.index];
      return external.function->type == wanted.type ||
             (!wanted.is_exact && module.registry->is_subtype(external.function->type, wanted.type));
    }
    case ExternKind::table: return matches_table(*external.table, module.tables[import.index].type);
    case ExternKind::memory: return matches_memory(*external.memory, module.memories[import.index]);
    case ExternKind::global:
      return matches_global(*module.registry, external.global->type, module.globals[import.index].type);
    // Neither may be a proper subtype: values flow both ways. (Spec 3.3.9)
    case ExternKind::tag: return external.tag->type == module.tags[import.index].type;
  }
  return false;
}

std::string describe(const ModuleImage& module, const Import& import) {
  switch (import.kind) {
    case ExternKind::function: {
      const std::string text = describe_function(module.function_type(import.index));
      return module.functions[import.index].is_exact ? "exact " + text : text;
    }
    case ExternKind::table: {
      const TableType& type = module.tables[import.index].type;
      return describe_table(type.limits.min, type);
    }
    case ExternKind::memory: {
      const MemoryType& type = module.memories[import.index];
      return describe_memory(type.limits.min, type);
    }
    case ExternKind::global: return describe_global(module.globals[import.index].type);
    case ExternKind::tag: return describe_tag(module.registry->get(module.tags[import.index].type));
  }
  return "";
}

std::string describe(const TypeRegistry& registry, const External& external) {
  if (!is_given(external)) return "nothing";
  switch (external.kind) {
    case ExternKind::function: return describe_function(registry.get(external.function->type));
    case ExternKind::table: return describe_table(external.table->size(), external.table->type());
    case ExternKind::memory: return describe_memory(external.memory->pages(), external.memory->type());
    case ExternKind::global: return describe_global(external.global->type);
    case ExternKind::tag: return describe_tag(registry.get(external.tag->type));
  }
  return "";
}

Result<void> match_imports(const ModuleImage& module, std::span<const External> externals) {
  for (size_t i = 0; i < module.imports.size(); ++i) {
    const Import& import = module.imports[i];
    if (i >= externals.size() || !is_given(externals[i])) {
      return link_error("unknown import " + quoted(import) + ": " + describe(module, import));
    }
    if (!matches(module, import, externals[i])) {
      return link_error("incompatible import type for " + quoted(import) + ": expected " +
                        describe(module, import) + ", found " + describe(*module.registry, externals[i]));
    }
  }
  return {};
}

}  // namespace heddle::engine
