// SPDX-License-Identifier: Apache-2.0
// Region's size classes: blocks of up to 2 KiB, taken and freed by one compare-exchange on their page's word.
#include "threads/sync/region.h"

#include <bit>

namespace heddle::sync {

namespace {

struct SizeClass {
  uint16_t bytes;
  uint8_t blocks;  ///< in a page; the word has room for 58
};
constexpr SizeClass kClasses[HEDDLE_SIZE_CLASSES] = {{64, 58}, {128, 32}, {192, 21}, {256, 16}, {384, 10},
                                                     {512, 8}, {768, 5},  {1024, 4}, {1536, 2}, {2048, 2}};

/// The smallest class with room for that many bytes (1 to 2048).
uint32_t class_of(uint64_t bytes) noexcept {
  uint32_t size_class = 0;
  while (kClasses[size_class].bytes < bytes) ++size_class;
  return size_class;
}

constexpr uint64_t empty_word(uint32_t size_class) {
  const uint64_t no_room = HEDDLE_BLOCK_BITS & ~((uint64_t{1} << kClasses[size_class].blocks) - 1);
  return (uint64_t{size_class + 1} << HEDDLE_CLASS_SHIFT) | no_room;
}

constexpr bool is_full(uint64_t used) { return (used & HEDDLE_BLOCK_BITS) == HEDDLE_BLOCK_BITS; }

/// The class + 1 of a page with that word; 0 if it has none, or one that does not exist.
constexpr uint32_t tag_of(uint64_t used) {
  const auto tag = static_cast<uint32_t>(used >> HEDDLE_CLASS_SHIFT);
  return tag <= HEDDLE_SIZE_CLASSES ? tag : 0;
}

}  // namespace

std::optional<uint64_t> Region::take_block(uint32_t page, uint32_t size_class) noexcept {
  if (page >= pages_) return std::nullopt;
  uint64_t& used = row(page).used;
  uint64_t seen = load(used);
  while (tag_of(seen) == size_class + 1 && !is_full(seen)) {
    const auto block = static_cast<uint32_t>(std::countr_one(seen));
    if (block >= kClasses[size_class].blocks) return std::nullopt;  // a guest has written there
    if (compare_exchange(used, seen, seen | uint64_t{1} << block)) {
      return uint64_t{page} * HEDDLE_PAGE_BYTES + block * kClasses[size_class].bytes;
    }
  }
  return std::nullopt;
}

void Region::list(uint32_t size_class, uint32_t page) noexcept {
  heddle_size_class& owner = entry(size_class);
  const uint32_t next = peek(owner.listed);
  poke(row(page).listed, 1);
  poke(row(page).previous, 0);
  poke(row(page).next, next);
  if (next != 0) poke(row(next - 1).previous, page + 1);
  poke(owner.listed, page + 1);
}

void Region::unlist(uint32_t size_class, uint32_t page) noexcept {
  const uint32_t next = peek(row(page).next);
  const uint32_t previous = peek(row(page).previous);
  poke(row(page).listed, 0);
  poke(previous != 0 ? row(previous - 1).next : entry(size_class).listed, next);
  if (next != 0) poke(row(next - 1).previous, previous);
}

bool Region::refill(uint32_t size_class) noexcept {
  heddle_size_class& owner = entry(size_class);
  if (const uint32_t listed = peek(owner.listed); listed != 0) {
    unlist(size_class, listed - 1);
    store(owner.active, listed);
    return true;
  }
  const std::optional<uint32_t> page = take_locked(1, HEDDLE_PAGE_BYTES, heddle_page_small);
  if (!page) return false;
  poke(row(*page).listed, 0);
  store(row(*page).used, empty_word(size_class));
  store(owner.active, *page + 1);
  return true;
}

std::optional<uint64_t> Region::allocate_small(uint32_t size_class) noexcept {
  heddle_size_class& owner = entry(size_class);
  // "None" is 0, and no page has the index -1.
  std::optional<uint64_t> block = take_block(load(owner.active) - 1, size_class);
  if (block) return block;
  WordLock lock(place_, owner.lock);
  for (uint32_t steps = 0; steps <= pages_; ++steps) {
    block = take_block(load(owner.active) - 1, size_class);
    if (block || !refill(size_class)) break;
  }
  return block;
}

void Region::tend(uint32_t size_class, uint32_t page) noexcept {
  heddle_size_class& owner = entry(size_class);
  heddle_page& mine = row(page);
  bool empty = false;
  {
    WordLock lock(place_, owner.lock);
    uint64_t used = load(mine.used);
    // Pages become and cease to be of this class under this lock only.
    if (tag_of(used) != size_class + 1 || load(owner.active) == page + 1) return;
    if (used == empty_word(size_class)) empty = compare_exchange(mine.used, used, uint64_t{0});
    if (empty && peek(mine.listed) != 0) unlist(size_class, page);
    if (!empty && peek(mine.listed) == 0 && !is_full(used)) list(size_class, page);
  }
  if (!empty) return;
  WordLock lock(place_, header_.pool.lock);
  give_back(page, 1);
}

bool Region::free_block(uint32_t page, uint32_t within, uint64_t used) noexcept {
  const uint32_t tag = tag_of(used);
  const SizeClass& size_class = kClasses[tag - 1];
  const uint32_t block = within / size_class.bytes;
  if (within % size_class.bytes != 0 || block >= size_class.blocks) return false;
  const uint64_t bit = uint64_t{1} << block;
  do {
    if (tag_of(used) != tag || (used & bit) == 0) return false;
  } while (!compare_exchange(row(page).used, used, used & ~bit));
  if (is_full(used) || (used & ~bit) == empty_word(tag - 1)) tend(tag - 1, page);
  return true;
}

std::optional<uint64_t> Region::allocate(uint64_t bytes, uint64_t alignment) noexcept {
  if (!std::has_single_bit(alignment) || bytes > uint64_t{pages_} * HEDDLE_PAGE_BYTES) return std::nullopt;
  if (bytes == 0) bytes = 1;
  if (alignment > HEDDLE_LINE && alignment <= HEDDLE_LARGEST_SMALL && bytes <= HEDDLE_LARGEST_SMALL) {
    // Blocks of a class whose size is a power of two stand at multiples of it.
    bytes = std::bit_ceil(bytes < alignment ? alignment : bytes);
  }
  if (bytes <= HEDDLE_LARGEST_SMALL && alignment <= HEDDLE_LARGEST_SMALL)
    return allocate_small(class_of(bytes));
  const uint64_t pages = (bytes + HEDDLE_PAGE_BYTES - 1) / HEDDLE_PAGE_BYTES;
  if (alignment < HEDDLE_PAGE_BYTES) alignment = HEDDLE_PAGE_BYTES;
  const std::optional<uint32_t> page =
      take_locked(static_cast<uint32_t>(pages), alignment, heddle_page_large);
  if (!page) return std::nullopt;
  return uint64_t{*page} * HEDDLE_PAGE_BYTES;
}

bool Region::free(uint64_t offset) noexcept {
  if (offset / HEDDLE_PAGE_BYTES >= pages_) return false;
  const auto page = static_cast<uint32_t>(offset / HEDDLE_PAGE_BYTES);
  const auto within = static_cast<uint32_t>(offset % HEDDLE_PAGE_BYTES);
  const uint64_t used = load(row(page).used);
  if (tag_of(used) != 0) return free_block(page, within, used);
  return within == 0 && free_large(page);
}

uint64_t Region::block_bytes(uint64_t offset) const noexcept {
  if (offset / HEDDLE_PAGE_BYTES >= pages_) return 0;
  const auto page = static_cast<uint32_t>(offset / HEDDLE_PAGE_BYTES);
  if (const uint32_t tag = tag_of(load(row(page).used)); tag != 0) return kClasses[tag - 1].bytes;
  const uint32_t length = peek(row(page).length);
  if (peek(row(page).kind) != heddle_page_large || length > pages_ - page) return 0;
  return uint64_t{length} * HEDDLE_PAGE_BYTES;
}

}  // namespace heddle::sync
