// SPDX-License-Identifier: Apache-2.0
// Allocator for guests: blocks for all threads out of one region of a shared memory; every block begins a
// cache line.
//
// Blocks of up to 2 KiB come from pages of one size class each. Which blocks of a page are in use is one
// 64-bit word, so allocating is one compare-exchange on the class's active page, and freeing is another one;
// a lock is taken only when a page becomes full, has room again, or is empty. Larger blocks are runs of
// pages, under one lock. Freeing what is not allocated is noticed always, and changes nothing.
//
// Which locks: a class's, then the pool's. A thread that dies within a call may leave one of them held for
// ever.
#pragma once

#include <heddle/allocator_pages.h>

static inline uint32_t heddle_class_bytes(uint32_t size_class) {
  static const uint16_t bytes[HEDDLE_SIZE_CLASSES] = {64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048};
  return bytes[size_class];
}

/// How many blocks a page of the class has; the word has room for 58.
static inline uint32_t heddle_class_blocks(uint32_t size_class) {
  static const uint8_t blocks[HEDDLE_SIZE_CLASSES] = {58, 32, 21, 16, 10, 8, 5, 4, 2, 2};
  return blocks[size_class];
}

/// The smallest class with room for that many bytes (1 to 2048).
static inline uint32_t heddle_class_of(size_t bytes) {
  static const uint8_t of_lines[33] = {0, 0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7,
                                       8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9};
  return of_lines[(bytes + HEDDLE_LINE - 1) / HEDDLE_LINE];
}

/// heddle_page.used of a page of the class with no block in use.
static inline uint64_t heddle_class_empty(uint32_t size_class) {
  const uint64_t no_room = HEDDLE_BLOCK_BITS & ~((UINT64_C(1) << heddle_class_blocks(size_class)) - 1);
  return ((uint64_t)(size_class + 1) << HEDDLE_CLASS_SHIFT) | no_room;
}

static inline bool heddle_used_is_full(uint64_t used) {
  return (used & HEDDLE_BLOCK_BITS) == HEDDLE_BLOCK_BITS;
}

/// Makes an allocator of a region that nobody uses yet. It begins at the region's first cache line. NULL if
/// the region is too small: it needs 1.5 KiB, and 4,128 bytes per page.
static inline heddle_allocator* heddle_allocator_init(void* region, size_t bytes) {
  const size_t start = ((size_t)region + HEDDLE_LINE - 1) & ~(size_t)(HEDDLE_LINE - 1);
  const size_t lost = start - (size_t)region;
  if (bytes < lost + sizeof(heddle_allocator) + sizeof(heddle_page) + HEDDLE_PAGE_BYTES) return NULL;
  heddle_allocator* const allocator = (heddle_allocator*)start;
  const size_t room = bytes - lost - sizeof(heddle_allocator);
  uint32_t pages = (uint32_t)(room / (HEDDLE_PAGE_BYTES + sizeof(heddle_page)));
  size_t first = 0;
  for (;; --pages) {
    if (pages == 0) return NULL;
    const size_t table_end = start + sizeof(heddle_allocator) + pages * sizeof(heddle_page);
    first = (table_end + HEDDLE_PAGE_BYTES - 1) & ~(size_t)(HEDDLE_PAGE_BYTES - 1);
    if (first - start + (size_t)pages * HEDDLE_PAGE_BYTES <= bytes - lost) break;
  }
  __builtin_memset(allocator, 0, sizeof(heddle_allocator) + pages * sizeof(heddle_page));
  allocator->pages = pages;
  allocator->first_page = (uint32_t)(first - start);
  allocator->free_pages = pages;
  heddle_run_insert(allocator, 0, pages);
  heddle_store(&allocator->magic, HEDDLE_ALLOCATOR_MAGIC);
  return allocator;
}

/// A block of the page, if it is one of the class and has one; else NULL.
static inline void* heddle_block_take(heddle_allocator* allocator, uint32_t page, uint32_t size_class) {
  uint64_t* const used = &heddle_page_at(allocator, page)->used;
  uint64_t seen = heddle_load64(used);
  while ((seen >> HEDDLE_CLASS_SHIFT) == size_class + 1 && !heddle_used_is_full(seen)) {
    const uint32_t block = (uint32_t)__builtin_ctzll(~seen);
    if (heddle_compare_exchange64(used, &seen, seen | UINT64_C(1) << block)) {
      return heddle_page_address(allocator, page) + block * heddle_class_bytes(size_class);
    }
  }
  return NULL;
}

