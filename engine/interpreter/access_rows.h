// SPDX-License-Identifier: Apache-2.0
// The rows of opcodes.def that access memory as data for tests: what each does to the bytes of its cell.
#pragma once

#include <cstring>
#include <vector>

#include "engine/opcodes/opcode.h"
#include "engine/runtime/atomic_ops.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

struct AccessRow {
  Opcode opcode;
  bool is_atomic;
  /// Does it to the `width()` bytes at `cell`; the result, if the row has one. Values are slots.
  Slot (*apply)(uint8_t* cell, Slot first, Slot second);

  [[nodiscard]] const OpcodeInfo& row() const { return info(opcode); }
  [[nodiscard]] unsigned width() const { return 1u << row().access_log2; }
  [[nodiscard]] bool is_wait() const { return row().kind == RowKind::atomic_wait; }
};

template <class M, class V>
Slot model_load(uint8_t* cell, Slot, Slot) {
  M value;
  std::memcpy(&value, cell, sizeof value);
  Slot result = 0;
  write_slot(&result, static_cast<V>(value));
  return result;
}

template <class M, class V>
Slot model_store(uint8_t* cell, Slot first, Slot) {
  const M value = static_cast<M>(read_slot<V>(&first));
  std::memcpy(cell, &value, sizeof value);
  return 0;
}

template <class M, class Op>
Slot model_rmw(uint8_t* cell, Slot first, Slot) {
  M value;
  std::memcpy(&value, cell, sizeof value);
  const M old = Op::apply(&value, static_cast<M>(first));
  std::memcpy(cell, &value, sizeof value);
  return old;
}

/// Like the specification: the whole expected operand is wrapped to the width first.
template <class M>
Slot model_cmpxchg(uint8_t* cell, Slot first, Slot second) {
  M value;
  std::memcpy(&value, cell, sizeof value);
  const M old = value;
  if (old == static_cast<M>(first)) value = static_cast<M>(second);
  std::memcpy(cell, &value, sizeof value);
  return old;
}

/// A wait that is called with a timeout of 0: not equal, or timed out.
template <class M>
Slot model_wait(uint8_t* cell, Slot first, Slot) {
  return model_load<M, M>(cell, 0, 0) == static_cast<M>(first) ? 2 : 1;
}

inline Slot model_notify(uint8_t*, Slot, Slot) { return 0; }

/// Every scalar load, store and atomic access of the table.
inline const std::vector<AccessRow>& access_rows() {
  using namespace ops;
  static const std::vector<AccessRow> rows = {
#define WASM_LOAD(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Opcode::name, false, model_load<M, V>},
#define WASM_STORE(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Opcode::name, false, model_store<M, V>},
#define WASM_ATOMIC_LOAD(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Opcode::name, true, model_load<M, V>},
#define WASM_ATOMIC_STORE(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Opcode::name, true, model_store<M, V>},
#define WASM_ATOMIC_RMW(name, code, text, immediate, signature, feature, access_log2, M, V, ...) \
  {Opcode::name, true, model_rmw<M, __VA_ARGS__>},
#define WASM_ATOMIC_CMPXCHG(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Opcode::name, true, model_cmpxchg<M>},
#define WASM_ATOMIC_WAIT(name, code, text, immediate, signature, feature, access_log2, M) \
  {Opcode::name, true, model_wait<M>},
#define WASM_ATOMIC_NOTIFY(name, code, text, immediate, signature, feature, access_log2, M) \
  {Opcode::name, true, model_notify},
#include "engine/opcodes/opcodes.def"
  };
  return rows;
}

}  // namespace heddle::engine
