// SPDX-License-Identifier: Apache-2.0
// Instance: instantiation, and exports by name.
#include <heddle/instance.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/api/suggest.h"
#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

ExternKind kind_of(const Extern& external) noexcept {
  return std::holds_alternative<SharedMemory>(external) ? ExternKind::memory
                                                        : static_cast<ExternKind>(external.index());
}

ExternType type_of(const Extern& external) {
  return std::visit([](const auto& object) -> ExternType { return object.type(); }, external);
}

Outcome<Instance> Instance::create(const StoreRef& store, const Module& module,
                                   std::span<const Extern> imports) {
  const std::shared_ptr<detail::StoreLink> link = Access::link(store);
  if (auto alive = detail::check_link(link, "store"); !alive) return alive.error();
  const auto& image = Access::image(module);
  if (image == nullptr) return detail::empty_handle("module");
  if (Access::impl(module) != link->engine) return detail::foreign_handle("module");
  if (imports.size() != image->imports.size()) {
    return detail::usage_error("the module has " + std::to_string(image->imports.size()) + " imports, " +
                               std::to_string(imports.size()) + " were given");
  }
  std::vector<engine::External> externals;
  externals.reserve(imports.size());
  for (const Extern& import : imports) {
    auto external = detail::to_external(link, import);
    if (!external) return external.error();
    externals.push_back(std::move(*external));
  }
  detail::CallScope scope(*link);
  Trap trap;
  auto instance = link->store->instantiate(image, externals, &trap);
  if (!instance) return instance.error();
  if (trap.kind != TrapKind::none) return scope.fail(std::move(trap));
  return Access::make<Instance>(link, *instance);
}

namespace {

Result<const engine::ModuleImage*> image_of(const Instance& instance) {
  HEDDLE_TRY(detail::check_link(Access::handle(instance).link, "instance"));
  return Access::object<engine::Instance>(instance)->module;
}

Extern export_of(const Instance& instance, const engine::Export& entry) {
  const auto& link = Access::handle(instance).link;
  return detail::from_external(link,
                               link->store->get_export(*Access::object<engine::Instance>(instance), entry));
}

std::string in_quotes(std::string_view name) { return "\"" + engine::escape_for_terminal(name) + "\""; }

/// Why there is no export of that name and kind.
Error no_export(const engine::ModuleImage& image, std::string_view name, ExternKind wanted) {
  if (const engine::Export* other = image.find_export(name)) {
    return detail::usage_error("export " + in_quotes(name) + " is a " +
                               to_string(static_cast<ExternKind>(other->kind)) + ", not a " +
                               to_string(wanted));
  }
  std::vector<std::string_view> names;
  for (const engine::Export& entry : image.exports) {
    if (static_cast<ExternKind>(entry.kind) == wanted) names.push_back(entry.name);
  }
  std::string message = std::string("no exported ") + to_string(wanted) + " " + in_quotes(name);
  if (const auto similar = detail::closest_name(name, names); !similar.empty()) {
    message += "; did you mean " + in_quotes(similar) + "?";
  }
  return detail::usage_error(std::move(message));
}

template <class T>
Result<T> find(const Instance& instance, std::string_view name, ExternKind kind) {
  HEDDLE_TRY_ASSIGN(const engine::ModuleImage* image, image_of(instance));
  const engine::Export* entry = image->find_export(name);
  if (entry == nullptr || static_cast<ExternKind>(entry->kind) != kind) return no_export(*image, name, kind);
  Extern found = export_of(instance, *entry);
  return std::move(*std::get_if<T>(&found));
}

}  // namespace

std::optional<Extern> Instance::get(std::string_view name) const {
  const auto image = image_of(*this);
  if (!image) return std::nullopt;
  const engine::Export* entry = (*image)->find_export(name);
  if (entry == nullptr) return std::nullopt;
  return export_of(*this, *entry);
}

Result<Function> Instance::function(std::string_view name) const {
  return find<Function>(*this, name, ExternKind::function);
}

Result<Table> Instance::table(std::string_view name) const {
  return find<Table>(*this, name, ExternKind::table);
}

Result<Memory> Instance::memory(std::string_view name) const {
  return find<Memory>(*this, name, ExternKind::memory);
}

Result<Global> Instance::global(std::string_view name) const {
  return find<Global>(*this, name, ExternKind::global);
}

Result<Tag> Instance::tag(std::string_view name) const { return find<Tag>(*this, name, ExternKind::tag); }

std::vector<std::pair<std::string, Extern>> Instance::exports() const {
  std::vector<std::pair<std::string, Extern>> out;
  const auto image = image_of(*this);
  if (!image) return out;
  for (const engine::Export& entry : (*image)->exports) {
    out.emplace_back(entry.name, export_of(*this, entry));
  }
  return out;
}

std::optional<Module> Instance::module() const {
  if (!detail::check_link(handle_.link, "instance")) return std::nullopt;
  return Access::module(handle_.link->engine, Access::object<engine::Instance>(*this)->module_owner);
}

}  // namespace heddle