/// REQUIRES: the class's lock, as for the next one.
static inline void heddle_class_list(heddle_allocator* allocator, heddle_size_class* entry, uint32_t page) {
  heddle_page* const row = heddle_page_at(allocator, page);
  row->listed = 1;
  row->previous = 0;
  row->next = entry->listed;
  if (entry->listed != 0) heddle_page_at(allocator, entry->listed - 1)->previous = page + 1;
  entry->listed = page + 1;
}

static inline void heddle_class_unlist(heddle_allocator* allocator, heddle_size_class* entry, uint32_t page) {
  heddle_page* const row = heddle_page_at(allocator, page);
  row->listed = 0;
  if (row->previous != 0) {
    heddle_page_at(allocator, row->previous - 1)->next = row->next;
  } else {
    entry->listed = row->next;
  }
  if (row->next != 0) heddle_page_at(allocator, row->next - 1)->previous = row->previous;
}

static inline void* heddle_pages_allocate(heddle_allocator* allocator, uint32_t count, size_t alignment,
                                          uint32_t kind) {
  heddle_mutex_lock(&allocator->pool.lock);
  const uint32_t page = heddle_pages_take(allocator, count, alignment, kind);
  heddle_mutex_unlock(&allocator->pool.lock);
  return page == HEDDLE_NO_PAGE ? NULL : heddle_page_address(allocator, page);
}

static inline void heddle_pages_free(heddle_allocator* allocator, uint32_t page, uint32_t count) {
  heddle_mutex_lock(&allocator->pool.lock);
  heddle_pages_give_back(allocator, page, count);
  heddle_mutex_unlock(&allocator->pool.lock);
}

static inline uint32_t heddle_page_of(heddle_allocator* allocator, const void* address) {
  const size_t first = (size_t)heddle_page_address(allocator, 0);
  if ((size_t)address < first) return HEDDLE_NO_PAGE;
  const size_t page = ((size_t)address - first) / HEDDLE_PAGE_BYTES;
  return page < allocator->pages ? (uint32_t)page : HEDDLE_NO_PAGE;
}

/// Another active page for the class: one with free blocks, or a new one. False if there is none. REQUIRES:
/// its lock.
static inline bool heddle_class_refill(heddle_allocator* allocator, uint32_t size_class) {
  heddle_size_class* const entry = &allocator->classes[size_class];
  if (entry->listed != 0) {
    const uint32_t page = entry->listed - 1;
    heddle_class_unlist(allocator, entry, page);
    heddle_store(&entry->active, page + 1);
    return true;
  }
  void* const address = heddle_pages_allocate(allocator, 1, HEDDLE_PAGE_BYTES, heddle_page_small);
  if (address == NULL) return false;
  const uint32_t page = heddle_page_of(allocator, address);
  heddle_page_at(allocator, page)->listed = 0;
  heddle_store64(&heddle_page_at(allocator, page)->used, heddle_class_empty(size_class));
  heddle_store(&entry->active, page + 1);
  return true;
}

static inline void* heddle_class_allocate(heddle_allocator* allocator, uint32_t size_class) {
  heddle_size_class* const entry = &allocator->classes[size_class];
  const uint32_t active = heddle_load(&entry->active);
  void* block = active != 0 ? heddle_block_take(allocator, active - 1, size_class) : NULL;
  if (block != NULL) return block;
  heddle_mutex_lock(&entry->lock);
  do {
    if (entry->active != 0) block = heddle_block_take(allocator, entry->active - 1, size_class);
  } while (block == NULL && heddle_class_refill(allocator, size_class));
  heddle_mutex_unlock(&entry->lock);
  return block;
}

/// After a block was freed: a page that is not active goes to the list if it has room, to the pool if it is
/// empty.
static inline void heddle_class_tend(heddle_allocator* allocator, uint32_t size_class, uint32_t page) {
  heddle_size_class* const entry = &allocator->classes[size_class];
  heddle_page* const row = heddle_page_at(allocator, page);
  bool give_back = false;
  heddle_mutex_lock(&entry->lock);
  uint64_t used = heddle_load64(&row->used);
  // Pages become and cease to be of this class under this lock only.
  if ((used >> HEDDLE_CLASS_SHIFT) == size_class + 1 && entry->active != page + 1) {
    if (used == heddle_class_empty(size_class)) give_back = heddle_compare_exchange64(&row->used, &used, 0);
    if (give_back && row->listed) heddle_class_unlist(allocator, entry, page);
    if (!give_back && !row->listed && !heddle_used_is_full(used)) heddle_class_list(allocator, entry, page);
  }
  heddle_mutex_unlock(&entry->lock);
  if (give_back) heddle_pages_free(allocator, page, 1);
}

