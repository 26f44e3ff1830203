// SPDX-License-Identifier: Apache-2.0
// Batched atomics of hosts and guests, counters, and thread-local slots of guests.
#include <array>

#include "threads/sync/test_allocator.h"

namespace heddle::sync {
namespace {

class CountersTest : public testing::TestWithParam<Mix> {};
INSTANTIATE_TEST_SUITE_P(with, CountersTest, testing::Values(Mix::guests, Mix::hosts, Mix::both), name_of);

TEST_P(CountersTest, sum_up) {
  World world;
  EXPECT_EQ(counters_sum_up(world, GetParam()), "");
}

TEST(atomics, of_guests_do_what_they_say) {
  World world;
  EXPECT_EQ(World::Guest(world, 0)("atomics_faults", {number(world.take())}), 0u);
}

TEST(atomics, of_hosts_do_what_they_say) {
  struct Row {
    AtomicOperation operation;
    uint32_t operand, result;
  };
  // All from 12.
  constexpr Row kRows[] = {{AtomicOperation::add, UINT32_MAX, 11}, {AtomicOperation::bit_and, 10, 8},
                           {AtomicOperation::bit_or, 3, 15},       {AtomicOperation::bit_xor, 5, 9},
                           {AtomicOperation::exchange, 1, 1},      {AtomicOperation::max, 13, 13},
                           {AtomicOperation::max, 11, 12},         {AtomicOperation::min, 11, 11},
                           {AtomicOperation::min, 13, 12}};
  World world;
  const uint64_t cells = world.take();
  for (const Row& row : kRows) {
    const std::array<uint64_t, 2> addresses = {cells + 8, cells};
    const std::array<uint32_t, 2> operands = {row.operand, row.operand};
    std::array<uint32_t, 2> previous = {};
    world.words(cells)[0] = 12;
    world.words(cells)[2] = 12;
    ASSERT_TRUE(apply_many(world.memory, row.operation, addresses, operands, previous).ok());
    EXPECT_EQ(previous[0], 12u);
    EXPECT_EQ(world.words(cells)[0], row.result);
    EXPECT_EQ(world.words(cells)[2], row.result);
    EXPECT_EQ(world.words(cells)[1], 0u);
    // The same in 64 bits, where the addition does not wrap around.
    ASSERT_TRUE(world.memory.store<uint64_t>(cells + 16, 12).ok());
    ASSERT_TRUE(apply_range(world.memory, row.operation, cells + 16, 1, uint64_t{row.operand}).ok());
    const uint64_t wide = row.operation == AtomicOperation::add ? uint64_t{12} + UINT32_MAX : row.result;
    EXPECT_EQ(world.memory.load<uint64_t>(cells + 16).value(), wide);
    ASSERT_TRUE(world.memory.store<uint64_t>(cells + 16, 0).ok());
  }
}

TEST(atomics, refuse_cells_elsewhere_before_anything_is_done) {
  World world;
  const uint64_t cell = world.take();
  const std::array<uint32_t, 2> ones = {1, 1};
  for (const uint64_t wrong : {world.memory.size(), cell + 2, UINT64_MAX - 3}) {
    const std::array<uint64_t, 2> addresses = {cell, wrong};
    EXPECT_FALSE(apply_many(world.memory, AtomicOperation::add, addresses, ones).ok());
  }
  const std::array<uint64_t, 1> address = {cell};
  EXPECT_FALSE(apply_many(world.memory, AtomicOperation::add, address, ones).ok());
  EXPECT_FALSE(apply_range(world.memory, AtomicOperation::add, cell, UINT64_MAX, 1u).ok());
  EXPECT_FALSE(apply_range(world.memory, AtomicOperation::add, cell + 4, 1, uint64_t{1}).ok());
  EXPECT_FALSE(apply_range(SharedMemory(), AtomicOperation::add, 0, 1, 1u).ok());
  EXPECT_EQ(*world.words(cell), 0u);
}

TEST(slots, are_the_threads_own) {
  World world;
  EXPECT_EQ(slots_are_the_threads_own(world, Mix::guests), "");
}

TEST(slots, keep_values_while_others_set_theirs) {
  World world;
  World::Guest guest(world, 20);
  const uint64_t key = guest("slot_key", {}), slots = world.take(64);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([&world, key, slots, i] {
      World::Guest mine(world, i);
      mine("slots_attach", {number(slots + i * 1024)});
      EXPECT_EQ(mine("slots_rounds", {number(key), number(1000 * (i + 1)), number(500)}), 0u);
      mine("slots_detach", {});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(guest("slots_destroyed", {}), 10'000u);
}

TEST(slots, run_out) {
  World world;
  World::Guest guest(world, 20);
  uint64_t key = 0;
  for (int i = 0; i < 64; ++i) EXPECT_NE(key = guest("slot_key", {}), 0u);
  EXPECT_EQ(guest("slot_key", {}), 0u);
  EXPECT_EQ(guest("slot_key_delete", {number(key)}), 1u);
  EXPECT_EQ(guest("slot_key_delete", {number(key)}), 0u);
  EXPECT_NE(guest("slot_key", {}), 0u);
}

}  // namespace
}  // namespace heddle::sync
