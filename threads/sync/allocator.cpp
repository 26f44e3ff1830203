// SPDX-License-Identifier: Apache-2.0
// Allocator: opens a region, checks what stands in it, and hands addresses to and fro.
#include <heddle/sync_memory.h>

#include <string>
#include <utility>

#include "engine/api/store_link.h"
#include "engine/support/try.h"
#include "threads/sync/region.h"

namespace heddle::sync {

namespace {

constexpr uint64_t kMostPages = UINT32_MAX / HEDDLE_PAGE_BYTES;

/// Where page 0 begins, from the region's start: behind the table, at a multiple of a page.
uint64_t first_page_after_table(uint64_t address, uint64_t pages) {
  const uint64_t table_end = address + sizeof(heddle_allocator) + pages * sizeof(heddle_page);
  return (table_end + HEDDLE_PAGE_BYTES - 1) / HEDDLE_PAGE_BYTES * HEDDLE_PAGE_BYTES - address;
}

}  // namespace

Result<Allocator> Allocator::create(const SharedMemory& memory, uint64_t address, uint64_t bytes) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, bytes, "an allocator"));
  uint64_t pages = bytes / (HEDDLE_PAGE_BYTES + sizeof(heddle_page));
  if (pages > kMostPages) pages = kMostPages;
  while (pages != 0 && first_page_after_table(address, pages) + pages * HEDDLE_PAGE_BYTES > bytes) --pages;
  if (pages == 0) {
    return heddle::detail::usage_error("an allocator at address " + std::to_string(address) +
                                       ": a region of " + std::to_string(bytes) +
                                       " bytes has no room for a page; give it 64 KiB or more");
  }
  const auto count = static_cast<uint32_t>(pages);
  const auto first = static_cast<uint32_t>(first_page_after_table(address, pages));
  Region(place, count, first).initialize();
  return Allocator(std::move(place), count, first);
}

Result<Allocator> Allocator::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place,
                    detail::Place::check(memory, address, sizeof(heddle_allocator), "an allocator"));
  const auto& header = place.as<heddle_allocator>();
  const uint32_t pages = load(header.pages);
  const uint32_t first = load(header.first_page);
  const uint64_t table_end = sizeof(heddle_allocator) + uint64_t{pages} * sizeof(heddle_page);
  const bool fits =
      first >= table_end && uint64_t{first} + uint64_t{pages} * HEDDLE_PAGE_BYTES <= memory.size() - address;
  if (load(header.magic) != HEDDLE_ALLOCATOR_MAGIC || pages == 0 || !fits ||
      (address + first) % HEDDLE_PAGE_BYTES != 0) {
    return heddle::detail::usage_error("an allocator at address " + std::to_string(address) +
                                       ": there is none; make one with create() or heddle_allocator_init()");
  }
  return Allocator(std::move(place), pages, first);
}

std::optional<uint64_t> Allocator::allocate(uint64_t bytes, uint64_t alignment) noexcept {
  const std::optional<uint64_t> offset = Region(place_, pages_, first_page_).allocate(bytes, alignment);
  if (!offset) return std::nullopt;
  return place_.address() + first_page_ + *offset;
}

Result<void> Allocator::free(uint64_t address) {
  const uint64_t first = place_.address() + first_page_;
  if (address >= first && Region(place_, pages_, first_page_).free(address - first)) return {};
  return heddle::detail::usage_error("free(" + std::to_string(address) +
                                     "): no allocated block begins there; it was freed " +
                                     "before, or never came from this allocator");
}

uint64_t Allocator::block_bytes(uint64_t address) const noexcept {
  const uint64_t first = place_.address() + first_page_;
  return address < first ? 0 : Region(place_, pages_, first_page_).block_bytes(address - first);
}

}  // namespace heddle::sync
