// SPDX-License-Identifier: Apache-2.0
// Tests of memories: creation, limits, growth under storms and short hosts, and bulk operations.
#include "engine/runtime/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/memory_bulk.h"
#include "engine/runtime/signals.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

constexpr uint64_t kPage = uint64_t{64} << 10;

MemoryType memory32(uint64_t min, std::optional<uint64_t> max = {}) { return {.limits = {min, max, false}}; }
MemoryType memory64(uint64_t min, std::optional<uint64_t> max = {}) { return {.limits = {min, max, true}}; }
MemoryType shared32(uint64_t min, uint64_t max) { return {.limits = {min, max, false}, .is_shared = true}; }
MemoryType bytewise(uint64_t min, std::optional<uint64_t> max = {}) {
  return {.limits = {min, max, false}, .is_shared = false, .page_size_log2 = 0};
}

std::shared_ptr<Memory> make(const MemoryType& type, MemoryMode mode = MemoryMode::automatic) {
  auto memory = Memory::create(type, mode, nullptr);
  EXPECT_TRUE(memory.ok()) << memory.error().to_string();
  return std::move(memory).value();
}

/// Both modes, or the only one that this build has.
std::vector<MemoryMode> modes() {
  if (!signals_available()) return {MemoryMode::checked};
  return {MemoryMode::guarded, MemoryMode::checked};
}

class CountingLimiter final : public GrowthLimiter {
 public:
  explicit CountingLimiter(uint64_t bytes) : bytes_(bytes) {}
  bool reserve_memory(uint64_t bytes) override {
    if (bytes > bytes_ - used) return false;
    used += bytes;
    return true;
  }
  bool reserve_table(uint64_t) override { return false; }
  void release_memory(uint64_t bytes) override { used -= bytes; }
  void release_table(uint64_t) override {}
  uint64_t used = 0;

 private:
  uint64_t bytes_;
};

TEST(memory, automatic_mode_is_resolved_once_and_by_type) {
  const MemoryMode mode = resolve_memory_mode(MemoryMode::automatic);
  EXPECT_NE(mode, MemoryMode::automatic);
  EXPECT_EQ(resolve_memory_mode(MemoryMode::automatic), mode);
  EXPECT_EQ(resolve_memory_mode(MemoryMode::checked), MemoryMode::checked);
  EXPECT_EQ(memory_mode_of(memory32(1), mode), mode);
  EXPECT_EQ(memory_mode_of(shared32(1, 1), mode), mode);
  EXPECT_EQ(memory_mode_of(memory64(1), MemoryMode::guarded), MemoryMode::checked);
  EXPECT_EQ(memory_mode_of(bytewise(1), MemoryMode::guarded), MemoryMode::checked);
  EXPECT_EQ(make(memory32(1), MemoryMode::checked)->needs_checks(), true);
}

TEST(memory, starts_zeroed_and_grows_in_place_to_its_maximum) {
  for (const MemoryMode mode : modes()) {
    const auto memory = make(memory32(1, 4), mode);
    uint8_t* const base = memory->base();
    EXPECT_EQ(memory->byte_size(), kPage);
    base[kPage - 1] = 9;
    EXPECT_EQ(memory->grow(2), 1);
    EXPECT_EQ(memory->grow(0), 3);
    EXPECT_EQ(memory->base(), base);
    EXPECT_EQ(base[kPage - 1], 9);
    EXPECT_TRUE(std::all_of(base + kPage, base + 3 * kPage, [](uint8_t byte) { return byte == 0; }));
    EXPECT_EQ(memory->grow(2), -1);
    EXPECT_EQ(memory->grow(UINT64_MAX), -1);
    EXPECT_EQ(memory->pages(), 3u);
    EXPECT_EQ(memory->grow(1), 3);
    EXPECT_EQ(memory->grow(1), -1);
  }
}

TEST(memory, of_no_pages_can_be_used_and_grown) {
  for (const MemoryMode mode : modes()) {
    const auto memory = make(memory32(0), mode);
    EXPECT_NE(memory->base(), nullptr);
    EXPECT_TRUE(memory->contains(0, 0));
    EXPECT_FALSE(memory->contains(0, 1));
    EXPECT_TRUE(memory_fill(*memory, 0, 1, 0));
    EXPECT_FALSE(memory_fill(*memory, 1, 1, 0));
    EXPECT_EQ(memory->grow(1), 0);
    EXPECT_TRUE(memory_fill(*memory, 0, 1, kPage));
    EXPECT_EQ(make(memory32(0, 0), mode)->grow(1), -1);
  }
}

TEST(memory, reaches_65536_pages_and_not_one_more) {
  for (const MemoryMode mode : modes()) {
    const auto memory = make(memory32(1), mode);
    EXPECT_EQ(memory->grow(65536), -1);
    ASSERT_EQ(memory->grow(65535), 1);
    EXPECT_EQ(memory->byte_size(), uint64_t{1} << 32);
    memory->base()[(uint64_t{1} << 32) - 1] = 1;
    EXPECT_EQ(memory->grow(1), -1);
    EXPECT_TRUE(memory->contains((uint64_t{1} << 32) - 8, 8));
    EXPECT_FALSE(memory->contains((uint64_t{1} << 32) - 7, 8));
    EXPECT_FALSE(memory->contains(UINT64_MAX, 2));
  }
}

