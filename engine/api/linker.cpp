// SPDX-License-Identifier: Apache-2.0
// Linker: definitions by name, and the report of everything that is missing.
#include <heddle/linker.h>

#include <map>
#include <variant>

#include "engine/api/access.h"
#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

namespace {

struct ValueRecipe {
  FunctionType type;
  HostCallback callback;
};
struct RawRecipe {
  FunctionType type;
  detail::RawCallback callback;
};
using Definition = std::variant<Extern, ValueRecipe, RawRecipe>;
using Name = std::pair<std::string, std::string>;

std::string in_quotes(std::string_view name) { return "\"" + engine::escape_for_terminal(name) + "\""; }

}  // namespace

struct Linker::Impl {
  std::shared_ptr<detail::EngineImpl> engine;
  std::map<Name, Definition> definitions;

  Result<void> add(std::string_view module, std::string_view name, Definition definition) {
    const auto [place, inserted] = definitions.try_emplace(Name(module, name), std::move(definition));
    if (inserted) return {};
    return detail::usage_error(in_quotes(module) + " " + in_quotes(name) + " is defined already");
  }

  [[nodiscard]] const Definition* find(const engine::Import& import) const {
    const auto place = definitions.find(Name(import.module, import.name));
    return place == definitions.end() ? nullptr : &place->second;
  }
};

Linker::Linker(const Engine& engine) : impl_(std::make_unique<Impl>()) {
  impl_->engine = Access::impl(engine);
}
Linker::Linker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Linker::~Linker() = default;
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;

Linker Linker::clone() const { return Linker(impl_ == nullptr ? nullptr : std::make_unique<Impl>(*impl_)); }

Result<void> Linker::define(std::string_view module, std::string_view name, Extern object) {
  if (impl_ == nullptr) return detail::empty_handle("linker");
  if (std::visit([](const auto& each) { return each.empty(); }, object)) {
    return detail::empty_handle(to_string(kind_of(object)));
  }
  return impl_->add(module, name, std::move(object));
}

Result<void> Linker::define_instance(std::string_view module, const Instance& instance) {
  HEDDLE_TRY(detail::check_link(Access::handle(instance).link, "instance"));
  for (auto& [name, object] : instance.exports()) HEDDLE_TRY(define(module, name, std::move(object)));
  return {};
}

Result<void> Linker::define_host(std::string_view module, std::string_view name, const FunctionType& type,
                                 HostCallback callback) {
  if (impl_ == nullptr) return detail::empty_handle("linker");
  return impl_->add(module, name, ValueRecipe{type, std::move(callback)});
}

Result<void> Linker::define_raw(std::string_view module, std::string_view name, const FunctionType& type,
                                detail::RawCallback callback) {
  if (impl_ == nullptr) return detail::empty_handle("linker");
  return impl_->add(module, name, RawRecipe{type, std::move(callback)});
}

std::vector<ImportType> Linker::missing(const Module& module) const {
  std::vector<ImportType> out;
  const auto& image = Access::image(module);
  if (impl_ == nullptr || image == nullptr) return out;
  std::vector<ImportType> imports = module.imports();
  for (size_t i = 0; i < imports.size(); ++i) {
    if (impl_->find(image->imports[i]) == nullptr) out.push_back(std::move(imports[i]));
  }
  return out;
}

namespace {

Error unknown_imports(const std::vector<ImportType>& missing) {
  Error error;
  error.kind = ErrorKind::link;
  error.message = missing.size() == 1 ? "unknown import" : "unknown imports";
  const char* separator = ": ";
  for (const ImportType& import : missing) {
    error.message +=
        separator + in_quotes(import.module) + " " + in_quotes(import.name) + " " + to_string(import.type);
    separator = ", ";
  }
  return error;
}

Result<Extern> realize(const StoreRef& store, const Definition& definition) {
  if (const auto* object = std::get_if<Extern>(&definition)) return *object;
  auto function = std::holds_alternative<ValueRecipe>(definition)
                      ? Access::make_host(store, std::get_if<ValueRecipe>(&definition)->type,
                                          std::get_if<ValueRecipe>(&definition)->callback)
                      : Access::make_raw(store, std::get_if<RawRecipe>(&definition)->type,
                                         std::get_if<RawRecipe>(&definition)->callback);
  if (!function) return std::move(function).error();
  return Extern(std::move(*function));
}

}  // namespace

Outcome<Instance> Linker::instantiate(const StoreRef& store, const Module& module) const {
  if (impl_ == nullptr) return detail::empty_handle("linker");
  const auto& image = Access::image(module);
  if (image == nullptr) return detail::empty_handle("module");
  if (Access::impl(module) != impl_->engine) return detail::foreign_handle("module");
  if (const auto absent = missing(module); !absent.empty()) return unknown_imports(absent);
  std::vector<Extern> imports;
  imports.reserve(image->imports.size());
  for (const engine::Import& import : image->imports) {
    auto object = realize(store, *impl_->find(import));
    if (!object) return object.error();
    imports.push_back(std::move(*object));
  }
  return Instance::create(store, module, imports);
}

}  // namespace heddle
