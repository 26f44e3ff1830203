// SPDX-License-Identifier: Apache-2.0
// Context: what one thread of a script sees: a store, its instances, the names it has registered.
//
// (thread ...) starts a fresh one: nothing is inherited but the shared memories of the modules it lists.
// Threads: one thread at a time.
#pragma once

#include <heddle/heddle.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "spec-tests/script.h"
#include "spec-tests/spectest_module.h"

namespace heddle::spec {

/// What (shared (module $M)) hands to a thread: the module's shared memories, by export name.
using SharedExports = std::map<std::string, SharedMemory, std::less<>>;

class Context {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Context>> create(const Engine& engine, bool self_test);

  /// Decodes and validates what a script's module form assembled to.
  [[nodiscard]] Result<Module> load(const engine::ModuleForm& form) const;

  /// (module definition): names and remembers it.
  void define(const std::optional<std::string>& name, Module module);
  /// The definition of that name, or the latest. Null if there is none.
  [[nodiscard]] const Module* definition(const std::optional<std::string>& name) const;

  /// Links by the registered names and runs the start function; names nothing.
  [[nodiscard]] Outcome<Instance> instantiate(const Module& module);
  /// Makes it the current instance, and the one of that name.
  void set_current(const std::optional<std::string>& name, Instance instance);
  /// Actions fail until there is a new instance, rather than reach an older one.
  void forget_current(const std::optional<std::string>& name);

  [[nodiscard]] Result<void> register_as(const std::string& import_name,
                                         const std::optional<std::string>& module);

  [[nodiscard]] Outcome<std::vector<Value>> perform(const Action& action);

  /// What a thread that lists this module gets.
  [[nodiscard]] Result<SharedExports> shared_exports(const std::string& module) const;
  void add_shared(const std::string& module, SharedExports exports);

 private:
  Context(Engine engine, Store store, bool self_test)
      : engine_(std::move(engine)), store_(std::move(store)), self_test_(self_test) {}

  [[nodiscard]] Result<Instance> instance(const std::optional<std::string>& name) const;
  [[nodiscard]] Result<std::optional<Extern>> find_import(const ImportType& import);
  [[nodiscard]] Result<heddle::Value> to_argument(const Value& value, ValueType parameter) const;
  [[nodiscard]] Outcome<std::vector<Value>> invoke(const Instance& instance, const Action& action);

  using Registered = std::variant<Instance, SharedExports, HostModule>;

  Engine engine_;
  Store store_;
  bool self_test_;
  std::optional<Instance> current_;
  std::map<std::string, Instance, std::less<>> instances_;
  std::map<std::string, SharedExports, std::less<>> foreign_;
  std::optional<Module> latest_definition_;
  std::map<std::string, Module, std::less<>> definitions_;
  std::map<std::string, Registered, std::less<>> registry_;
};

}  // namespace heddle::spec
