// SPDX-License-Identifier: Apache-2.0
// The computing SIMD rows as data for tests: what each gives, by the reference semantics, and values to try.
#pragma once

#include <random>
#include <string_view>
#include <vector>

#include "engine/opcodes/opcode.h"
#include "engine/runtime/vector_reference.h"

namespace heddle::engine {

/// The operands of a row, scalars in the low half, and the lane or the lanes of its immediate.
struct VectorOperands {
  Vector operands[3] = {};
  unsigned lane = 0;
  Vector lanes = {};
};

/// Gives a vector, or a scalar in its low half.
using VectorModel = Vector (*)(const VectorOperands& of);

/// A computing row of the table: `native` is what a relaxed row may give instead, or null.
struct VectorRow {
  Opcode opcode;
  VectorModel apply;
  VectorModel native;

  [[nodiscard]] const OpcodeInfo& row() const { return info(opcode); }
  [[nodiscard]] std::string_view text() const { return row().text; }
  [[nodiscard]] char result() const { return row().signature.back(); }
};

template <class T>
[[nodiscard]] T scalar_of(Vector operand) {
  return lanes<T>(operand)[0];
}

template <class T>
[[nodiscard]] Vector vector_of_scalar(T value) {
  Slot slots[2] = {};
  write_slot(slots, value);
  return read_vector(slots);
}

/// What Op, of one of the two namespaces, gives.
template <class Op>
struct ModelOf {
  static Vector apply(const VectorOperands& of) {
    const auto& x = of.operands;
    if constexpr (requires { Op::apply(x[0], x[1], x[2]); }) {
      return Op::apply(x[0], x[1], x[2]);
    } else if constexpr (requires { Op::apply(x[0], x[1]); }) {
      return Op::apply(x[0], x[1]);
    } else if constexpr (requires { Op::apply(x[0], uint32_t{}); }) {
      return Op::apply(x[0], scalar_of<uint32_t>(x[1]));
    } else if constexpr (std::is_same_v<decltype(Op::apply(x[0])), uint32_t>) {
      return vector_of_scalar(Op::apply(x[0]));
    } else {
      return Op::apply(x[0]);
    }
  }
};
template <class T>
struct ModelOf<ops::Splat<T>> {
  static Vector apply(const VectorOperands& of) { return ops::Splat<T>::apply(scalar_of<T>(of.operands[0])); }
};
template <class T>
struct ModelOf<ops::ExtractLane<T>> {
  static Vector apply(const VectorOperands& of) {
    using Result = std::conditional_t<std::is_floating_point_v<T> || sizeof(T) >= 4, T, int32_t>;
    return vector_of_scalar(static_cast<Result>(lanes<T>(of.operands[0])[of.lane]));
  }
};
template <class T>
struct ModelOf<ops::ReplaceLane<T>> {
  static Vector apply(const VectorOperands& of) {
    auto result = lanes<T>(of.operands[0]);
    result[of.lane] = scalar_of<T>(of.operands[1]);
    return vector_of(result);
  }
};
template <>
struct ModelOf<ops::Shuffle> {
  static Vector apply(const VectorOperands& of) {
    return ops::reference::shuffle(of.operands[0], of.operands[1], of.lanes);
  }
};
template <>
struct ModelOf<ops::VectorConstant> {
  static Vector apply(const VectorOperands& of) { return of.lanes; }
};

template <class Op>
struct VectorRowOf {
  static VectorRow make(Opcode opcode) { return {opcode, ModelOf<Op>::apply, nullptr}; }
};
template <class D, class N>
struct VectorRowOf<ops::Relaxed<D, N>> {
  static VectorRow make(Opcode opcode) { return {opcode, ModelOf<D>::apply, ModelOf<N>::apply}; }
};

namespace ops::reference {

/// Every computing SIMD row, in the table's order.
inline const std::vector<VectorRow>& vector_rows() {
  static const std::vector<VectorRow> rows = {
#define WASM_SIMD(name, code, text, immediate, signature, feature, ...) \
  VectorRowOf<__VA_ARGS__>::make(Opcode::name),
#define WASM_SIMD_ACCESS(...)
#include "engine/opcodes/opcodes.def"
  };
  return rows;
}

}  // namespace ops::reference

/// Vectors where operations change their minds, and random ones.
class VectorValues {
 public:
  [[nodiscard]] Vector next() {
    const auto random = [this] { return random_(); };
    switch (random() % 6) {
      case 0: return Vector{random(), random()};
      case 1: return fill<uint8_t>({0, 1, 7, 15, 16, 31, 0x7f, 0x80, 0x81, 0xff});
      case 2: return fill<uint16_t>({0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xff7f, 0xffff});
      case 3: return fill<uint32_t>({0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff});
      case 4:
        return fill<uint32_t>({0,          0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x40200000,
                               0x00000001, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
                               0x7fa00000, 0x4f000000, 0xcf000000, 0x4f7fffff, 0x4f800000, 0x4effffff,
                               0xcf000001, 0x4b800001, 0xc0490fdb});
      default:
        return fill<uint64_t>({0,
                               1ull << 63,
                               0x3ff0000000000000,
                               0xbfe0000000000000,
                               1,
                               0x7fefffffffffffff,
                               0x7ff0000000000000,
                               0xfff0000000000000,
                               0x7ff8000000000000,
                               0x7ff4000000000000,
                               0x41dfffffffc00000,
                               0x41dfffffffe00000,
                               0xc1e0000000000000,
                               0xc1e0000000100000,
                               0x41efffffffe00000,
                               0x41f0000000000000,
                               0x43e0000000000000,
                               0xffffffff80000000,
                               ~0ull,
                               0x400921fb54442d18,
                               0xc1e0000000200000});
    }
  }

 private:
  template <class T>
  Vector fill(std::initializer_list<T> values) {
    Lanes<T> result = {};
    for (unsigned i = 0; i < kLaneCount<T>; ++i) result[i] = values.begin()[random_() % values.size()];
    return vector_of(result);
  }

  std::mt19937_64 random_{20261121};
};

/// Do two NaN lanes count as equal? Of a NaN that arithmetic makes only the quiet bit is determined.
template <class T>
[[nodiscard]] bool lanes_agree(Vector got, Vector wanted) {
  constexpr auto quiet = ops::BitsOf<T>{1} << (sizeof(T) == 4 ? 22 : 51);
  for (unsigned i = 0; i < kLaneCount<T>; ++i) {
    const T a = lanes<T>(got)[i], b = lanes<T>(wanted)[i];
    if (ops::bits(a) != ops::bits(b) && !(a != a && b != b && (ops::bits(a) & quiet) != 0)) return false;
  }
  return true;
}

/// Is `got` what the row may give where the reference gave `wanted`? (Spec 4.3.3 NaN propagation)
[[nodiscard]] inline bool agrees(const VectorRow& row, Vector got, Vector wanted) {
  if (got[0] == wanted[0] && got[1] == wanted[1]) return true;
  const std::string_view text = row.text();
  if (row.result() != 'v' || text[0] != 'f') return false;
  for (const std::string_view exact :
       {"abs", "neg", "pm", "splat", "replace", "eq", "ne", "lt", "gt", "le", "ge"}) {
    if (text.substr(6).starts_with(exact)) return false;
  }
  return text.starts_with("f32") ? lanes_agree<float>(got, wanted) : lanes_agree<double>(got, wanted);
}

}  // namespace heddle::engine
