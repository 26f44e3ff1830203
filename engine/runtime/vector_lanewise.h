// SPDX-License-Identifier: Apache-2.0
// Lanewise vector semantics that the compilers' vector extension has: arithmetic, bits, comparisons.
#pragma once

#include "engine/runtime/vector_reference.h"

namespace heddle::engine::ops {

/// Op on each lane; the reference, unless a specialization below or in the two other files knows better.
template <class Op>
struct Lanewise : reference::Lanewise<Op> {};

template <class T>
struct Lanewise<Add<T>> {
  static Vector apply(Vector a, Vector b) { return vector_of(lanes<T>(a) + lanes<T>(b)); }
};

template <class T>
struct Lanewise<Sub<T>> {
  static Vector apply(Vector a, Vector b) { return vector_of(lanes<T>(a) - lanes<T>(b)); }
};

template <class T>
struct Lanewise<Mul<T>> {
  static Vector apply(Vector a, Vector b) { return vector_of(lanes<T>(a) * lanes<T>(b)); }
};

template <class T>
struct Lanewise<Div<T>> {
  static Vector apply(Vector a, Vector b) { return vector_of(lanes<T>(a) / lanes<T>(b)); }
};

template <class T>
struct Lanewise<And<T>> {
  static Vector apply(Vector a, Vector b) { return a & b; }
};

template <class T>
struct Lanewise<AndNot<T>> {
  static Vector apply(Vector a, Vector b) { return a & ~b; }
};

template <class T>
struct Lanewise<Or<T>> {
  static Vector apply(Vector a, Vector b) { return a | b; }
};

template <class T>
struct Lanewise<Xor<T>> {
  static Vector apply(Vector a, Vector b) { return a ^ b; }
};

template <class T>
struct Lanewise<IntegerNeg<T>> {
  static Vector apply(Vector a) { return vector_of(-lanes<T>(a)); }
};

template <class T>
struct Lanewise<Abs<T>> {
  static Vector apply(Vector a) { return vector_of(lanes<BitsOf<T>>(a) & ~kSignBit<T>); }
};

template <class T>
struct Lanewise<Neg<T>> {
  static Vector apply(Vector a) { return vector_of(lanes<BitsOf<T>>(a) ^ kSignBit<T>); }
};

template <class T>
struct Lanewise<MulAdd<T>> {
  static Vector apply(Vector a, Vector b, Vector c) {
    const Lanes<T> product = lanes<T>(a) * lanes<T>(b);
    return vector_of(product + lanes<T>(c));
  }
};

template <class T>
struct Lanewise<NegMulAdd<T>> {
  static Vector apply(Vector a, Vector b, Vector c) {
    return Lanewise<MulAdd<T>>::apply(Lanewise<Neg<T>>::apply(a), b, c);
  }
};

// Comparisons: found by the scalar comparison they are, or derive from.

template <class T>
[[gnu::always_inline]] inline Vector compare(const Eq<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) == lanes<T>(b));
}
template <class T>
[[gnu::always_inline]] inline Vector compare(const Ne<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) != lanes<T>(b));
}
template <class T>
[[gnu::always_inline]] inline Vector compare(const Lt<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) < lanes<T>(b));
}
template <class T>
[[gnu::always_inline]] inline Vector compare(const Gt<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) > lanes<T>(b));
}
template <class T>
[[gnu::always_inline]] inline Vector compare(const Le<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) <= lanes<T>(b));
}
template <class T>
[[gnu::always_inline]] inline Vector compare(const Ge<T>*, Vector a, Vector b) {
  return vector_of(lanes<T>(a) >= lanes<T>(b));
}

template <class Op>
struct LanewiseCompare {
  static Vector apply(Vector a, Vector b) { return compare(static_cast<const Op*>(nullptr), a, b); }
};

using reference::AnyTrue;
using reference::Bitselect;
using reference::VectorNot;

}  // namespace heddle::engine::ops
