// SPDX-License-Identifier: Apache-2.0
// Handlers of fused memory rows: a load that feeds an operation, a store followed by the step of a pointer.
#include <cstring>

#include "engine/interpreter/guarded_access.h"
#include "engine/interpreter/semantics.h"

namespace heddle::engine {

namespace {

template <Opcode kOpcode>
struct MemoryTypeOf;

template <class M, class V>
struct LoadTypes {
  using Memory = M;
};

#define WASM_LOAD(name, code, text, immediate, signature, feature, access_log2, ...) \
  template <>                                                                        \
  struct MemoryTypeOf<Opcode::name> : LoadTypes<__VA_ARGS__> {};
#include "engine/opcodes/opcodes.def"

/// Like effective_address(), but the constant is in word 2.
template <Address kAddress>
[[nodiscard, gnu::always_inline]] inline uint64_t fused_address(const Word* ip, const Slot* fp, uint64_t a) {
  constexpr bool from_a = kAddress == Address::accumulator || kAddress == Address::accumulator_immediate;
  const uint32_t base = from_a ? static_cast<uint32_t>(a) : read_slot<uint32_t>(fp + field<1>(ip));
  const uint32_t constant = static_cast<uint32_t>(ip[2]);
  if constexpr (kAddress == Address::slot || kAddress == Address::accumulator) {
    return uint64_t{base} + constant;
  } else if constexpr (kAddress == Address::slot_slot) {
    return base + read_slot<uint32_t>(fp + field<2>(ip));
  } else {
    return base + constant;  // wraps: i32.add
  }
}

template <Opcode kLoad, Address kAddress, Opcode kOperation, bool kOnRight, Target kTarget>
HEDDLE_HANDLER void fed(HEDDLE_STATE) {
  using Operation = Semantics<kOperation>;
  using T = typename Operation::Left;
  typename MemoryTypeOf<kLoad>::Memory loaded;
  uint8_t* const place = memory + fused_address<kAddress>(ip, fp, a);
  std::memcpy(&loaded, probe<sizeof loaded>(place, HEDDLE_PASS), sizeof loaded);
  T value = static_cast<T>(loaded);
  finish_load(ip, value);
  const T other = read_slot<T>(fp + field<3>(ip));
  const T result = kOnRight ? Operation::apply(other, value) : Operation::apply(value, other);
  write_result<kTarget>(result, ip, fp, a, f, d);
  HEDDLE_NEXT(3);
}

template <class M, class V, Source kSource>
HEDDLE_HANDLER void store_step(HEDDLE_STATE) {
  const uint64_t address = uint64_t{read_slot<uint32_t>(fp + field<0>(ip))} + static_cast<uint32_t>(ip[2]);
  const M value = static_cast<M>(read_operand<V, kSource, 1>(ip, fp, a, f, d));
  std::memcpy(probe<sizeof value>(memory + address, HEDDLE_PASS), &value, sizeof value);
  finish_store(ip);
  const uint32_t stepped = read_slot<uint32_t>(fp + field<3>(ip)) + static_cast<uint32_t>(ip[2] >> 32);
  a = stepped;
  fp[field<2>(ip)] = a;
  HEDDLE_NEXT(3);
}

template <Opcode kOpcode>
inline constexpr bool kCommutes = info(kOpcode).text.substr(4, 3) != "sub";

template <Opcode kLoad, Opcode kOperation, Address kAddress>
void fill_fed_address(FedHandlers& row) {
  auto& form = row.form[static_cast<unsigned>(kAddress)];
  form[0][0] = fed<kLoad, kAddress, kOperation, false, Target::slot>;
  form[0][1] = fed<kLoad, kAddress, kOperation, false, Target::accumulator>;
  if constexpr (kCommutes<kOperation>) {
    form[1][0] = form[0][0];
    form[1][1] = form[0][1];
  } else {
    form[1][0] = fed<kLoad, kAddress, kOperation, true, Target::slot>;
    form[1][1] = fed<kLoad, kAddress, kOperation, true, Target::accumulator>;
  }
}

template <Opcode kLoad, Opcode kOperation>
void fill_fed(FedHandlers& row) {
  if constexpr (info(kLoad).signature.back() == info(kOperation).signature.front()) {
    fill_fed_address<kLoad, kOperation, Address::slot>(row);
    fill_fed_address<kLoad, kOperation, Address::accumulator>(row);
    fill_fed_address<kLoad, kOperation, Address::slot_immediate>(row);
    fill_fed_address<kLoad, kOperation, Address::accumulator_immediate>(row);
    fill_fed_address<kLoad, kOperation, Address::slot_slot>(row);
  }
}

template <Opcode kLoad, const auto& kSet, size_t... kOperation>
void fill_fed_set(std::array<FedHandlers, kMostFed>& rows, std::index_sequence<kOperation...>) {
  (fill_fed<kLoad, kSet[kOperation]>(rows[kOperation]), ...);
}

template <size_t kLoad>
void fill_feeding(FusedTable& table) {
  constexpr Opcode load = kFeedingLoads[kLoad];
  auto& rows = table.fed[kLoad];
  fill_fed_set<load, kFed32>(rows, std::make_index_sequence<std::size(kFed32)>());
  fill_fed_set<load, kFed64>(rows, std::make_index_sequence<std::size(kFed64)>());
  fill_fed_set<load, kChainedF32>(rows, std::make_index_sequence<std::size(kChainedF32)>());
  fill_fed_set<load, kChainedF64>(rows, std::make_index_sequence<std::size(kChainedF64)>());
}

template <size_t... kLoad>
void fill_all(FusedTable& table, std::index_sequence<kLoad...>) {
  (fill_feeding<kLoad>(table), ...);
}

template <class M, class V>
void fill_store_step(StoreStepHandlers& row) {
  row.form[0] = store_step<M, V, Source::slot>;
  row.form[1] = store_step<M, V, Source::accumulator>;
}

}  // namespace

void add_fused_memory_handlers(FusedTable& table) {
  fill_all(table, std::make_index_sequence<std::size(kFeedingLoads)>());
#define WASM_STORE(name, code, text, immediate, signature, feature, access_log2, ...) \
  fill_store_step<__VA_ARGS__>(table.store_step[static_cast<size_t>(Opcode::name)]);
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
