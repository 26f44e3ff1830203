// SPDX-License-Identifier: Apache-2.0
// Handlers of loads, stores, memory.size, grow, fill, copy, init and data.drop. (Spec 4.4.7; design section
// 5)
//
// How accesses to a guarded memory trap is told in guarded_access.h.
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/interpreter/bodies_memory.h"
#include "engine/interpreter/handlers.h"
#include "engine/runtime/memory_bulk.h"

namespace heddle::engine {

namespace {

/// The bytes memory.init may copy: none once the segment has been dropped.
[[nodiscard]] std::span<const uint8_t> data_segment(const Instance& instance, uint32_t segment) {
  if (instance.dropped_data[segment]) return {};
  return instance.module->view(instance.module->data[segment].bytes);
}

/// A fault in a handler above continues here, with that handler's registers.
HEDDLE_HANDLER void landing(HEDDLE_STATE) { HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds); }

HEDDLE_HANDLER void memory_size(HEDDLE_STATE) {
  a = instance->memories[immediate32(ip)]->pages();
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void memory_grow(HEDDLE_STATE) {
  Memory& target = *instance->memories[immediate32(ip)];
  const int64_t old_pages = target.grow(fp[field<1>(ip)]);
  a = target.type().limits.is_64 ? static_cast<uint64_t>(old_pages) : static_cast<uint32_t>(old_pages);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(2);
}

// The three bulk operations record their own trap; the first record stays, so HEDDLE_TRAP_NOW only adds where
// it was.

HEDDLE_HANDLER void fill(HEDDLE_STATE) {
  Memory& target = *instance->memories[ip[2]];
  if (!memory_fill(*context, target, fp[field<0>(ip)], static_cast<uint8_t>(fp[field<1>(ip)]),
                   fp[field<2>(ip)])) [[unlikely]] {
    HEDDLE_TRAP_NOW(context->trap.kind);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void copy(HEDDLE_STATE) {
  Memory& to = *instance->memories[static_cast<uint32_t>(ip[2])];
  Memory& from = *instance->memories[ip[2] >> 32];
  if (!memory_copy(*context, to, fp[field<0>(ip)], from, fp[field<1>(ip)], fp[field<2>(ip)])) [[unlikely]] {
    HEDDLE_TRAP_NOW(context->trap.kind);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void init(HEDDLE_STATE) {
  Memory& target = *instance->memories[static_cast<uint32_t>(ip[2])];
  const auto segment = data_segment(*instance, static_cast<uint32_t>(ip[2] >> 32));
  if (!memory_init(*context, target, fp[field<0>(ip)], segment, fp[field<1>(ip)], fp[field<2>(ip)]))
      [[unlikely]] {
    HEDDLE_TRAP_NOW(context->trap.kind);
  }
  HEDDLE_NEXT(3);
}

HEDDLE_HANDLER void data_drop(HEDDLE_STATE) {
  instance->dropped_data[immediate32(ip)] = true;
  HEDDLE_NEXT(2);
}

template <Opcode kOpcode, Address kAddress>
void fill_load_address(LoadHandlers& row) {
  auto& form = row.guarded[static_cast<unsigned>(kAddress)];
  form[0] = make_handler<LoadGuarded<kOpcode, kAddress, Target::slot>>();
  form[1] = make_handler<LoadGuarded<kOpcode, kAddress, Target::accumulator>>();
}

template <Opcode kOpcode>
void fill_load(LoadHandlers& row) {
  fill_load_address<kOpcode, Address::slot>(row);
  fill_load_address<kOpcode, Address::accumulator>(row);
  fill_load_address<kOpcode, Address::slot_immediate>(row);
  fill_load_address<kOpcode, Address::accumulator_immediate>(row);
  fill_load_address<kOpcode, Address::slot_slot>(row);
  fill_load_address<kOpcode, Address::absolute>(row);
  row.checked[0] = make_handler<LoadChecked<kOpcode, uint32_t>>();
  row.checked[1] = make_handler<LoadChecked<kOpcode, uint64_t>>();
}

template <Opcode kOpcode, Address kAddress>
void fill_store_address(StoreHandlers& row) {
  auto& form = row.guarded[static_cast<unsigned>(kAddress)];
  constexpr bool address_in_a =
      kAddress == Address::accumulator || kAddress == Address::accumulator_immediate;
  form[0] = make_handler<StoreGuarded<kOpcode, kAddress, Source::slot>>();
  form[2] = make_handler<StoreGuarded<kOpcode, kAddress, Source::immediate>>();
  if constexpr (!address_in_a || std::is_floating_point_v<typename AccessOf<kOpcode>::Value>) {
    form[1] = make_handler<StoreGuarded<kOpcode, kAddress, Source::accumulator>>();
  }
}

template <Opcode kOpcode>
void fill_store(StoreHandlers& row) {
  fill_store_address<kOpcode, Address::slot>(row);
  fill_store_address<kOpcode, Address::accumulator>(row);
  fill_store_address<kOpcode, Address::slot_immediate>(row);
  fill_store_address<kOpcode, Address::accumulator_immediate>(row);
  fill_store_address<kOpcode, Address::slot_slot>(row);
  fill_store_address<kOpcode, Address::absolute>(row);
  row.checked[0] = make_handler<StoreChecked<kOpcode, uint32_t>>();
  row.checked[1] = make_handler<StoreChecked<kOpcode, uint64_t>>();
}

}  // namespace

void add_memory_handlers(HandlerTable& table) {
#define WASM_LOAD(name, ...) fill_load<Opcode::name>(table.load[static_cast<size_t>(Opcode::name)]);
#define WASM_STORE(name, ...) fill_store<Opcode::name>(table.store[static_cast<size_t>(Opcode::name)]);
#include "engine/opcodes/opcodes.def"
  table.landing = landing;
  table.single.memory_size = memory_size;
  table.single.memory_grow = memory_grow;
  table.single.memory_fill = fill;
  table.single.memory_copy = copy;
  table.single.memory_init = init;
  table.single.data_drop = data_drop;
}

}  // namespace heddle::engine
