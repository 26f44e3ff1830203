// SPDX-License-Identifier: Apache-2.0
// Handlers of vector loads and stores, whole and by lane, and of a load that feeds an operation.
//
// How accesses to a guarded memory trap is told in guarded_access.h.
#include <cstring>
#include <utility>

#include "engine/interpreter/checked_access.h"
#include "engine/interpreter/guarded_access.h"
#include "engine/interpreter/run_simd.h"

namespace heddle::engine {

namespace {

/// What is loaded, as a type that finish_load() keeps in a vector register if it can, and the vector made of
/// it.
template <class Row>
struct Loading;

template <>
struct Loading<ops::VectorLoad> {
  using Raw = Vector;
  static Vector finish(Vector raw) { return raw; }
};

template <class T>
struct Loading<ops::VectorLoadExtend<T>> {
  using Raw = double;
  using Wide =
      std::conditional_t<sizeof(T) == 1, int16_t, std::conditional_t<sizeof(T) == 2, int32_t, int64_t>>;
  static Vector finish(double raw) {
    return ops::ExtendLow<Wide, T>::apply(vector_of(Lanes<double>{raw, 0}));
  }
};

template <class T>
struct Loading<ops::VectorLoadSplat<T>> {
  using Raw = std::conditional_t<sizeof(T) == 4, float, std::conditional_t<sizeof(T) == 8, double, T>>;
  static Vector finish(Raw raw) { return ops::Splat<Raw>::apply(raw); }
};

template <class T>
struct Loading<ops::VectorLoadZero<T>> {
  using Raw = std::conditional_t<sizeof(T) == 4, float, double>;
  static Vector finish(Raw raw) {
    if constexpr (sizeof(T) == 4) return vector_of(Lanes<float>{raw, 0, 0, 0});
    return vector_of(Lanes<double>{raw, 0});
  }
};

template <class Row, Address kAddress, Target kTarget>
HEDDLE_HANDLER void load(HEDDLE_STATE) {
  const uint64_t address = effective_address<kAddress, 1>(FrameSlots{}, ip, fp, a);
  typename Loading<Row>::Raw raw;
  std::memcpy(&raw, probe<sizeof raw>(memory + address, HEDDLE_PASS), sizeof raw);
  finish_load(ip, raw);
  write_vector_result<kTarget>(Loading<Row>::finish(raw), ip, fp, v);
  HEDDLE_NEXT(2);
}

template <class Row, class A>
HEDDLE_HANDLER void load_checked(HEDDLE_STATE) {
  const Memory& target = *instance->memories[immediate32(ip)];
  typename Loading<Row>::Raw raw;
  uint64_t address;
  if (!checked_address<A, sizeof raw>(target, fp + field<1>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  std::memcpy(&raw, target.base() + address, sizeof raw);
  write_vector_result<Target::slot>(Loading<Row>::finish(raw), ip, fp, v);
  HEDDLE_NEXT(3);
}

template <Address kAddress, Source kSource>
HEDDLE_HANDLER void store(HEDDLE_STATE) {
  const uint64_t address = effective_address<kAddress, 0>(FrameSlots{}, ip, fp, a);
  const Vector value = read_vector_operand<kSource, 1>(ip, fp, v);
  write_vector(probe<sizeof value>(memory + address, HEDDLE_PASS), value);
  finish_store(ip);
  HEDDLE_NEXT(2);
}

template <class A>
HEDDLE_HANDLER void store_checked(HEDDLE_STATE) {
  const Memory& target = *instance->memories[immediate32(ip)];
  uint64_t address;
  if (!checked_address<A, sizeof(Vector)>(target, fp + field<0>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  write_vector(target.base() + address, read_vector(fp + field<1>(ip)));
  HEDDLE_NEXT(3);
}

// Single lanes: the offset is in word 2.

template <Source kAddress, unsigned kField>
[[nodiscard, gnu::always_inline]] inline uint64_t lane_address(const Word* ip, const Slot* fp, uint64_t a) {
  const uint32_t base = kAddress == Source::accumulator ? static_cast<uint32_t>(a)
                                                        : read_slot<uint32_t>(fp + field<kField>(ip));
  return uint64_t{base} + static_cast<uint32_t>(ip[2]);
}

template <class Row, Source kAddress, Source kSource, Target kTarget>
HEDDLE_HANDLER void load_lane(HEDDLE_STATE) {
  using T = typename Row::Lane;
  const uint64_t address = lane_address<kAddress, 1>(ip, fp, a);
  T value;
  std::memcpy(&value, probe<sizeof value>(memory + address, HEDDLE_PASS), sizeof value);
  finish_load(ip, value);
  const Vector vector = read_vector_operand<kSource, 2>(ip, fp, v);
  write_vector_result<kTarget>(with_lane<T>(vector, value, field<3>(ip)), ip, fp, v);
  HEDDLE_NEXT(3);
}

template <class Row, class A>
HEDDLE_HANDLER void load_lane_checked(HEDDLE_STATE) {
  using T = typename Row::Lane;
  const Memory& target = *instance->memories[ip[3]];
  uint64_t address;
  if (!checked_address<A, sizeof(T)>(target, fp + field<1>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  T value;
  std::memcpy(&value, target.base() + address, sizeof value);
  const Vector vector = read_vector(fp + field<2>(ip));
  write_vector_result<Target::slot>(with_lane<T>(vector, value, field<3>(ip)), ip, fp, v);
  HEDDLE_NEXT(4);
}

/// The lane of a vector in a slot; field 2 is its byte.
template <class T>
[[nodiscard, gnu::always_inline]] inline T lane_in_slot(const Word* ip, const Slot* fp) {
  T lane;
  std::memcpy(&lane, reinterpret_cast<const char*>(fp + field<1>(ip)) + field<2>(ip), sizeof lane);
  return lane;
}

template <class Row, Source kAddress>
HEDDLE_HANDLER void store_lane(HEDDLE_STATE) {
  using T = typename Row::Lane;
  const uint64_t address = lane_address<kAddress, 0>(ip, fp, a);
  const T value = lane_in_slot<T>(ip, fp);
  std::memcpy(probe<sizeof value>(memory + address, HEDDLE_PASS), &value, sizeof value);
  finish_store(ip);
  HEDDLE_NEXT(3);
}

template <class Row, class A>
HEDDLE_HANDLER void store_lane_checked(HEDDLE_STATE) {
  using T = typename Row::Lane;
  const Memory& target = *instance->memories[ip[3]];
  uint64_t address;
  if (!checked_address<A, sizeof(T)>(target, fp + field<0>(ip), ip[2], address)) [[unlikely]] {
    HEDDLE_TRAP_NOW(TrapKind::memory_out_of_bounds);
  }
  const T value = lane_in_slot<T>(ip, fp);
  std::memcpy(target.base() + address, &value, sizeof value);
  HEDDLE_NEXT(4);
}

// Tables.

template <class Row, Address kAddress>
void fill_load_address(LoadHandlers& row) {
  row.guarded[static_cast<unsigned>(kAddress)][0] = load<Row, kAddress, Target::slot>;
  row.guarded[static_cast<unsigned>(kAddress)][1] = load<Row, kAddress, Target::accumulator>;
}

template <class Row>
void fill_load(LoadHandlers& row) {
  fill_load_address<Row, Address::slot>(row);
  fill_load_address<Row, Address::accumulator>(row);
  fill_load_address<Row, Address::slot_immediate>(row);
  fill_load_address<Row, Address::accumulator_immediate>(row);
  fill_load_address<Row, Address::slot_slot>(row);
  fill_load_address<Row, Address::absolute>(row);
  row.checked[0] = load_checked<Row, uint32_t>;
  row.checked[1] = load_checked<Row, uint64_t>;
}

template <Address kAddress>
void fill_store_address(StoreHandlers& row) {
  row.guarded[static_cast<unsigned>(kAddress)][0] = store<kAddress, Source::slot>;
  row.guarded[static_cast<unsigned>(kAddress)][1] = store<kAddress, Source::accumulator>;
}

void fill_store(StoreHandlers& row) {
  fill_store_address<Address::slot>(row);
  fill_store_address<Address::accumulator>(row);
  fill_store_address<Address::slot_immediate>(row);
  fill_store_address<Address::accumulator_immediate>(row);
  fill_store_address<Address::slot_slot>(row);
  fill_store_address<Address::absolute>(row);
  row.checked[0] = store_checked<uint32_t>;
  row.checked[1] = store_checked<uint64_t>;
}

template <class Row, Source kAddress, Source kSource>
void fill_load_lane_form(LoadLaneHandlers& row) {
  auto& form = row.guarded[static_cast<unsigned>(kAddress)][static_cast<unsigned>(kSource)];
  form[0] = load_lane<Row, kAddress, kSource, Target::slot>;
  form[1] = load_lane<Row, kAddress, kSource, Target::accumulator>;
}

/// Adds an access row, by what it is.
template <class Row>
struct AccessRowOf {
  static void fill(HandlerTable& table, size_t opcode) { fill_load<Row>(table.load[opcode]); }
};

template <>
struct AccessRowOf<ops::VectorStore> {
  static void fill(HandlerTable& table, size_t opcode) { fill_store(table.store[opcode]); }
};

template <class T>
struct AccessRowOf<ops::VectorLoadLane<T>> {
  static void fill(HandlerTable& table, size_t opcode) {
    using Row = ops::VectorLoadLane<T>;
    LoadLaneHandlers& row = table.simd.load_lane[opcode];
    fill_load_lane_form<Row, Source::slot, Source::slot>(row);
    fill_load_lane_form<Row, Source::slot, Source::accumulator>(row);
    fill_load_lane_form<Row, Source::accumulator, Source::slot>(row);
    fill_load_lane_form<Row, Source::accumulator, Source::accumulator>(row);
    row.checked[0] = load_lane_checked<Row, uint32_t>;
    row.checked[1] = load_lane_checked<Row, uint64_t>;
  }
};

template <class T>
struct AccessRowOf<ops::VectorStoreLane<T>> {
  static void fill(HandlerTable& table, size_t opcode) {
    using Row = ops::VectorStoreLane<T>;
    StoreLaneHandlers& row = table.simd.store_lane[opcode];
    row.guarded[0] = store_lane<Row, Source::slot>;
    row.guarded[1] = store_lane<Row, Source::accumulator>;
    row.checked[0] = store_lane_checked<Row, uint32_t>;
    row.checked[1] = store_lane_checked<Row, uint64_t>;
  }
};

}  // namespace

void add_simd_memory_handlers(HandlerTable& table) {
  using namespace ops;
#define WASM_SIMD_ACCESS(name, code, text, immediate, signature, feature, access_log2, ...) \
  AccessRowOf<__VA_ARGS__>::fill(table, static_cast<size_t>(Opcode::name));
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
