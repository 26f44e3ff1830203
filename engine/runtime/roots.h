// SPDX-License-Identifier: Apache-2.0
// StoreRoots: everything from which the objects of a store's heap are reached.
#pragma once

#include <memory>
#include <vector>

#include "engine/gc/heap.h"
#include "engine/gc/root_table.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/store.h"

namespace heddle::engine {

/// The guest's stack, frames of compiled code and constants being evaluated are shown conservatively;
/// globals, tables, element segments and the host's handles precisely.
class StoreRoots final : public gc::RootSource {
 public:
  StoreRoots(const ExecContext& context, const TypeRegistry& registry)
      : context_(context), registry_(registry) {}

  void show_roots(gc::Marker& marker) override;

  std::shared_ptr<gc::RootTable> handles = std::make_shared<gc::RootTable>();
  /// Set by the store: what it owns.
  const std::vector<std::unique_ptr<Instance>>* instances = nullptr;
  const std::vector<std::unique_ptr<Table>>* tables = nullptr;
  const std::vector<std::unique_ptr<Global>>* globals = nullptr;
  /// The instance that is being made and stands in no list yet.
  const Instance* building = nullptr;
  /// The operand stack of a constant expression.
  const std::vector<Slot>* constants = nullptr;

 private:
  void show_stack(gc::Marker& marker) const;
  void show_native_stack(gc::Marker& marker) const;
  void show_instance(gc::Marker& marker, const Instance& instance) const;
  void show_table(gc::Marker& marker, Table& table) const;
  void show_global(gc::Marker& marker, const Global& global) const;
  [[nodiscard]] bool is_traced(ValueType type) const;

  const ExecContext& context_;
  const TypeRegistry& registry_;
};

}  // namespace heddle::engine
