// SPDX-License-Identifier: Apache-2.0
// Names, imports, calls: how a script's words become uses of the embedding API.
#include "spec-tests/context.h"

#include <fmt/format.h>

#include "engine/support/try.h"
#include "spec-tests/usage_error.h"

namespace heddle::spec {

namespace {

/// (ref.extern 0) is not null, so its payload is not 0 either.
void* extern_payload(uint64_t number) { return reinterpret_cast<void*>(number + 1); }  // NOLINT: a payload

ReferenceKind kind_of_reference(const heddle::Value& value) {
  if (value.is_null()) return ReferenceKind::null;
  if (value.type().heap() == HeapType::Kind::extern_) return ReferenceKind::extern_;
  switch (value.reference_kind()) {
    case heddle::ReferenceKind::null: return ReferenceKind::null;
    case heddle::ReferenceKind::function: return ReferenceKind::func;
    case heddle::ReferenceKind::host: return ReferenceKind::host;
    case heddle::ReferenceKind::i31: return ReferenceKind::i31;
    case heddle::ReferenceKind::structure: return ReferenceKind::struct_;
    case heddle::ReferenceKind::array: return ReferenceKind::array;
    case heddle::ReferenceKind::exception: return ReferenceKind::exn;
  }
  return ReferenceKind::other;
}

Value from_api(const heddle::Value& value) {
  switch (value.type().kind()) {
    case ValueType::Kind::i32: return Value::number(ValueKind::i32, value.u32());
    case ValueType::Kind::i64: return Value::number(ValueKind::i64, value.u64());
    case ValueType::Kind::f32: return Value::number(ValueKind::f32, value.f32_bits());
    case ValueType::Kind::f64: return Value::number(ValueKind::f64, value.f64_bits());
    case ValueType::Kind::v128: {
      Value vector = Value::number(ValueKind::v128, 0);
      vector.bytes = value.v128().bytes;
      return vector;
    }
    default: break;
  }
  const ReferenceKind kind = kind_of_reference(value);
  if (value.is_null() || value.reference_kind() != heddle::ReferenceKind::host)
    return Value::reference_to(kind);
  return Value::reference_to(kind, reinterpret_cast<uint64_t>(value.externref()) - 1);
}

}  // namespace

Result<std::unique_ptr<Context>> Context::create(const Engine& engine, bool self_test) {
  HEDDLE_TRY_ASSIGN(Store store, Store::create(engine));
  if (engine.config().fuel) HEDDLE_TRY(store.set_fuel(INT64_MAX));
  return std::unique_ptr<Context>(new Context(engine, std::move(store), self_test));
}

Result<Module> Context::load(const engine::ModuleForm& form) const {
  if (form.error) return *form.error;
  return Module::load(engine_, form.bytes);
}

void Context::define(const std::optional<std::string>& name, Module module) {
  if (name) definitions_.insert_or_assign(*name, module);
  latest_definition_ = std::move(module);
}

const Module* Context::definition(const std::optional<std::string>& name) const {
  if (!name) return latest_definition_ ? &*latest_definition_ : nullptr;
  const auto found = definitions_.find(*name);
  return found == definitions_.end() ? nullptr : &found->second;
}

Result<std::optional<Extern>> Context::find_import(const ImportType& import) {
  auto found = registry_.find(import.module);
  if (found == registry_.end() && import.module == "spectest") {
    HEDDLE_TRY_ASSIGN(HostModule host, make_spectest_module(engine_, store_));
    found = registry_.emplace(import.module, std::move(host)).first;
  } else if (found == registry_.end() && self_test_ && import.module == "selftest") {
    HEDDLE_TRY_ASSIGN(HostModule host, make_selftest_module(store_));
    found = registry_.emplace(import.module, std::move(host)).first;
  }
  if (found == registry_.end()) return std::optional<Extern>();
  if (const auto* instance = std::get_if<Instance>(&found->second)) return instance->get(import.name);
  if (const auto* host = std::get_if<HostModule>(&found->second)) {
    const auto entry = host->find(import.name);
    return entry == host->end() ? std::optional<Extern>() : std::optional<Extern>(entry->second);
  }
  const auto& shared = std::get<SharedExports>(found->second);
  const auto entry = shared.find(import.name);
  return entry == shared.end() ? std::optional<Extern>() : std::optional<Extern>(entry->second);
}

Outcome<Instance> Context::instantiate(const Module& module) {
  std::vector<Extern> imports;
  for (const ImportType& import : module.imports()) {
    auto found = find_import(import);
    if (!found.ok()) return found.error();
    if (!found->has_value()) {
      Error error;
      error.kind = ErrorKind::link;
      error.message =
          fmt::format("unknown import \"{}\" \"{}\" {}", import.module, import.name, to_string(import.type));
      return error;
    }
    imports.push_back(**found);
  }
  return Instance::create(store_, module, imports);
}

void Context::set_current(const std::optional<std::string>& name, Instance instance) {
  if (name) instances_.insert_or_assign(*name, instance);
  current_ = std::move(instance);
}

void Context::forget_current(const std::optional<std::string>& name) {
  current_.reset();
  if (name) instances_.erase(*name);
}

Result<Instance> Context::instance(const std::optional<std::string>& name) const {
  if (!name) {
    if (current_) return *current_;
    return usage("there is no current instance");
  }
  const auto found = instances_.find(*name);
  if (found != instances_.end()) return found->second;
  if (foreign_.contains(*name)) return usage(fmt::format("${} belongs to another thread", *name));
  return usage(fmt::format("there is no instance ${}", *name));
}

Result<void> Context::register_as(const std::string& import_name, const std::optional<std::string>& module) {
  if (module) {
    const auto shared = foreign_.find(*module);
    if (shared != foreign_.end() && !instances_.contains(*module)) {
      registry_.insert_or_assign(import_name, shared->second);
      return {};
    }
  }
  HEDDLE_TRY_ASSIGN(const Instance found, instance(module));
  registry_.insert_or_assign(import_name, found);
  return {};
}

Outcome<std::vector<Value>> Context::perform(const Action& action) {
  auto found = instance(action.module);
  if (!found.ok()) return found.error();
  if (action.kind == ActionKind::invoke) return invoke(*found, action);
  auto global = found->global(action.field);
  if (!global.ok()) return global.error();
  auto value = global->get();
  if (!value.ok()) return value.error();
  return std::vector<Value>{from_api(*value)};
}

Outcome<std::vector<Value>> Context::invoke(const Instance& instance, const Action& action) {
  auto function = instance.function(action.field);
  if (!function.ok()) return function.error();
  const FunctionType type = function->type();
  if (type.parameters.size() != action.arguments.size()) {
    return usage(fmt::format("{} arguments for {}", action.arguments.size(), to_string(type)));
  }
  std::vector<heddle::Value> arguments;
  for (size_t i = 0; i < action.arguments.size(); ++i) {
    auto argument = to_argument(action.arguments[i], type.parameters[i]);
    if (!argument.ok()) return argument.error();
    arguments.push_back(*argument);
  }
  auto called = function->call(arguments);
  if (!called.ok()) return std::move(called).failure();
  std::vector<Value> results;
  for (const heddle::Value& result : *called) results.push_back(from_api(result));
  return results;
}

Result<heddle::Value> Context::to_argument(const Value& value, ValueType parameter) const {
  switch (value.kind) {
    case ValueKind::i32: return heddle::Value(static_cast<uint32_t>(value.low()));
    case ValueKind::i64: return heddle::Value(value.low());
    case ValueKind::f32: return heddle::Value(std::bit_cast<float>(static_cast<uint32_t>(value.low())));
    case ValueKind::f64: return heddle::Value(std::bit_cast<double>(value.low()));
    case ValueKind::v128: return heddle::Value(V128{value.bytes});
    case ValueKind::reference: break;
  }
  if (value.reference == ReferenceKind::extern_) return heddle::Value::externref(extern_payload(value.low()));
  if (value.reference == ReferenceKind::host) return heddle::Value::anyref(extern_payload(value.low()));
  if (value.reference != ReferenceKind::null) {
    return usage(fmt::format("{} can't be passed to a guest", to_string(value)));
  }
  // The family of a null is the parameter's. Of a defined type it is not known here: then it is the one
  // written, else functions'; the suite writes (ref.null $t) too.
  using Kind = HeapType::Kind;
  if (!parameter.is_ref() || parameter.heap().is_defined())
    return heddle::Value::null(value.low() == Value::kObjectNull ? Kind::any : Kind::func);
  switch (parameter.heap().kind()) {
    case Kind::extern_:
    case Kind::noextern: return heddle::Value::null(Kind::extern_);
    case Kind::exn:
    case Kind::noexn: return heddle::Value::null(Kind::exn);
    case Kind::func:
    case Kind::nofunc: return heddle::Value::null(Kind::func);
    default: return heddle::Value::null(Kind::any);
  }
}

Result<SharedExports> Context::shared_exports(const std::string& module) const {
  if (const auto shared = foreign_.find(module); shared != foreign_.end() && !instances_.contains(module)) {
    return shared->second;
  }
  HEDDLE_TRY_ASSIGN(const Instance found, instance(module));
  SharedExports exports;
  for (const auto& [name, object] : found.exports()) {
    const auto* memory = std::get_if<Memory>(&object);
    if (memory == nullptr) continue;
    if (auto shared = memory->shared()) exports.emplace(name, *shared);
  }
  return exports;
}

void Context::add_shared(const std::string& module, SharedExports exports) {
  foreign_.insert_or_assign(module, std::move(exports));
}

}  // namespace heddle::spec
