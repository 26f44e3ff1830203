// SPDX-License-Identifier: Apache-2.0
// What a store shows its collector.
#include "engine/runtime/roots.h"

#include <algorithm>

namespace heddle::engine {

void StoreRoots::show_roots(gc::Marker& marker) {
  show_stack(marker);
  show_native_stack(marker);
  handles->show(marker);
  if (context_.exception != nullptr) marker.precise(gc::slot_of(context_.exception));
  if (constants != nullptr) marker.conservative(*constants);
  if (building != nullptr) show_instance(marker, *building);
  for (const auto& instance : *instances) show_instance(marker, *instance);
  for (const auto& table : *tables) show_table(marker, *table);
  for (const auto& global : *globals) show_global(marker, *global);
}

/// Frames of guests lie below gc_top while one of them allocates, and below stack_top while the host runs.
void StoreRoots::show_stack(gc::Marker& marker) const {
  const Slot* const top = std::max(context_.gc_top, context_.stack_top);
  marker.conservative(std::span(context_.stack_begin, top));
}

/// All entries into compiled code: each has saved native_frame and native_exit of the one around it below its
/// own frame.
void StoreRoots::show_native_stack(gc::Marker& marker) const {
  const Slot* exit = static_cast<const Slot*>(context_.native_exit);
  const Slot* frame = static_cast<const Slot*>(context_.native_frame);
  while (frame != nullptr) {
    marker.conservative(std::span(exit, frame));
    exit = reinterpret_cast<const Slot*>(frame[-2]);
    frame = reinterpret_cast<const Slot*>(frame[-1]);
  }
}

bool StoreRoots::is_traced(ValueType type) const {
  return type.is_ref() && !registry_.is_subtype(type.heap(), HeapType::Kind::func);
}

void StoreRoots::show_instance(gc::Marker& marker, const Instance& instance) const {
  const ModuleImage& module = *instance.module;
  if (instance.own_globals != nullptr) {
    for (size_t i = 0; i < module.globals.size() - module.imported_globals; ++i)
      show_global(marker, instance.own_globals[i]);
  }
  for (const auto& table : instance.own_tables) show_table(marker, *table);
  for (size_t i = 0; i < instance.element_values.size(); ++i) {
    if (is_traced(module.elements[i].type)) marker.precise(instance.element_values[i]);
  }
}

void StoreRoots::show_table(gc::Marker& marker, Table& table) const {
  if (is_traced(table.type().element)) marker.precise(std::span(table.elements(), table.size()));
}

void StoreRoots::show_global(gc::Marker& marker, const Global& global) const {
  if (is_traced(global.type.type)) marker.precise(global.value[0]);
}

}  // namespace heddle::engine
