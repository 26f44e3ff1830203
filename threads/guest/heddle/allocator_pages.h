// SPDX-License-Identifier: Apache-2.0
// The page pool of the shared allocator: runs of free pages, found by their length, joined when they meet.
//
// Everything here expects the pool's lock, except heddle_page_at() and heddle_page_address(). The first and
// the last page of a free run know its length, so a run that becomes free finds its neighbours at once.
#pragma once

#include <heddle/layout.h>
#include <heddle/mutex.h>

#define HEDDLE_NO_PAGE UINT32_MAX

static inline heddle_page* heddle_page_at(heddle_allocator* allocator, uint32_t page) {
  return (heddle_page*)(allocator + 1) + page;
}

static inline char* heddle_page_address(heddle_allocator* allocator, uint32_t page) {
  return (char*)allocator + allocator->first_page + (size_t)page * HEDDLE_PAGE_BYTES;
}

static inline uint32_t heddle_bin_of(uint32_t length) { return 31u - (uint32_t)__builtin_clz(length); }

static inline void heddle_run_mark(heddle_allocator* allocator, uint32_t first, uint32_t length,
                                   uint32_t kind) {
  heddle_page* const head = heddle_page_at(allocator, first);
  heddle_page* const tail = heddle_page_at(allocator, first + length - 1);
  tail->kind = kind == heddle_page_free ? heddle_page_free : heddle_page_inside;
  tail->length = length;
  head->kind = kind;
  head->length = length;
}

/// Puts a run into its bin.
static inline void heddle_run_insert(heddle_allocator* allocator, uint32_t first, uint32_t length) {
  heddle_run_mark(allocator, first, length, heddle_page_free);
  uint32_t* const bin = &allocator->pool.bins[heddle_bin_of(length)];
  heddle_page* const head = heddle_page_at(allocator, first);
  head->previous = 0;
  head->next = *bin;
  if (*bin != 0) heddle_page_at(allocator, *bin - 1)->previous = first + 1;
  *bin = first + 1;
}

/// Takes a run out of its bin.
static inline void heddle_run_remove(heddle_allocator* allocator, uint32_t first) {
  const heddle_page* const head = heddle_page_at(allocator, first);
  if (head->previous != 0) {
    heddle_page_at(allocator, head->previous - 1)->next = head->next;
  } else {
    allocator->pool.bins[heddle_bin_of(head->length)] = head->next;
  }
  if (head->next != 0) heddle_page_at(allocator, head->next - 1)->previous = head->previous;
}

/// A run of at least that many pages, the first that fits; HEDDLE_NO_PAGE if there is none.
static inline uint32_t heddle_run_find(heddle_allocator* allocator, uint32_t length) {
  for (uint32_t bin = heddle_bin_of(length); bin < HEDDLE_BINS; ++bin) {
    for (uint32_t run = allocator->pool.bins[bin]; run != 0; run = heddle_page_at(allocator, run - 1)->next) {
      if (heddle_page_at(allocator, run - 1)->length >= length) return run - 1;
    }
  }
  return HEDDLE_NO_PAGE;
}

/// Takes `count` pages as a run of that kind. Its address is a multiple of `alignment`, a power of two of at
/// least a page. HEDDLE_NO_PAGE if there is no such run.
static inline uint32_t heddle_pages_take(heddle_allocator* allocator, uint32_t count, size_t alignment,
                                         uint32_t kind) {
  const uint32_t slack = (uint32_t)(alignment / HEDDLE_PAGE_BYTES) - 1;
  if (count > allocator->pages || slack > allocator->pages - count) return HEDDLE_NO_PAGE;
  const uint32_t run = heddle_run_find(allocator, count + slack);
  if (run == HEDDLE_NO_PAGE) return HEDDLE_NO_PAGE;
  const uint32_t length = heddle_page_at(allocator, run)->length;
  const size_t beyond = (size_t)heddle_page_address(allocator, run) & (alignment - 1);
  const uint32_t before = beyond == 0 ? 0 : (uint32_t)((alignment - beyond) / HEDDLE_PAGE_BYTES);
  const uint32_t after = length - before - count;
  heddle_run_remove(allocator, run);
  heddle_run_mark(allocator, run + before, count, kind);
  if (before != 0) heddle_run_insert(allocator, run, before);
  if (after != 0) heddle_run_insert(allocator, run + before + count, after);
  allocator->free_pages -= count;
  return run + before;
}

/// Gives a run back and joins it with free neighbours.
static inline void heddle_pages_give_back(heddle_allocator* allocator, uint32_t first, uint32_t count) {
  allocator->free_pages += count;
  uint32_t length = count;
  heddle_run_mark(allocator, first, count, heddle_page_inside);
  if (first != 0 && heddle_page_at(allocator, first - 1)->kind == heddle_page_free) {
    const uint32_t left = heddle_page_at(allocator, first - 1)->length;
    heddle_run_remove(allocator, first - left);
    heddle_run_mark(allocator, first - left, left, heddle_page_inside);
    first -= left;
    length += left;
  }
  const uint32_t right = first + length;
  if (right < allocator->pages && heddle_page_at(allocator, right)->kind == heddle_page_free) {
    const uint32_t added = heddle_page_at(allocator, right)->length;
    heddle_run_remove(allocator, right);
    heddle_run_mark(allocator, right, added, heddle_page_inside);
    length += added;
  }
  heddle_run_insert(allocator, first, length);
}
