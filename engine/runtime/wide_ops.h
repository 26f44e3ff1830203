// SPDX-License-Identifier: Apache-2.0
// Wide semantics as types: 128-bit addition and subtraction, 64 x 64 -> 128 bit products. (Wide arithmetic
// proposal)
//
// A 128-bit value is two i64, the low half first. Each operation has kOperands i64 operands and two i64
// results.
#pragma once

#include <concepts>
#include <cstdint>

#include "engine/runtime/slot.h"

namespace heddle::engine::ops {

struct Wide {
  uint64_t low;
  uint64_t high;
};

struct Add128 {
  static constexpr unsigned kOperands = 4;
  static constexpr Wide apply(const Slot* operands) {
    const uint64_t low = operands[0] + operands[2];
    return {low, operands[1] + operands[3] + (low < operands[0] ? 1 : 0)};
  }
};

struct Sub128 {
  static constexpr unsigned kOperands = 4;
  static constexpr Wide apply(const Slot* operands) {
    const uint64_t borrow = operands[0] < operands[2] ? 1 : 0;
    return {operands[0] - operands[2], operands[1] - operands[3] - borrow};
  }
};

/// T says whether the factors are signed.
template <std::integral T>
struct MulWide {
  static constexpr unsigned kOperands = 2;
  static constexpr Wide apply(const Slot* operands) {
    __extension__ using Product = unsigned __int128;
    __extension__ using Factor = __int128;
    // Both factors are extended to 128 bits by their own signedness; the product wraps to the same bits
    // either way.
    const Product product = static_cast<Product>(static_cast<Factor>(static_cast<T>(operands[0]))) *
                            static_cast<Product>(static_cast<Factor>(static_cast<T>(operands[1])));
    return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
  }
};

}  // namespace heddle::engine::ops
