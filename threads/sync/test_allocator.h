// SPDX-License-Identifier: Apache-2.0
// The scenarios of the allocator, the batched atomics and the slots.
#pragma once

#include <map>
#include <optional>
#include <random>

#include "threads/sync/test_scenarios.h"

namespace heddle::sync {

/// A party that allocates for a mix: the host's allocator, or the guest's over the same region.
class AnyAllocator {
 public:
  AnyAllocator(World& world, Mix mix, uint64_t bytes)
      : mix_(mix),
        guest_(world, 20),
        allocator_(Allocator::create(world.memory, World::kRegion, bytes).value()) {}

  std::optional<uint64_t> allocate(uint64_t bytes) {
    if (!is_guest()) return allocator_.allocate(bytes);
    const uint64_t block = guest_("allocate", {number(World::kRegion), number(64), number(bytes)});
    return block == 0 ? std::nullopt : std::optional(block);
  }
  bool free(uint64_t block) {
    if (!is_guest()) return allocator_.free(block).ok();
    return guest_("release", {number(World::kRegion), number(block)}) != 0;
  }
  uint64_t block_bytes(uint64_t block) {
    if (!is_guest()) return allocator_.block_bytes(block);
    return guest_("block_bytes", {number(World::kRegion), number(block)});
  }

 private:
  bool is_guest() { return mix_ == Mix::guests || (mix_ == Mix::both && ++turn_ % 2 == 0); }
  Mix mix_;
  World::Guest guest_;
  Allocator allocator_;
  uint32_t turn_ = 0;
};

/// As the guest's allocator_rounds(): marks in the first, second and last word tell whether others wrote
/// there.
class MarkedBlocks {
 public:
  MarkedBlocks(World& world, uint32_t me)
      : world_(world),
        allocator_(Allocator::at(world.memory, World::kRegion).value()),
        me_(me),
        random_(me) {}

  uint32_t rounds(uint64_t mailbox, uint32_t count) {
    uint64_t kept[16] = {};
    uint32_t marks[16] = {};
    uint32_t faults = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t place = random_() % 16;
      if (kept[place] != 0) {
        faults += spoiled(kept[place]) || world_.words(kept[place])[1] != marks[place];
        uint64_t block = kept[place];
        if (i % 2 == 0) block = exchange(mailbox + place * 4, static_cast<uint32_t>(block));
        faults += block != 0 && !release(block);
      }
      const uint32_t range = random_() % 64 == 0 ? 16000 : random_() % 4 == 0 ? 2048 : 64;
      const uint32_t bytes = 8 + random_() % range;
      kept[place] = allocator_.allocate(bytes).value_or(0);
      if (kept[place] == 0) continue;
      faults += allocator_.block_bytes(kept[place]) < bytes;
      marks[place] = me_ << 24 | i;
      stamp(kept[place], bytes / 4, marks[place]);
    }
    for (uint32_t place = 0; place < 16; ++place) {
      const uint64_t sent = exchange(mailbox + place * 4, 0);
      faults += (kept[place] != 0 && !release(kept[place])) + (sent != 0 && !release(sent));
    }
    return faults;
  }

 private:
  uint32_t exchange(uint64_t cell, uint32_t value) {
    return std::atomic_ref(*const_cast<uint32_t*>(world_.words(cell))).exchange(value);
  }
  bool release(uint64_t block) { return !spoiled(block) && allocator_.free(block).ok(); }
  void stamp(uint64_t block, uint32_t size, uint32_t mark) {
    volatile uint32_t* const words = world_.words(block);
    words[0] = size;
    words[1] = mark;
    words[size - 1] = size == 2 ? mark : mark ^ size;
  }
  bool spoiled(uint64_t block) {
    volatile uint32_t* const words = world_.words(block);
    const uint32_t size = words[0], mark = words[1];
    return size < 2 || size > 16384 || words[size - 1] != (size == 2 ? mark : mark ^ size);
  }

  World& world_;
  Allocator allocator_;
  const uint32_t me_;
  std::mt19937 random_;
};

/// Threads allocate, mark, hand over and free; in the end the region is as empty as at the start.
inline Finding allocator_keeps_apart(World& world, Mix mix) {
  constexpr uint32_t kParties = 4, kRounds = 2000;
  constexpr uint64_t kBytes = 512 << 10;
  const uint64_t mailbox = world.take();
  Allocator allocator = Allocator::create(world.memory, World::kRegion, kBytes).value();
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(
        mix, i, "allocator_rounds", {number(World::kRegion), number(mailbox), number(i + 1), number(kRounds)},
        [&world, mailbox, i] { return MarkedBlocks(world, i + 1).rounds(mailbox, kRounds); }));
  }
  std::vector<uint64_t> lines = {World::kRegion + 64};
  for (uint32_t i = 0; i < 10; ++i) lines.push_back(World::kRegion + 256 + i * 128);
  if (Finding finding = world.faults(std::move(parties), lines); !finding.empty()) return finding;
  // The active page of each size class may stay.
  const uint32_t pages = world.words(World::kRegion)[1], left = world.words(World::kRegion)[3];
  return left + 10 >= pages ? Finding() : equal("free pages", left, pages);
}

