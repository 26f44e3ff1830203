// SPDX-License-Identifier: Apache-2.0
// Instance: a module brought to life in a store, and its exports; Extern: anything that can be imported or
// exported.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <heddle/export.h>
#include <heddle/function.h>
#include <heddle/global.h>
#include <heddle/memory.h>
#include <heddle/module.h>
#include <heddle/outcome.h>
#include <heddle/table.h>
#include <heddle/tag.h>

namespace heddle {

/// A SharedMemory may be given as an import of any store; exports are always a Memory (see Memory::shared).
using Extern = std::variant<Function, Table, Memory, Global, Tag, SharedMemory>;

[[nodiscard]] HEDDLE_API ExternKind kind_of(const Extern& external) noexcept;
[[nodiscard]] HEDDLE_API ExternType type_of(const Extern& external);

/// Lives as long as its store. See handle.h for what is refused, and the thread rule.
class HEDDLE_API Instance {
 public:
  Instance() = default;

  /// Links, allocates, initializes, and runs the start function. `imports` are in the order of
  /// module.imports(); a Linker finds them by name. A Trap is the guest's (segments, start). Errors: link,
  /// resource, usage.
  [[nodiscard]] static Outcome<Instance> create(const StoreRef& store, const Module& module,
                                                std::span<const Extern> imports = {});

  /// The export of that name.
  [[nodiscard]] std::optional<Extern> get(std::string_view name) const;
  /// The export of that name and kind. Errors: usage, which suggests a similar name or says the kind.
  [[nodiscard]] Result<Function> function(std::string_view name) const;
  [[nodiscard]] Result<Table> table(std::string_view name) const;
  [[nodiscard]] Result<Memory> memory(std::string_view name = "memory") const;
  [[nodiscard]] Result<Global> global(std::string_view name) const;
  [[nodiscard]] Result<Tag> tag(std::string_view name) const;

  /// `instance.typed<int32_t(int32_t)>("fib")`: see Function::typed.
  template <class Signature>
  [[nodiscard]] Result<TypedFunction<Signature>> typed(std::string_view name) const {
    auto found = function(name);
    if (!found) return std::move(found).error();
    return found->template typed<Signature>();
  }

  /// All exports in the module's order.
  [[nodiscard]] std::vector<std::pair<std::string, Extern>> exports() const;
  /// Empty if the store is gone.
  [[nodiscard]] std::optional<Module> module() const;

  [[nodiscard]] bool empty() const noexcept { return handle_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  friend bool operator==(const Instance&, const Instance&) = default;  ///< the same instance

 private:
  friend struct detail::Access;
  explicit Instance(detail::Handle handle) : handle_(std::move(handle)) {}
  detail::Handle handle_;
};

}  // namespace heddle
