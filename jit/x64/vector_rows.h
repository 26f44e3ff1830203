// SPDX-License-Identifier: Apache-2.0
// VectorRow: SIMD rows that are an instruction or two of a common shape.
#pragma once

#include <optional>

#include "jit/ir/operation.h"
#include "jit/x64/machine.h"
#include "jit/x64/select.h"

namespace heddle::jit::x64 {

struct VectorRow {
  enum class Shape : uint8_t {
    binary,      ///< left op right
    exchanged,   ///< right op left
    unary,       ///< op(argument)
    constant,    ///< argument op `literal`, in both halves
    from_zero,   ///< 0 op argument
    extend_low,  ///< op(lower half), and of the upper half
    extend_high,
    product_low,  ///< op(lower half of left) `second` op(lower half of right), and of the upper halves
    product_high,
    shift,  ///< `immediate`: bits of a lane
  };
  Mnemonic mnemonic;
  Shape shape = Shape::binary;
  bool inverted = false;   ///< binary: the result's bits are inverted
  int16_t immediate = -1;  ///< of the instruction; -1: none
  uint64_t literal = 0;
  Mnemonic second{};
};

[[nodiscard]] std::optional<VectorRow> vector_row(Operation operation, const CpuFeatures& features) noexcept;

}  // namespace heddle::jit::x64
