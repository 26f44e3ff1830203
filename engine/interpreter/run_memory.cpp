// SPDX-License-Identifier: Apache-2.0
// Handlers of loads, stores, memory.size, grow, fill, copy, init and data.drop. (Spec 4.4.7; design section
// 5)
//
// How accesses to a guarded memory trap is told in guarded_access.h.
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/interpreter/checked_access.h"
#include "engine/interpreter/guarded_access.h"
#include "engine/interpreter/handlers.h"
#include "engine/runtime/memory_bulk.h"

namespace heddle::engine {

namespace {

template <class M, class V, Address kAddress, Target kTarget>
HEDDLE_HANDLER void load(HEDDLE_STATE) {
  const uint64_t address = effective_address<kAddress>(ip, fp, a, field<1>(ip), field<2>(ip));
  M loaded;
  std::memcpy(&loaded, probe<sizeof loaded>(memory + address, HEDDLE_PASS), sizeof loaded);
  V value = static_cast<V>(loaded);
  finish_load(ip, value);
  write_result<kTarget>(value, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <class V, Source kSource>
[[nodiscard]] inline V stored_value(const Word* ip, const Slot* fp, uint64_t a, float f, double d) {
  if constexpr (kSource == Source::immediate) {
    V value;
    std::memcpy(&value, ip + 2, sizeof value);
    return value;
  } else {
    return read_operand<V, kSource, 1>(ip, fp, a, f, d);
  }
}

template <class M, class V, Address kAddress, Source kSource>
HEDDLE_HANDLER void store(HEDDLE_STATE) {
  const uint64_t address = effective_address<kAddress>(ip, fp, a, field<0>(ip), field<2>(ip));
  const M value = static_cast<M>(stored_value<V, kSource>(ip, fp, a, f, d));
  std::memcpy(probe<sizeof value>(memory + address, HEDDLE_PASS), &value, sizeof value);
  finish_store(ip);
  constexpr unsigned words = kSource == Source::immediate ? 3 : 2;
  HEDDLE_NEXT(words);
}

template <class M, class V, class A>
HEDDLE_HANDLER void load_checked(HEDDLE_STATE) {
  const Memory& target = *instance->memories[immediate32(ip)];
  uint64_t address;
  if (!checked_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  M loaded;
  std::memcpy(&loaded, target.base() + address, sizeof loaded);
  write_result<Target::slot>(static_cast<V>(loaded), ip, fp, a, f, d);
  HEDDLE_NEXT(3);
}

template <class M, class V, class A>
HEDDLE_HANDLER void store_checked(HEDDLE_STATE) {
  const Memory& target = *instance->memories[immediate32(ip)];
  uint64_t address;
  if (!checked_address<A, sizeof(M)>(target, fp + field<0>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  const M value = static_cast<M>(read_slot<V>(fp + field<1>(ip)));
  std::memcpy(target.base() + address, &value, sizeof value);
  HEDDLE_NEXT(3);
}

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

template <class M, class V, Address kAddress>
void fill_load_address(LoadHandlers& row) {
  row.guarded[static_cast<unsigned>(kAddress)][0] = load<M, V, kAddress, Target::slot>;
  row.guarded[static_cast<unsigned>(kAddress)][1] = load<M, V, kAddress, Target::accumulator>;
}

template <class M, class V>
void fill_load(LoadHandlers& row) {
  fill_load_address<M, V, Address::slot>(row);
  fill_load_address<M, V, Address::accumulator>(row);
  fill_load_address<M, V, Address::slot_immediate>(row);
  fill_load_address<M, V, Address::accumulator_immediate>(row);
  fill_load_address<M, V, Address::slot_slot>(row);
  row.checked[0] = load_checked<M, V, uint32_t>;
  row.checked[1] = load_checked<M, V, uint64_t>;
}

template <class M, class V, Address kAddress>
void fill_store_address(StoreHandlers& row) {
  auto& form = row.guarded[static_cast<unsigned>(kAddress)];
  constexpr bool address_in_a =
      kAddress == Address::accumulator || kAddress == Address::accumulator_immediate;
  form[static_cast<unsigned>(Source::slot)] = store<M, V, kAddress, Source::slot>;
  form[static_cast<unsigned>(Source::immediate)] = store<M, V, kAddress, Source::immediate>;
  if constexpr (!address_in_a || std::is_floating_point_v<V>) {
    form[static_cast<unsigned>(Source::accumulator)] = store<M, V, kAddress, Source::accumulator>;
  }
}

template <class M, class V>
void fill_store(StoreHandlers& row) {
  fill_store_address<M, V, Address::slot>(row);
  fill_store_address<M, V, Address::accumulator>(row);
  fill_store_address<M, V, Address::slot_immediate>(row);
  fill_store_address<M, V, Address::accumulator_immediate>(row);
  fill_store_address<M, V, Address::slot_slot>(row);
  row.checked[0] = store_checked<M, V, uint32_t>;
  row.checked[1] = store_checked<M, V, uint64_t>;
}

}  // namespace

void add_memory_handlers(HandlerTable& table) {
#define WASM_LOAD(name, code, text, immediate, signature, feature, access_log2, ...) \
  fill_load<__VA_ARGS__>(table.load[static_cast<size_t>(Opcode::name)]);
#define WASM_STORE(name, code, text, immediate, signature, feature, access_log2, ...) \
  fill_store<__VA_ARGS__>(table.store[static_cast<size_t>(Opcode::name)]);
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