/// A block of at least `bytes` bytes at a multiple of `alignment`, a power of two; NULL if there is no room.
static inline void* heddle_allocate_aligned(heddle_allocator* allocator, size_t alignment, size_t bytes) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0) return NULL;
  if (bytes == 0) bytes = 1;
  if (alignment > HEDDLE_LINE && alignment <= HEDDLE_LARGEST_SMALL && bytes <= HEDDLE_LARGEST_SMALL) {
    // Blocks of a class whose size is a power of two stand at multiples of it.
    if (bytes < alignment) bytes = alignment;
    bytes = (size_t)1 << (32 - __builtin_clz((uint32_t)bytes - 1));
  }
  if (bytes <= HEDDLE_LARGEST_SMALL && alignment <= HEDDLE_LARGEST_SMALL) {
    return heddle_class_allocate(allocator, heddle_class_of(bytes));
  }
  const size_t pages = bytes / HEDDLE_PAGE_BYTES + (bytes % HEDDLE_PAGE_BYTES != 0);
  if (alignment < HEDDLE_PAGE_BYTES) alignment = HEDDLE_PAGE_BYTES;
  return heddle_pages_allocate(allocator, (uint32_t)pages, alignment, heddle_page_large);
}

static inline void* heddle_allocate(heddle_allocator* allocator, size_t bytes) {
  return heddle_allocate_aligned(allocator, HEDDLE_LINE, bytes);
}

static inline bool heddle_large_free(heddle_allocator* allocator, uint32_t page, const void* address) {
  if (address != heddle_page_address(allocator, page)) return false;
  heddle_mutex_lock(&allocator->pool.lock);
  const bool allocated = heddle_page_at(allocator, page)->kind == heddle_page_large;
  if (allocated) heddle_pages_give_back(allocator, page, heddle_page_at(allocator, page)->length);
  heddle_mutex_unlock(&allocator->pool.lock);
  return allocated;
}

/// Frees a block; NULL is fine. False, and nothing happens, if there is no allocated block at that address:
/// it was freed before, or never came from here.
static inline bool heddle_free(heddle_allocator* allocator, void* address) {
  if (address == NULL) return true;
  const uint32_t page = heddle_page_of(allocator, address);
  if (page == HEDDLE_NO_PAGE) return false;
  uint64_t* const used = &heddle_page_at(allocator, page)->used;
  uint64_t seen = heddle_load64(used);
  const uint32_t tag = (uint32_t)(seen >> HEDDLE_CLASS_SHIFT);
  if (tag == 0) return heddle_large_free(allocator, page, address);
  const uint32_t size_class = tag - 1;
  const uint32_t offset = (uint32_t)((char*)address - heddle_page_address(allocator, page));
  const uint32_t block = offset / heddle_class_bytes(size_class);
  if (offset % heddle_class_bytes(size_class) != 0 || block >= heddle_class_blocks(size_class)) return false;
  const uint64_t bit = UINT64_C(1) << block;
  do {
    if ((seen >> HEDDLE_CLASS_SHIFT) != tag || (seen & bit) == 0) return false;
  } while (!heddle_compare_exchange64(used, &seen, seen & ~bit));
  if (heddle_used_is_full(seen) || (seen & ~bit) == heddle_class_empty(size_class)) {
    heddle_class_tend(allocator, size_class, page);
  }
  return true;
}

/// How many bytes the block at that address may use; 0 if there is none.
static inline size_t heddle_block_bytes(heddle_allocator* allocator, const void* address) {
  const uint32_t page = heddle_page_of(allocator, address);
  if (page == HEDDLE_NO_PAGE) return 0;
  const heddle_page* const row = heddle_page_at(allocator, page);
  const uint32_t tag = (uint32_t)(heddle_load64(&row->used) >> HEDDLE_CLASS_SHIFT);
  if (tag != 0) return heddle_class_bytes(tag - 1);
  return heddle_load(&row->kind) == heddle_page_large ? (size_t)heddle_load(&row->length) * HEDDLE_PAGE_BYTES
                                                      : 0;
}
