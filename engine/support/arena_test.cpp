// SPDX-License-Identifier: Apache-2.0
// The arena: alignment, disjointness, reuse after reset, refusal of impossible sizes.
#include "engine/support/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

namespace heddle::engine {
namespace {

TEST(arena, pieces_are_aligned_and_disjoint) {
  Arena arena;
  std::vector<std::span<uint8_t>> pieces;
  for (size_t i = 0; i < 3000; ++i) {
    const size_t alignment = size_t{1} << i % 8;
    const size_t bytes = i % 37 + (i % 500 == 0 ? 5000 : 0);
    auto* const piece = static_cast<uint8_t*>(arena.allocate(bytes, alignment));
    ASSERT_NE(piece, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(piece) % alignment, 0u);
    std::memset(piece, static_cast<int>(i & 0xff), bytes);
    pieces.push_back({piece, bytes});
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    for (const uint8_t byte : pieces[i]) ASSERT_EQ(byte, i & 0xff);
  }
}

TEST(arena, default_alignment_fits_a_vector_value) {
  Arena arena;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.allocate(1)) % Arena::kDefaultAlignment, 0u);
  }
}

TEST(arena, serves_large_pieces_and_great_alignments) {
  Arena arena;
  const auto large = arena.allocate_array<uint64_t>(1 << 20);
  ASSERT_EQ(large.size(), size_t{1} << 20);
  EXPECT_EQ(large.front(), 0u);
  EXPECT_EQ(large.back(), 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.allocate(10, 4096)) % 4096, 0u);
}

TEST(arena, arrays_are_value_initialized) {
  Arena arena;
  void* const first = arena.allocate(4000);
  std::memset(first, 0xff, 4000);
  arena.reset();
  for (const uint32_t value : arena.allocate_array<uint32_t>(500)) EXPECT_EQ(value, 0u);
  EXPECT_TRUE(arena.allocate_array<uint32_t>(0).empty());
}

TEST(arena, counts_what_was_asked_for) {
  Arena arena;
  EXPECT_EQ(arena.bytes_used(), 0u);
  (void)arena.allocate(10);
  (void)arena.allocate_array<uint64_t>(1000);
  EXPECT_EQ(arena.bytes_used(), 8010u);
  arena.reset();
  EXPECT_EQ(arena.bytes_used(), 0u);
}

TEST(arena, reset_reuses_the_newest_chunk) {
  Arena arena;
  void* first = nullptr;
  for (int round = 0; round < 10; ++round) {
    void* const piece = arena.allocate(100);
    if (round == 0) first = piece;
    EXPECT_EQ(piece, first);
    arena.reset();
  }
  (void)arena.allocate(16 << 20);
  arena.reset();
  arena.reset();
  EXPECT_NE(arena.allocate(100), nullptr);
}

TEST(arena, refuses_sizes_that_cannot_be) {
  Arena arena;
  EXPECT_EQ(arena.allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(arena.allocate(SIZE_MAX - 64), nullptr);
  EXPECT_TRUE(arena.allocate_array<uint64_t>(SIZE_MAX / 4).empty());
  EXPECT_EQ(arena.bytes_used(), 0u);
  EXPECT_NE(arena.allocate(16), nullptr);
}

TEST(arena, moves) {
  Arena arena;
  auto piece = arena.allocate_array<int>(10);
  piece[9] = 7;
  Arena other = std::move(arena);
  EXPECT_EQ(piece[9], 7);
  EXPECT_EQ(other.bytes_used(), 40u);
  EXPECT_NE(arena.allocate(8), nullptr);  // NOLINT: a moved-from arena is an empty one
  arena = std::move(other);
  EXPECT_EQ(arena.bytes_used(), 40u);
}

}  // namespace
}  // namespace heddle::engine
