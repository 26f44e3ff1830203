// SPDX-License-Identifier: Apache-2.0
// Vector: the 128 bits of a v128, and the same bits seen as lanes.
//
// Lane 0 is the lowest, as in guest memory. Built on the compilers' vector extension, so that a Vector lives
// in a register of its own; vectors in slots are only 8-byte aligned.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/runtime/slot.h"

namespace heddle::engine {

typedef uint64_t Vector __attribute__((vector_size(16)));  // NOLINT: an alias cannot carry the attribute

template <class T>
struct LanesOf {
  typedef T Type __attribute__((vector_size(16)));  // NOLINT
};
template <class T>
using Lanes = typename LanesOf<T>::Type;

template <class T>
inline constexpr unsigned kLaneCount = 16 / sizeof(T);

template <class T>
[[nodiscard, gnu::always_inline]] inline Lanes<T> lanes(Vector vector) {
  return reinterpret_cast<Lanes<T>>(vector);
}

/// The bits of any 16-byte vector.
template <class V>
[[nodiscard, gnu::always_inline]] inline Vector vector_of(V lanes) {
  static_assert(sizeof(V) == sizeof(Vector));
  return reinterpret_cast<Vector>(lanes);
}

/// The vector in two slots, or anywhere in memory.
[[nodiscard, gnu::always_inline]] inline Vector read_vector(const void* place) {
  Vector vector;
  std::memcpy(&vector, place, sizeof vector);
  return vector;
}

[[gnu::always_inline]] inline void write_vector(void* place, Vector vector) {
  std::memcpy(place, &vector, sizeof vector);
}

}  // namespace heddle::engine
