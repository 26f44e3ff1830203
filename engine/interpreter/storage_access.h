// SPDX-License-Identifier: Apache-2.0
// How handlers read and write fields and elements: the C++ types behind each Storage.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/interpreter/gc_handlers.h"

namespace heddle::engine {

/// What lies in the object, and what the operand is.
template <Storage kStorage>
struct StorageTypes;
template <>
struct StorageTypes<Storage::s8> {
  using Stored = int8_t;
  using Operand = int32_t;
};
template <>
struct StorageTypes<Storage::u8> {
  using Stored = uint8_t;
  using Operand = uint32_t;
};
template <>
struct StorageTypes<Storage::s16> {
  using Stored = int16_t;
  using Operand = int32_t;
};
template <>
struct StorageTypes<Storage::u16> {
  using Stored = uint16_t;
  using Operand = uint32_t;
};
template <>
struct StorageTypes<Storage::i32> {
  using Stored = uint32_t;
  using Operand = uint32_t;
};
template <>
struct StorageTypes<Storage::i64> {
  using Stored = uint64_t;
  using Operand = uint64_t;
};
template <>
struct StorageTypes<Storage::f32> {
  using Stored = float;
  using Operand = float;
};
template <>
struct StorageTypes<Storage::f64> {
  using Stored = double;
  using Operand = double;
};

template <Storage kStorage>
[[nodiscard]] inline auto load_stored(const uint8_t* address) {
  typename StorageTypes<kStorage>::Stored stored;
  std::memcpy(&stored, address, sizeof stored);
  return static_cast<typename StorageTypes<kStorage>::Operand>(stored);
}

template <Storage kStorage>
inline void store_stored(uint8_t* address, typename StorageTypes<kStorage>::Operand operand) {
  const auto stored = static_cast<typename StorageTypes<kStorage>::Stored>(operand);
  std::memcpy(address, &stored, sizeof stored);
}

}  // namespace heddle::engine
