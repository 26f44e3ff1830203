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
  const uint64_t address = effective_address<kAddress>(ip, fp, a, field<1>(ip), field<2>(ip));
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
  const uint64_t address = effective_address<kAddress>(ip, fp, a, field<0>(ip), field<2>(ip));
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

/// Operations worth a handler together with the load of an operand: those of inner loops.
[[nodiscard]] consteval bool is_fed(Opcode opcode) {
  for (const Opcode fed :
       {Opcode::f32x4_add, Opcode::f32x4_sub, Opcode::f32x4_mul, Opcode::f64x2_add, Opcode::f64x2_sub,
        Opcode::f64x2_mul, Opcode::i32x4_add, Opcode::i32x4_mul, Opcode::i16x8_add, Opcode::i16x8_mul,
        Opcode::i8x16_add, Opcode::i8x16_eq, Opcode::v128_xor, Opcode::v128_and, Opcode::v128_or}) {
    if (opcode == fed) return true;
  }
  return false;
}

/// Like effective_address(), but the constant is in word 2.
template <Address kAddress>
[[nodiscard, gnu::always_inline]] inline uint64_t fed_address(const Word* ip, const Slot* fp, uint64_t a) {
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

template <class Op, Address kAddress, bool kOnRight, Target kTarget>
HEDDLE_HANDLER void fed(HEDDLE_STATE) {
  uint8_t* const place = memory + fed_address<kAddress>(ip, fp, a);
  Vector loaded = read_vector(probe<sizeof loaded>(place, HEDDLE_PASS));
  finish_load(ip, loaded);
  const Vector other = read_vector(fp + field<3>(ip));
  write_vector_result<kTarget>(kOnRight ? Op::apply(other, loaded) : Op::apply(loaded, other), ip, fp, v);
  HEDDLE_NEXT(3);
}

// A product that is added to a vector in a slot. Both are rounded: these are two rows, not one operation.

template <class T, Pair kPair, Target kTarget>
HEDDLE_HANDLER void mul_add(HEDDLE_STATE) {
  const Vector left = read_vector_operand<left_of(kPair), 1>(ip, fp, v);
  const Vector right = read_vector_operand<right_of(kPair), 2>(ip, fp, v);
  const Vector product = ops::Lanewise<ops::Mul<T>>::apply(left, right);
  const Vector other = read_vector(fp + field<3>(ip));
  write_vector_result<kTarget>(ops::Lanewise<ops::Add<T>>::apply(product, other), ip, fp, v);
  constexpr unsigned words = right_of(kPair) == Source::immediate ? 4 : 2;
  HEDDLE_NEXT(words);
}

template <class T, Address kAddress, Target kTarget>
HEDDLE_HANDLER void fed_mul_add(HEDDLE_STATE) {
  uint8_t* const place = memory + fed_address<kAddress>(ip, fp, a);
  Vector loaded = read_vector(probe<sizeof loaded>(place, HEDDLE_PASS));
  finish_load(ip, loaded);
  const Vector product = ops::Lanewise<ops::Mul<T>>::apply(loaded, read_vector(fp + field<3>(ip)));
  const Vector other = read_vector(fp + (ip[2] >> 32));
  write_vector_result<kTarget>(ops::Lanewise<ops::Add<T>>::apply(product, other), ip, fp, v);
  HEDDLE_NEXT(3);
}

/// See run_fused_memory.cpp: a store, then the step of a local.
template <Source kSource>
HEDDLE_HANDLER void store_step(HEDDLE_STATE) {
  const uint64_t address = uint64_t{read_slot<uint32_t>(fp + field<0>(ip))} + static_cast<uint32_t>(ip[2]);
  const Vector value = read_vector_operand<kSource, 1>(ip, fp, v);
  write_vector(probe<sizeof value>(memory + address, HEDDLE_PASS), value);
  finish_store(ip);
  const uint32_t stepped = read_slot<uint32_t>(fp + field<3>(ip)) + static_cast<uint32_t>(ip[2] >> 32);
  a = stepped;
  fp[field<2>(ip)] = a;
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
  row.checked[0] = load_checked<Row, uint32_t>;
  row.checked[1] = load_checked<Row, uint64_t>;
}

template <class Op, Address kAddress>
void fill_fed_address(FedVectorHandlers& row, bool swaps) {
  auto& form = row.form[static_cast<unsigned>(kAddress)];
  form[0][0] = fed<Op, kAddress, false, Target::slot>;
  form[0][1] = fed<Op, kAddress, false, Target::accumulator>;
  form[1][0] = swaps ? form[0][0] : fed<Op, kAddress, true, Target::slot>;
  form[1][1] = swaps ? form[0][1] : fed<Op, kAddress, true, Target::accumulator>;
}

template <class Op>
void fill_fed(FedVectorHandlers& row, bool swaps) {
  fill_fed_address<Op, Address::slot>(row, swaps);
  fill_fed_address<Op, Address::accumulator>(row, swaps);
  fill_fed_address<Op, Address::slot_immediate>(row, swaps);
  fill_fed_address<Op, Address::accumulator_immediate>(row, swaps);
  fill_fed_address<Op, Address::slot_slot>(row, swaps);
}

template <class T, Pair kPair>
void fill_mul_add_pair(MulAddHandlers& row) {
  row.form[static_cast<unsigned>(kPair)][0] = mul_add<T, kPair, Target::slot>;
  row.form[static_cast<unsigned>(kPair)][1] = mul_add<T, kPair, Target::accumulator>;
}

template <class T, Address kAddress>
void fill_fed_mul_add(MulAddHandlers& row) {
  row.fed[static_cast<unsigned>(kAddress)][0] = fed_mul_add<T, kAddress, Target::slot>;
  row.fed[static_cast<unsigned>(kAddress)][1] = fed_mul_add<T, kAddress, Target::accumulator>;
}

template <class T>
void fill_mul_add(MulAddHandlers& row) {
  fill_mul_add_pair<T, Pair::slot_slot>(row);
  fill_mul_add_pair<T, Pair::slot_immediate>(row);
  fill_mul_add_pair<T, Pair::accumulator_slot>(row);
  fill_mul_add_pair<T, Pair::accumulator_immediate>(row);
  fill_fed_mul_add<T, Address::slot>(row);
  fill_fed_mul_add<T, Address::accumulator>(row);
  fill_fed_mul_add<T, Address::slot_immediate>(row);
  fill_fed_mul_add<T, Address::accumulator_immediate>(row);
  fill_fed_mul_add<T, Address::slot_slot>(row);
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
  static void fill(HandlerTable& table, size_t opcode) {
    fill_store(table.store[opcode]);
    table.fused.store_step[opcode].form[0] = store_step<Source::slot>;
    table.fused.store_step[opcode].form[1] = store_step<Source::accumulator>;
  }
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
  fill_mul_add<float>(table.simd.mul_add[0]);
  fill_mul_add<double>(table.simd.mul_add[1]);
  fill_mul_add<uint32_t>(table.simd.mul_add[2]);
  fill_mul_add<uint16_t>(table.simd.mul_add[3]);
#define WASM_SIMD(name, code, text, immediate, signature, feature, ...)      \
  if constexpr (is_fed(Opcode::name)) {                                      \
    fill_fed<__VA_ARGS__>(table.simd.fed[static_cast<size_t>(Opcode::name)], \
                          swapped_operands(Opcode::name) == Opcode::name);   \
  }
#define WASM_SIMD_ACCESS(name, code, text, immediate, signature, feature, access_log2, ...) \
  AccessRowOf<__VA_ARGS__>::fill(table, static_cast<size_t>(Opcode::name));
#include "engine/opcodes/opcodes.def"
}

}  // namespace heddle::engine
