// SPDX-License-Identifier: Apache-2.0
// The shared allocator: blocks never overlap and all come back, whoever allocates and frees; spoiled regions.
#include <heddle/sync_memory.h>

#include <bit>
#include <random>
#include <set>

#include "threads/sync/test_allocator.h"

namespace heddle::sync {
namespace {

class AllocatorTest : public testing::TestWithParam<Mix> {
 protected:
  World world_;
};

INSTANTIATE_TEST_SUITE_P(with, AllocatorTest, testing::Values(Mix::guests, Mix::hosts, Mix::both), name_of);

TEST_P(AllocatorTest, blocks_do_not_overlap_and_all_come_back) {
  EXPECT_EQ(allocator_keeps_apart(world_, GetParam()), "");
}
TEST_P(AllocatorTest, a_full_region_gives_each_place_once) {
  EXPECT_EQ(allocator_fills_up(world_, GetParam()), "");
}
TEST_P(AllocatorTest, what_is_not_allocated_is_not_freed) {
  EXPECT_EQ(allocator_refuses(world_, GetParam()), "");
}

TEST(allocator, needs_room_for_a_page) {
  World world;
  EXPECT_FALSE(Allocator::create(world.memory, World::kRegion, 4096).ok());
  EXPECT_FALSE(Allocator::create(world.memory, World::kRegion, world.memory.size()).ok());
  EXPECT_FALSE(Allocator::at(world.memory, World::kRegion).ok());
  ASSERT_TRUE(Allocator::create(world.memory, World::kRegion, 16384).ok());
  EXPECT_TRUE(Allocator::at(world.memory, World::kRegion).ok());
  World::Guest guest(world, 0);
  EXPECT_EQ(guest("allocator_init", {number(World::kRegion), number(4096)}), 0u);
  EXPECT_EQ(guest("allocator_init", {number(World::kRegion + 4), number(65536)}), World::kRegion + 64);
  EXPECT_TRUE(Allocator::at(world.memory, World::kRegion + 64).ok());
}

TEST(allocator, host_and_guest_lay_a_region_out_alike) {
  for (const uint64_t bytes : {8192u, 70'000u, 1'000'000u, 4u << 20}) {
    World world;
    World::Guest guest(world, 0);
    ASSERT_TRUE(Allocator::create(world.memory, World::kRegion, bytes).ok()) << bytes;
    const std::vector<uint8_t> by_host(world.memory.data().data() + World::kRegion,
                                       world.memory.data().data() + World::kRegion + bytes);
    std::fill_n(world.memory.data().data() + World::kRegion, bytes, uint8_t{0});
    ASSERT_EQ(guest("allocator_init", {number(World::kRegion), number(bytes)}), World::kRegion) << bytes;
    EXPECT_EQ(std::memcmp(by_host.data(), world.memory.data().data() + World::kRegion, bytes), 0) << bytes;
  }
}

TEST(allocator, aligns_as_asked) {
  World world;
  World::Guest guest(world, 0);
  Allocator allocator =
      Allocator::create(world.memory, World::kRegion + 64, World::kRegionBytes - 64).value();
  for (uint64_t alignment = 1; alignment <= 1 << 20; alignment *= 2) {
    for (const uint64_t bytes : {1u, 65u, 100u, 2000u, 2048u, 2049u, 5000u}) {
      const std::optional<uint64_t> block = allocator.allocate(bytes, alignment);
      ASSERT_TRUE(block) << alignment << " " << bytes;
      EXPECT_EQ(*block % std::max<uint64_t>(alignment, 64), 0u) << alignment << " " << bytes;
      EXPECT_GE(allocator.block_bytes(*block), bytes);
      const uint64_t other =
          guest("allocate", {number(World::kRegion + 64), number(alignment), number(bytes)});
      ASSERT_NE(other, 0u);
      EXPECT_EQ(other % std::max<uint64_t>(alignment, 64), 0u) << alignment << " " << bytes;
      EXPECT_TRUE(allocator.free(other).ok());
      EXPECT_EQ(guest("release", {number(World::kRegion + 64), number(*block)}), 1u);
    }
  }
  EXPECT_FALSE(allocator.allocate(8, 3));
  EXPECT_FALSE(allocator.allocate(8, 0));
  EXPECT_FALSE(allocator.allocate(8, uint64_t{1} << 63));
  EXPECT_FALSE(allocator.allocate(UINT64_MAX));
  EXPECT_EQ(guest("allocate", {number(World::kRegion + 64), number(3), number(8)}), 0u);
  EXPECT_EQ(guest("allocate", {number(World::kRegion + 64), number(1u << 31), number(8)}), 0u);
  EXPECT_EQ(guest("allocate", {number(World::kRegion + 64), number(64), number(UINT32_MAX)}), 0u);
}

/// Whatever a guest writes into the bookkeeping: the host stays within the region and comes back. What it
/// answers is no more than addresses of the region.
TEST(allocator, survives_a_spoiled_region) {
  constexpr uint64_t kBytes = 64 << 10;
  World world;
  std::mt19937 random(1);
  uint8_t* const before = world.memory.data().data() + World::kRegion - 4096;
  uint8_t* const region = before + 4096;
  for (int round = 0; round < 2000; ++round) {
    std::fill_n(before, 4096, uint8_t{0xA5});
    std::fill_n(region + kBytes, 4096, uint8_t{0xA5});
    Allocator allocator = Allocator::create(world.memory, World::kRegion, kBytes).value();
    std::vector<uint64_t> blocks;
    for (int i = 0; i < 60; ++i) {
      if (const auto block = allocator.allocate(1 + random() % (random() % 8 == 0 ? 9000 : 500)))
        blocks.push_back(*block);
    }
    for (int i = 0; i < 20; ++i) {
      // Anything but the locks, which a guest could keep for ever.
      const uint32_t word = random() % ((1536 + 15 * 32) / 4);
      const bool is_lock = word == 64 / 4 || (word >= 256 / 4 && word < 1536 / 4 && word * 4 % 128 == 0);
      if (is_lock) continue;
      const uint32_t values[] = {0, UINT32_MAX, static_cast<uint32_t>(random()),
                                 static_cast<uint32_t>(random() % 16)};
      reinterpret_cast<uint32_t*>(region)[word] = values[random() % 4];
    }
    for (int i = 0; i < 60; ++i) {
      if (random() % 2 == 0 && !blocks.empty()) {
        (void)allocator.free(blocks[random() % blocks.size()]);
      } else if (const auto block = allocator.allocate(1 + random() % 9000, 64u << random() % 8)) {
        ASSERT_GE(*block, World::kRegion);
        ASSERT_LE(*block + allocator.block_bytes(*block), World::kRegion + kBytes);
        blocks.push_back(*block);
      }
    }
    for (int i = 0; i < 4096; ++i) {
      ASSERT_EQ(before[i], 0xA5) << "round " << round;
      ASSERT_EQ(region[kBytes + i], 0xA5) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace heddle::sync
