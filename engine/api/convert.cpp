// SPDX-License-Identifier: Apache-2.0
// Public types and values to and from those of the run time, with every check that keeps stores apart.
#include "engine/api/convert.h"

#include <algorithm>
#include <utility>

#include "engine/api/access.h"
#include "engine/gc/object.h"
#include "engine/gc/root_table.h"

namespace heddle::detail {

namespace {

template <class Type>
engine::Limits limits_of(const Type& type) {
  engine::Limits limits;
  limits.min = type.min;
  limits.max = type.max;
  limits.is_64 = type.is_64;
  return limits;
}

}  // namespace

FunctionType public_type(const engine::TypeDefinition& definition) {
  return {definition.parameters, definition.results};
}

TableType public_type(const engine::TableType& type) {
  return {type.element, type.limits.min, type.limits.max, type.limits.is_64};
}

MemoryType public_type(const engine::MemoryType& type) {
  return {type.limits.min, type.limits.max, type.limits.is_64, type.is_shared, type.page_size_log2};
}

GlobalType public_type(const engine::GlobalType& type) { return {type.type, type.is_mutable}; }

engine::StoreLimits internal_limits(const StoreLimits& limits) {
  return {limits.memory_bytes, limits.table_elements, limits.instances, limits.stack_bytes, limits.gc_bytes};
}

engine::TableType internal_type(const TableType& type) { return {type.element, limits_of(type)}; }

engine::MemoryType internal_type(const MemoryType& type) {
  engine::MemoryType out;
  out.limits = limits_of(type);
  out.is_shared = type.is_shared;
  out.page_size_log2 = type.page_size_log2;
  return out;
}

engine::GlobalType internal_type(const GlobalType& type) { return {type.type, type.is_mutable}; }

Result<void> check_type(const TableType& type) {
  if (!type.element.is_ref()) return usage_error("a table holds references, not " + to_string(type.element));
  if (type.max && *type.max < type.min) return usage_error("size minimum must not be greater than maximum");
  if (!type.is_64 && std::max(type.min, type.max.value_or(0)) > UINT32_MAX) {
    return usage_error("table size must be at most 2^32-1");
  }
  return {};
}

Result<void> check_type(const MemoryType& type) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != 16) return usage_error("invalid custom page size");
  if (type.is_shared && !type.max) return usage_error("shared memory must have maximum");
  if (type.max && *type.max < type.min) return usage_error("size minimum must not be greater than maximum");
  const unsigned address_bits = type.is_64 ? 64 : 32;
  const unsigned page_bits = address_bits - type.page_size_log2;
  if (page_bits < 64 && std::max(type.min, type.max.value_or(0)) > uint64_t{1} << page_bits) {
    return usage_error("memory size must be at most 2^" + std::to_string(page_bits) + " pages");
  }
  return {};
}

ExternType type_in(const engine::ModuleImage& image, engine::ExternKind kind, uint32_t index) {
  switch (kind) {
    case engine::ExternKind::table: return public_type(image.tables[index].type);
    case engine::ExternKind::memory: return public_type(image.memories[index]);
    case engine::ExternKind::global: return public_type(image.globals[index].type);
    case engine::ExternKind::tag: return TagType{public_type(image.registry->get(image.tags[index].type))};
    case engine::ExternKind::function: break;
  }
  return public_type(image.function_type(index));
}

