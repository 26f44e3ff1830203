// SPDX-License-Identifier: Apache-2.0
// Runtime calls of tables, and of references to functions.
#include "engine/runtime/table_bulk.h"

#include "engine/module/module.h"
#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit::calls {

using engine::Instance;
using engine::Slot;

namespace {

[[nodiscard]] TrapKind outcome(bool done) { return done ? TrapKind::none : TrapKind::table_out_of_bounds; }

}  // namespace

TrapKind table_grow(Instance* instance, Slot* slots, uint64_t table, uint64_t) noexcept {
  slots[0] = static_cast<uint64_t>(instance->tables[table]->grow(slots[1], slots[0]));
  return TrapKind::none;
}

TrapKind table_fill(Instance* instance, Slot* slots, uint64_t table, uint64_t) noexcept {
  return outcome(engine::table_fill(*instance->tables[table], slots[0], slots[1], slots[2]));
}

TrapKind table_copy(Instance* instance, Slot* slots, uint64_t to, uint64_t from) noexcept {
  return outcome(
      engine::table_copy(*instance->tables[to], slots[0], *instance->tables[from], slots[1], slots[2]));
}

TrapKind table_init(Instance* instance, Slot* slots, uint64_t table, uint64_t segment) noexcept {
  return outcome(engine::table_init(*instance, static_cast<uint32_t>(segment), *instance->tables[table],
                                    slots[0], static_cast<uint32_t>(slots[1]),
                                    static_cast<uint32_t>(slots[2])));
}

TrapKind elem_drop(Instance* instance, Slot*, uint64_t segment, uint64_t) noexcept {
  engine::drop_elements(*instance, static_cast<uint32_t>(segment));
  return TrapKind::none;
}

TrapKind function_reference(Instance* instance, Slot* slots, uint64_t function, uint64_t) noexcept {
  slots[0] = reinterpret_cast<Slot>(instance->function(static_cast<uint32_t>(function)));
  return TrapKind::none;
}

TrapKind is_subtype(Instance* instance, Slot* slots, uint64_t, uint64_t) noexcept {
  const auto type = static_cast<engine::TypeId>(slots[0]);
  const auto wanted = static_cast<engine::TypeId>(slots[1]);
  slots[0] = instance->module->registry->is_subtype(type, wanted) ? 1 : 0;
  return TrapKind::none;
}

}  // namespace heddle::jit::calls