/// Until there is no room, with small and large blocks: none overlaps another; and all can be freed.
inline Finding allocator_fills_up(World& world, Mix mix) {
  for (const uint64_t bytes :
       {1, 64, 65, 130, 192, 256, 300, 500, 700, 1000, 1500, 2048, 2049, 5000, 70'000}) {
    AnyAllocator allocator(world, mix, 512 << 10);
    for (int round = 0; round < 2; ++round) {
      std::map<uint64_t, uint64_t> blocks;  // begin and end
      while (const auto block = allocator.allocate(bytes)) {
        const uint64_t end = *block + allocator.block_bytes(*block);
        const auto next = blocks.lower_bound(*block);
        if (end < *block + bytes || end > World::kRegion + (512 << 10))
          return "a block that is too small, or not in the region";
        if (next != blocks.end() && next->first < end) return "two blocks overlap";
        if (next != blocks.begin() && std::prev(next)->second > *block) return "two blocks overlap";
        blocks.emplace(*block, end);
      }
      if (blocks.size() * std::max<uint64_t>(bytes, 64) < (512 << 10) / 3)
        return "too few blocks of " + std::to_string(bytes);
      for (const auto& [block, end] : blocks) {
        if (!allocator.free(block)) return "a block can't be freed";
      }
    }
    if (world.words(World::kRegion)[3] + 1 < world.words(World::kRegion)[1]) return "pages are lost";
  }
  return {};
}

/// Freeing twice, in the middle of a block, or outside is refused, and nothing is broken by it.
inline Finding allocator_refuses(World& world, Mix mix) {
  AnyAllocator allocator(world, mix, 256 << 10);
  for (const uint64_t bytes : {64, 192, 2048, 10'000}) {
    const uint64_t block = allocator.allocate(bytes).value_or(0),
                   other = allocator.allocate(bytes).value_or(0);
    if (block == 0 || other == 0) return "no block";
    if (allocator.free(block + 4) || allocator.free(block + 64 * 31)) return "freed the middle of a block";
    if (!allocator.free(block)) return "a block can't be freed";
    if (allocator.free(block)) return "freed twice";
    if (!allocator.free(other)) return "a block can't be freed";
    if (allocator.free(other)) return "freed twice";
  }
  if (allocator.free(World::kRegion) || allocator.free(64) || allocator.free(UINT32_MAX))
    return "freed what was outside";
  return {};
}

/// Sums made by several threads in counters, more threads than counters.
inline Finding counters_sum_up(World& world, Mix mix) {
  constexpr uint32_t kParties = 4, kCounters = 2, kRounds = 500;
  const uint64_t counters = world.take(kCounters);
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(mix, i, "counters_rounds",
                                {number(counters), number(kCounters), number(i), number(kRounds)},
                                [&world, counters, i] {
                                  const uint64_t cell = counters + i % kCounters * 64;
                                  for (uint64_t k = 0; k < kRounds; ++k) {
                                    (void)apply_range(world.memory, AtomicOperation::add, cell, 1, k);
                                  }
                                  return 0;
                                }));
  }
  if (Finding finding = world.run(std::move(parties), {}); !finding.empty()) return finding;
  const uint64_t sum = World::Guest(world, 20)("counters_sum", {number(counters), number(kCounters)});
  return equal("sum", sum, uint64_t{kParties} * kRounds * (kRounds - 1) / 2);
}

/// Each thread has its own values; a key that was deleted and made again has none; destructors get what is
/// left.
inline Finding slots_are_the_threads_own(World& world, Mix /*guests only*/) {
  World::Guest first(world, 20), second(world, 21);
  const uint64_t slots = world.take(32);
  const uint64_t key = first("slot_key", {});
  if (first("slot_set", {number(key), number(7)}) != 0) return "a thread without slots has set a value";
  first("slots_attach", {number(slots)});
  second("slots_attach", {number(slots + 1024)});
  if (first("slot_set", {number(key), number(7)}) == 0) return "no value";
  if (first("slot_get", {number(key)}) != 7 || second("slot_get", {number(key)}) != 0)
    return "values are mixed up";
  first("slot_key_delete", {number(key)});
  const uint64_t again = second("slot_key", {});
  if (first("slot_set", {number(key), number(8)}) != 0) return "a deleted key has a value";
  if (again % 64 != key % 64 || again == key) return "a key is not a new one";
  if (first("slot_get", {number(again)}) != 0) return "a new key has an old value";
  second("slot_set", {number(again), number(30)});
  first("slots_detach", {});
  if (first("slots_destroyed", {}) != 0) return "a destructor got a value of a deleted key";
  second("slots_renew", {});
  second("slots_detach", {});
  return equal("destroyed", first("slots_destroyed", {}), 30 + 2 * 100);
}

}  // namespace heddle::sync