namespace {

/// Keeps an object alive for the Values that refer to it. Threads: may be destroyed on any.
class Root {
 public:
  Root(std::shared_ptr<StoreLink> link, engine::Slot slot)
      : link_(std::move(link)), table_(link_->store->handles()), number_(table_->add(slot)) {}
  ~Root() { table_->remove(number_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  [[nodiscard]] StoreLink* link() const { return link_.get(); }

 private:
  std::shared_ptr<StoreLink> link_;
  std::shared_ptr<engine::gc::RootTable> table_;
  size_t number_;
};

/// A link that is a root too.
std::shared_ptr<StoreLink> make_rooted(const std::shared_ptr<StoreLink>& link, engine::Slot slot) {
  auto root = std::make_shared<Root>(link, slot);
  StoreLink* const target = root->link();
  return {std::move(root), target};
}

ReferenceKind object_kind(const engine::gc::Object& object) {
  switch (object.layout->kind) {
    case engine::ObjectKind::structure: return ReferenceKind::structure;
    case engine::ObjectKind::array: return ReferenceKind::array;
    case engine::ObjectKind::exception: break;
  }
  return ReferenceKind::exception;
}

/// A reference that is no function. `family` is the top of its hierarchy.
Value read_reference(const std::shared_ptr<StoreLink>& link, HeapType::Kind family, engine::Slot slot) {
  using Kind = HeapType::Kind;
  if (slot == 0) return Value::null(family);
  const ValueType type = ValueType::ref(family, false);
  if (engine::gc::is_host(slot)) return Access::value(type, engine::gc::host_payload(slot), 0, nullptr);
  if (engine::gc::is_i31(slot)) {
    if (family == Kind::extern_)
      return Access::value(type, slot, static_cast<uint64_t>(ReferenceKind::i31), link);
    return Access::value(ValueType::ref(Kind::i31, false), slot, 0, nullptr);
  }
  const engine::gc::Object& object = *engine::gc::object_of(slot);
  const ValueType exact = ValueType::ref(HeapType::defined(object.layout->id), false);
  return Access::value(family == Kind::any ? exact : type, slot, static_cast<uint64_t>(object_kind(object)),
                       make_rooted(link, slot));
}

}  // namespace

Value read_value(const std::shared_ptr<StoreLink>& link, ValueType type, const engine::Slot* slots) {
  if (!type.is_ref()) {
    const uint64_t mask =
        type.kind() == ValueType::Kind::i32 || type.kind() == ValueType::Kind::f32 ? UINT32_MAX : UINT64_MAX;
    return Access::value(type, slots[0] & mask, type.slots() == 2 ? slots[1] : 0, nullptr);
  }
  const engine::TypeRegistry& registry = link->engine->registry;
  const auto below = [&](HeapType::Kind top) { return registry.is_subtype(type.heap(), HeapType(top)); };
  if (below(HeapType::Kind::func)) {
    if (slots[0] == 0) return Value::null(HeapType::Kind::func);
    const auto* function =
        reinterpret_cast<const engine::Function*>(slots[0]);  // NOLINT: what a funcref slot holds
    return Access::value(ValueType::ref(HeapType::defined(function->type), false), slots[0],
                         static_cast<uint64_t>(ReferenceKind::function), link);
  }
  if (below(HeapType::Kind::extern_)) return read_reference(link, HeapType::Kind::extern_, slots[0]);
  const auto family = below(HeapType::Kind::exn) ? HeapType::Kind::exn : HeapType::Kind::any;
  return read_reference(link, family, slots[0]);
}

namespace {

/// A value that is an object or a function says its very type, no supertype of it.
ValueType exact_type(const Value& value) {
  const ValueType type = value.type();
  if (!type.is_ref() || !type.heap().is_defined()) return type;
  return ValueType::ref(HeapType::exact(type.heap().number()), type.is_nullable());
}

}  // namespace

Result<void> write_value(const StoreLink& link, ValueType type, const Value& value, engine::Slot* slots,
                         const std::string& what) {
  // A reference that belongs to a store is checked first: its type's number means nothing in another engine.
  if (const auto& owner = Access::link(value); owner != nullptr) {
    if (owner.get() != &link) return usage_error(what + ": a reference of another store or engine");
    if (owner->store == nullptr) return store_gone();
  }
  const bool fits =
      type.is_ref() ? link.engine->registry.is_subtype(exact_type(value), type) : value.type() == type;
  if (!fits) {
    return usage_error(what + ": expected " + to_string(type) + ", found " + to_string(value.type()));
  }
  if (type.is_ref() && value.reference_kind() == ReferenceKind::host) {
    const uint64_t payload = Access::bits(value, 0);
    if (!engine::gc::fits_host(payload))
      return usage_error(what + ": a host's reference must have its two highest bits clear");
    slots[0] = engine::gc::make_host(payload);
    return {};
  }
  slots[0] = Access::bits(value, 0);
  if (type.slots() == 2) slots[1] = Access::bits(value, 1);
  return {};
}

namespace {

/// The object behind a handle of this very store.
template <class T>
Result<void*> object_of(const std::shared_ptr<StoreLink>& link, const T& handle, const char* what) {
  const Handle& inner = Access::handle(handle);
  if (auto alive = check_link(inner.link, what); !alive) return alive.error();
  if (inner.link != link) return foreign_handle(what);
  return inner.object;
}

Result<engine::External> memory_external(const std::shared_ptr<EngineImpl>& engine, const StoreLink& link,
                                         const std::shared_ptr<engine::Memory>& memory) {
  if (memory == nullptr) return empty_handle("memory");
  if (engine != link.engine) return foreign_handle("memory");
  engine::External external;
  external.kind = engine::ExternKind::memory;
  external.memory = memory;
  return external;
}

}  // namespace

Result<engine::External> to_external(const std::shared_ptr<StoreLink>& link, const Extern& object) {
  engine::External external;
  external.kind = static_cast<engine::ExternKind>(kind_of(object));
  if (const auto* function = std::get_if<Function>(&object)) {
    auto address = object_of(link, *function, "function");
    if (!address) return address.error();
    external.function = static_cast<engine::Function*>(*address);
  } else if (const auto* table = std::get_if<Table>(&object)) {
    auto address = object_of(link, *table, "table");
    if (!address) return address.error();
    external.table = static_cast<engine::Table*>(*address);
  } else if (const auto* global = std::get_if<Global>(&object)) {
    auto address = object_of(link, *global, "global");
    if (!address) return address.error();
    external.global = static_cast<engine::Global*>(*address);
  } else if (const auto* tag = std::get_if<Tag>(&object)) {
    auto address = object_of(link, *tag, "tag");
    if (!address) return address.error();
    external.tag = static_cast<engine::Tag*>(*address);
  } else if (const auto* shared = std::get_if<SharedMemory>(&object)) {
    return memory_external(Access::impl(*shared), *link, Access::memory(*shared));
  } else if (const auto* memory = std::get_if<Memory>(&object)) {
    const auto& owner = Access::link(*memory);
    // A shared memory is at home in every store of its engine.
    if (owner != nullptr && owner != link && !Access::memory(*memory)->is_shared())
      return foreign_handle("memory");
    return memory_external(owner ? owner->engine : nullptr, *link, Access::memory(*memory));
  }
  return external;
}

Extern from_external(const std::shared_ptr<StoreLink>& link, const engine::External& external) {
  switch (external.kind) {
    case engine::ExternKind::table: return Access::make<Table>(link, external.table);
    case engine::ExternKind::memory: return Access::memory(link, external.memory);
    case engine::ExternKind::global: return Access::make<Global>(link, external.global);
    case engine::ExternKind::tag: return Access::make<Tag>(link, external.tag);
    default: return Access::make<Function>(link, external.function);
  }
}

}  // namespace heddle::detail
