// SPDX-License-Identifier: Apache-2.0
// Region's page pool: runs of free pages, found by their length, joined when they meet.
#include <bit>

#include "threads/sync/region.h"

namespace heddle::sync {

void Region::initialize() noexcept {
  auto* const bytes = reinterpret_cast<uint8_t*>(&header_);
  __builtin_memset(bytes, 0, sizeof(heddle_allocator) + uint64_t{pages_} * sizeof(heddle_page));
  header_.pages = pages_;
  header_.first_page = first_page_;
  header_.free_pages = pages_;
  insert(0, pages_);
  store(header_.magic, HEDDLE_ALLOCATOR_MAGIC);
}

uint32_t& Region::bin_of(uint32_t length) const noexcept {
  return header_.pool.bins[std::bit_width(length | 1) - 1];
}

void Region::mark(uint32_t first, uint32_t length, uint32_t kind) noexcept {
  heddle_page& tail = row(first + length - 1);
  poke(tail.kind, kind == heddle_page_free ? heddle_page_free : heddle_page_inside);
  poke(tail.length, length);
  poke(row(first).kind, kind);
  poke(row(first).length, length);
}

void Region::insert(uint32_t first, uint32_t length) noexcept {
  mark(first, length, heddle_page_free);
  uint32_t& bin = bin_of(length);
  const uint32_t next = peek(bin);
  poke(row(first).previous, 0);
  poke(row(first).next, next);
  if (next != 0) poke(row(next - 1).previous, first + 1);
  poke(bin, first + 1);
}

void Region::remove(uint32_t first) noexcept {
  const uint32_t next = peek(row(first).next);
  const uint32_t previous = peek(row(first).previous);
  poke(previous != 0 ? row(previous - 1).next : bin_of(peek(row(first).length)), next);
  if (next != 0) poke(row(next - 1).previous, previous);
}

std::optional<uint32_t> Region::find(uint32_t length) const noexcept {
  uint32_t steps = 0;
  for (auto bin = static_cast<uint32_t>(std::bit_width(length | 1) - 1); bin < HEDDLE_BINS; ++bin) {
    for (uint32_t run = peek(header_.pool.bins[bin]); run != 0; run = peek(row(run - 1).next)) {
      if (++steps > pages_) return std::nullopt;
      if (peek(row(run - 1).length) >= length) return run - 1;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> Region::take(uint32_t count, uint64_t alignment, uint32_t kind) noexcept {
  const uint64_t slack = alignment / HEDDLE_PAGE_BYTES - 1;
  if (count > pages_ || slack > pages_ - count) return std::nullopt;
  const std::optional<uint32_t> run = find(count + static_cast<uint32_t>(slack));
  if (!run) return std::nullopt;
  const uint32_t length = peek(row(*run).length);
  const uint64_t address = place_.address() + first_page_ + uint64_t{*run} * HEDDLE_PAGE_BYTES;
  const uint64_t before = (alignment - (address & (alignment - 1))) % alignment / HEDDLE_PAGE_BYTES;
  // Both are as they should be unless a guest has written there.
  if (*run >= pages_ || length > pages_ - *run || before + count > length) return std::nullopt;
  const uint32_t first = *run + static_cast<uint32_t>(before);
  remove(*run);
  mark(first, count, kind);
  if (before != 0) insert(*run, static_cast<uint32_t>(before));
  if (const uint32_t after = *run + length - first - count; after != 0) insert(first + count, after);
  poke(header_.free_pages, peek(header_.free_pages) - count);
  return first;
}

void Region::give_back(uint32_t first, uint32_t count) noexcept {
  poke(header_.free_pages, peek(header_.free_pages) + count);
  mark(first, count, heddle_page_inside);
  if (first != 0 && peek(row(first - 1).kind) == heddle_page_free) {
    const uint32_t left = peek(row(first - 1).length);
    if (left <= first) {
      remove(first - left);
      mark(first - left, left, heddle_page_inside);
      first -= left;
      count += left;
    }
  }
  if (const uint32_t right = first + count; right < pages_ && peek(row(right).kind) == heddle_page_free) {
    const uint32_t added = peek(row(right).length);
    if (added <= pages_ - right) {
      remove(right);
      mark(right, added, heddle_page_inside);
      count += added;
    }
  }
  insert(first, count);
}

std::optional<uint32_t> Region::take_locked(uint32_t count, uint64_t alignment, uint32_t kind) noexcept {
  WordLock lock(place_, header_.pool.lock);
  return take(count, alignment, kind);
}

bool Region::free_large(uint32_t page) noexcept {
  WordLock lock(place_, header_.pool.lock);
  const uint32_t length = peek(row(page).length);
  if (peek(row(page).kind) != heddle_page_large || length == 0 || length > pages_ - page) return false;
  give_back(page, length);
  return true;
}

}  // namespace heddle::sync
