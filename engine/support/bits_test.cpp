// SPDX-License-Identifier: Apache-2.0
// Unaligned access, alignment and powers of two.
#include "engine/support/bits.h"

#include <gtest/gtest.h>

namespace heddle::engine {
namespace {

TEST(bits, loads_and_stores_at_any_alignment) {
  for (size_t offset = 0; offset < 8; ++offset) {
    uint8_t bytes[16] = {};
    store_little_endian<uint32_t>(bytes + offset, 0x44332211);
    EXPECT_EQ(bytes[offset], 0x11);
    EXPECT_EQ(bytes[offset + 3], 0x44);
    EXPECT_EQ(bytes[offset + 4], 0);
    EXPECT_EQ(load_little_endian<uint32_t>(bytes + offset), 0x44332211u);
    EXPECT_EQ(load_little_endian<uint16_t>(bytes + offset + 1), 0x3322u);
    store_little_endian<double>(bytes + offset, -1.5);
    EXPECT_EQ(load_little_endian<double>(bytes + offset), -1.5);
    EXPECT_EQ(load_little_endian<int8_t>(bytes + offset + 7), static_cast<int8_t>(0xbf));
  }
}

TEST(bits, aligns) {
  EXPECT_EQ(align_up(0, 16), 0u);
  EXPECT_EQ(align_up(1, 16), 16u);
  EXPECT_EQ(align_up(16, 16), 16u);
  EXPECT_EQ(align_up(17, 1), 17u);
  EXPECT_EQ(align_up(0x100000001, 0x10000), 0x100010000u);
  EXPECT_EQ(align_down(31, 16), 16u);
  EXPECT_TRUE(is_aligned(64, 16));
  EXPECT_FALSE(is_aligned(72, 16));
}

TEST(bits, knows_powers_of_two) {
  EXPECT_FALSE(is_power_of_two(0));
  for (int shift = 0; shift < 64; ++shift) EXPECT_TRUE(is_power_of_two(uint64_t{1} << shift));
  EXPECT_FALSE(is_power_of_two(3));
  EXPECT_FALSE(is_power_of_two(UINT64_MAX));
}

}  // namespace
}  // namespace heddle::engine
