// SPDX-License-Identifier: Apache-2.0
// Conversions between the public types and values and those of the run time.
#pragma once

#include <heddle/heddle.h>

#include <memory>
#include <optional>
#include <string>

#include "engine/api/store_link.h"
#include "engine/module/module.h"
#include "engine/runtime/store.h"

namespace heddle::detail {

[[nodiscard]] FunctionType public_type(const engine::TypeDefinition& definition);
[[nodiscard]] TableType public_type(const engine::TableType& type);
[[nodiscard]] MemoryType public_type(const engine::MemoryType& type);
[[nodiscard]] GlobalType public_type(const engine::GlobalType& type);

[[nodiscard]] engine::StoreLimits internal_limits(const StoreLimits& limits);

/// REQUIRES: the type has been checked with check_type().
[[nodiscard]] engine::TableType internal_type(const TableType& type);
[[nodiscard]] engine::MemoryType internal_type(const MemoryType& type);
[[nodiscard]] engine::GlobalType internal_type(const GlobalType& type);

/// Is the type one that a module could declare?
[[nodiscard]] Result<void> check_type(const TableType& type);
[[nodiscard]] Result<void> check_type(const MemoryType& type);

/// The type of something in a module's index spaces.
[[nodiscard]] ExternType type_in(const engine::ModuleImage& image, engine::ExternKind kind, uint32_t index);

/// The value in slots of a known type. A function becomes a handle with its own exact type.
[[nodiscard]] Value read_value(const std::shared_ptr<StoreLink>& link, ValueType type,
                               const engine::Slot* slots);
/// Checks that `value` may stand where `type` is wanted in this store, and puts it into slots.
/// Errors: usage; `what` begins the message, e.g. "argument 2".
[[nodiscard]] Result<void> write_value(const StoreLink& link, ValueType type, const Value& value,
                                       engine::Slot* slots, const std::string& what);

/// `object` for a store's instantiation: its address, if it belongs there.
[[nodiscard]] Result<engine::External> to_external(const std::shared_ptr<StoreLink>& link,
                                                   const Extern& object);
[[nodiscard]] Extern from_external(const std::shared_ptr<StoreLink>& link, const engine::External& external);

/// An exception of the store, for the embedder; and back. Null if the store has no room for it.
/// Errors: usage (the tag or a value does not fit or belongs elsewhere).
[[nodiscard]] Exception read_exception(const std::shared_ptr<StoreLink>& link,
                                       engine::gc::Exception& exception);
[[nodiscard]] Result<engine::gc::Exception*> write_exception(const std::shared_ptr<StoreLink>& link,
                                                             const Exception& exception);

}  // namespace heddle::detail
