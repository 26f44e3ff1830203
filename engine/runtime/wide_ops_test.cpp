// SPDX-License-Identifier: Apache-2.0
// Tests of 128-bit addition, subtraction and wide products against the compiler's own 128-bit arithmetic.
#include "engine/runtime/wide_ops.h"

#include <gtest/gtest.h>

namespace heddle::engine::ops {
namespace {

__extension__ using U128 = unsigned __int128;
__extension__ using S128 = __int128;

constexpr uint64_t kValues[] = {
    0, 1, 2, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, UINT64_MAX, 0x123456789abcdef0};

[[nodiscard]] U128 join(uint64_t low, uint64_t high) { return U128{high} << 64 | low; }

template <class Op>
void expect_wide(const Slot* operands, U128 expected) {
  const Wide result = Op::apply(operands);
  EXPECT_TRUE(join(result.low, result.high) == expected)
      << operands[0] << " " << operands[1] << " gave " << result.low << " " << result.high;
}

TEST(wide_ops, agree_with_the_compiler) {
  for (const uint64_t a : kValues) {
    for (const uint64_t b : kValues) {
      const Slot factors[] = {a, b};
      expect_wide<MulWide<uint64_t>>(factors, U128{a} * b);
      const S128 product = S128{static_cast<int64_t>(a)} * static_cast<int64_t>(b);
      expect_wide<MulWide<int64_t>>(factors, static_cast<U128>(product));
      for (const uint64_t c : kValues) {
        const Slot operands[] = {a, b, c, a};
        expect_wide<Add128>(operands, join(a, b) + join(c, a));
        expect_wide<Sub128>(operands, join(a, b) - join(c, a));
      }
    }
  }
}

}  // namespace
}  // namespace heddle::engine::ops