TEST(memory, memory64_reserves_what_it_may_need_and_refuses_the_rest) {
  EXPECT_EQ(make(memory64(1, 2))->grow(2), -1);
  const auto memory = make(memory64(1, uint64_t{1} << 48));
  EXPECT_EQ(memory->grow(100), 1);
  memory->base()[101 * kPage - 1] = 1;
  EXPECT_EQ(memory->grow((uint64_t{1} << 48) - 101), -1);
  EXPECT_EQ(memory->grow(uint64_t{1} << 60), -1);
  EXPECT_EQ(memory->pages(), 101u);
}

TEST(memory, impossible_minimum_is_an_error) {
  for (const uint64_t pages : {uint64_t{1} << 32, uint64_t{1} << 47, uint64_t{1} << 48, UINT64_MAX}) {
    const auto memory = Memory::create(memory64(pages), MemoryMode::checked, nullptr);
    ASSERT_FALSE(memory.ok()) << pages;
    EXPECT_EQ(memory.error().kind, ErrorKind::resource);
  }
  EXPECT_FALSE(Memory::create(memory32(65537), MemoryMode::checked, nullptr).ok());
}

TEST(memory, pages_of_one_byte) {
  const auto memory = make(bytewise(100, 5000));
  EXPECT_EQ(memory->byte_size(), 100u);
  EXPECT_EQ(memory->grow(4000), 100);
  EXPECT_EQ(memory->pages(), 4100u);
  memory->base()[4099] = 1;
  EXPECT_EQ(memory->grow(901), -1);
  EXPECT_EQ(memory->grow(900), 4100);
  EXPECT_EQ(make(bytewise(0))->grow(UINT32_MAX), 0);
}

TEST(memory, limiter_counts_what_is_held) {
  const auto limiter = std::make_shared<CountingLimiter>(5 * kPage);
  {
    const auto memory = Memory::create(memory32(2), MemoryMode::automatic, limiter).value();
    EXPECT_EQ(limiter->used, 2 * kPage);
    EXPECT_EQ(memory->grow(4), -1);
    EXPECT_EQ(memory->grow(70000), -1);
    EXPECT_EQ(limiter->used, 2 * kPage);
    EXPECT_EQ(memory->grow(3), 2);
    EXPECT_EQ(limiter->used, 5 * kPage);
    const auto refused = Memory::create(memory32(1), MemoryMode::automatic, limiter);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::resource);
    EXPECT_EQ(limiter->used, 5 * kPage);
  }
  EXPECT_EQ(limiter->used, 0u);
}

TEST(memory, a_maximum_gives_back_what_the_limiter_granted_for_nothing) {
  const auto limiter = std::make_shared<CountingLimiter>(100 * kPage);
  const auto memory = Memory::create(memory32(1, 2), MemoryMode::automatic, limiter).value();
  EXPECT_EQ(memory->grow(2), -1);
  EXPECT_EQ(limiter->used, kPage);
}

TEST(thread_memory, growing_storm_hands_out_every_page_once) {
  constexpr uint32_t kThreads = 4;
  constexpr uint64_t kPages = 2000;
  const auto memory = make(shared32(0, kPages));
  std::vector<std::vector<int64_t>> seen(kThreads);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int64_t old; (old = memory->grow(1)) >= 0;) {
        memory->base()[static_cast<uint64_t>(old) * kPage + kPage - 1] = 1;  // usable at once
        seen[i].push_back(old);
      }
    });
  }
  uint64_t last = 0;
  while (last < kPages) {
    const uint64_t now = memory->pages();
    ASSERT_GE(now, last);
    last = now;
  }
  for (auto& thread : threads) thread.join();
  std::vector<int64_t> all;
  for (const auto& part : seen) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(kPages);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

// Hosts that are short of something, played in a child process; its exit code counts what went wrong.

int with_limit(int resource, uint64_t bytes, int (*body)()) {
  const rlimit limit = {bytes, bytes};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return 99;
  return body();
}

int without_address_space() {
  int wrong = 0;
  const auto guarded = Memory::create(memory32(1), MemoryMode::guarded, nullptr);
  wrong += guarded.ok() || guarded.error().kind != ErrorKind::resource;
  const auto checked = Memory::create(memory32(1), MemoryMode::checked, nullptr);
  if (!checked.ok()) return wrong + 10;
  wrong += (*checked)->grow(65535) != -1;  // only a smaller reservation fitted
  wrong += (*checked)->grow(100) != 1;
  (*checked)->base()[101 * kPage - 1] = 1;
  wrong += Memory::create(memory64(uint64_t{1} << 20), MemoryMode::checked, nullptr).ok();
  return wrong;
}

int without_memory() {
  int wrong = 0;
  for (const MemoryMode mode : modes()) {
    const auto memory = Memory::create(memory32(1), mode, nullptr);
    if (!memory.ok()) return wrong + 10;
    wrong += (*memory)->grow(60000) != -1;
    wrong += (*memory)->pages() != 1;
    wrong += (*memory)->grow(16) != 1;
    (*memory)->base()[17 * kPage - 1] = 1;
    wrong += Memory::create(memory32(60000), mode, nullptr).ok();
  }
  return wrong;
}

