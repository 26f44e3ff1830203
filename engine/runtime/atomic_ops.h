// SPDX-License-Identifier: Apache-2.0
// Atomic semantics as types: the read-modify-write rows of opcodes.def. (Threads proposal, "Atomic Memory
// Accesses")
//
// All accesses are sequentially consistent. Addresses are naturally aligned: the caller has trapped
// otherwise. Values narrower than the operand wrap on the way in and zero-extend on the way out.
#pragma once

#include <cstdint>

namespace heddle::engine::ops {

struct AtomicAdd {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);
  }
};

struct AtomicSub {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_fetch_sub(address, value, __ATOMIC_SEQ_CST);
  }
};

struct AtomicAnd {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_fetch_and(address, value, __ATOMIC_SEQ_CST);
  }
};

struct AtomicOr {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_fetch_or(address, value, __ATOMIC_SEQ_CST);
  }
};

struct AtomicXor {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_fetch_xor(address, value, __ATOMIC_SEQ_CST);
  }
};

struct AtomicXchg {
  template <class T>
  static T apply(T* address, T value) {
    return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);
  }
};

/// Stores `replacement` if the cell holds `expected`; returns what it held.
template <class T>
T atomic_cmpxchg(T* address, T expected, T replacement) {
  __atomic_compare_exchange_n(address, &expected, replacement, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}

}  // namespace heddle::engine::ops