TEST(memory_on_a_short_host, without_address_space_falls_back_or_fails_with_an_error) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "the sanitizer itself needs the address space";
  EXPECT_EXIT(_exit(with_limit(RLIMIT_AS, uint64_t{1} << 30, without_address_space)),
              testing::ExitedWithCode(0), "");
}

TEST(memory_on_a_short_host, grow_fails_where_the_host_refuses_pages) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "the sanitizer itself needs the memory";
  EXPECT_EXIT(_exit(with_limit(RLIMIT_DATA, uint64_t{256} << 20, without_memory)), testing::ExitedWithCode(0),
              "");
}

// Bulk operations.

uint8_t pattern(uint64_t i) { return static_cast<uint8_t>((i * 2654435761u) >> 13); }

void write_pattern(Memory& memory, uint64_t size) {
  for (uint64_t i = 0; i < size; ++i) memory.base()[i] = pattern(i);
}

TEST(memory_bulk, out_of_bounds_writes_nothing) {
  const auto memory = make(bytewise(100));
  const std::vector<uint8_t> segment(50, 7);
  ExecContext context;
  EXPECT_FALSE(memory_fill(*memory, 51, 7, 50));
  EXPECT_FALSE(memory_fill(*memory, UINT64_MAX, 7, 2));
  EXPECT_FALSE(memory_copy(*memory, 51, *memory, 0, 50));
  EXPECT_FALSE(memory_copy(*memory, 0, *memory, 51, 50));
  EXPECT_FALSE(memory_init(*memory, 51, segment, 0, 50));
  EXPECT_FALSE(memory_init(*memory, 0, segment, 1, 50));
  EXPECT_FALSE(memory_init(*memory, 0, segment, UINT64_MAX, 2));
  EXPECT_FALSE(memory_init(*memory, 0, {}, 0, 1));
  EXPECT_FALSE(memory_fill(context, *memory, 100, 7, 1));
  EXPECT_EQ(context.trap.kind, TrapKind::memory_out_of_bounds);
  EXPECT_TRUE(std::all_of(memory->base(), memory->base() + 4096, [](uint8_t byte) { return byte == 0; }));
}

TEST(memory_bulk, fills_and_copies_exactly_the_range) {
  const auto memory = make(bytewise(100));
  const std::vector<uint8_t> segment = {1, 2, 3, 4};
  EXPECT_TRUE(memory_init(*memory, 96, segment, 0, 4));
  EXPECT_TRUE(memory_init(*memory, 100, {}, 0, 0));
  EXPECT_TRUE(memory_fill(*memory, 90, 9, 6));
  EXPECT_TRUE(memory_copy(*memory, 88, *memory, 92, 8));
  const std::vector<uint8_t> expected = {0, 0, 9, 9, 9, 9, 1, 2, 3, 4, 1, 2, 3, 4, 0};
  EXPECT_EQ(std::vector<uint8_t>(memory->base() + 86, memory->base() + 101), expected);
}

TEST(memory_bulk, overlapping_copies_of_several_chunks) {
  constexpr uint64_t kSize = uint64_t{40} << 20;
  constexpr uint64_t kShift = 12345;
  ExecContext context;
  const auto memory = make(memory32((kSize + kShift) / kPage + 1));
  write_pattern(*memory, kSize);
  ASSERT_TRUE(memory_copy(context, *memory, kShift, *memory, 0, kSize));
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < kSize; ++i) wrong += memory->base()[kShift + i] != pattern(i);
  ASSERT_TRUE(memory_copy(context, *memory, 0, *memory, kShift, kSize));
  for (uint64_t i = 0; i < kSize; ++i) wrong += memory->base()[i] != pattern(i);
  EXPECT_EQ(wrong, 0u);
}

TEST(memory_bulk, interrupt_stops_between_chunks) {
  constexpr uint64_t kChunk = uint64_t{16} << 20;
  const auto memory = make(memory32(3 * kChunk / kPage));
  ExecContext context;
  context.request_interrupt();
  EXPECT_FALSE(memory_fill(context, *memory, 0, 1, 3 * kChunk));
  EXPECT_EQ(context.trap.kind, TrapKind::interrupted);
  EXPECT_EQ(memory->base()[kChunk - 1], 1);
  EXPECT_EQ(memory->base()[kChunk], 0);
  context.trap = {};
  EXPECT_TRUE(memory_fill(context, *memory, 0, 2, kChunk));  // a single chunk is not worth a look
}

TEST(thread_memory, racing_bulk_operations_are_the_guests_business) {
  const auto memory = make(shared32(1, 1));
  std::thread filler([&] {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(memory_fill(*memory, 0, static_cast<uint8_t>(i), 4096));
  });
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(memory_copy(*memory, 2048, *memory, 1024, 2048));
  filler.join();
  EXPECT_EQ(memory->base()[0], 199);
}

}  // namespace
}  // namespace heddle::engine
