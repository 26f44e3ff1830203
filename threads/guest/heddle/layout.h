// SPDX-License-Identifier: Apache-2.0
// The layouts of the synchronization primitives in a shared memory: what guests and hosts agree on.
//
// C11 and C++. Every field is an unsigned integer at a fixed offset, little-endian as WebAssembly is. A
// primitive takes one cache line for itself, so that two of them never slow each other down. All zeros is a
// free mutex, a condition without waiters, a free reader-writer lock, a once that has not run, and a
// semaphore that counts 0; barriers and allocators must be initialized. docs/SYNC.md shows the same as a
// table.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifndef __cplusplus
#define static_assert _Static_assert
#endif

#define HEDDLE_LINE 64
#define HEDDLE_LINE_ALIGNED __attribute__((aligned(HEDDLE_LINE)))

/// state: 0 free, 1 held, 2 held and perhaps somebody sleeps on it.
typedef struct HEDDLE_LINE_ALIGNED heddle_mutex {
  uint32_t state;
} heddle_mutex;

/// sequence: changes with every wake-up; sleepers wait for that.
typedef struct HEDDLE_LINE_ALIGNED heddle_condition {
  uint32_t sequence;
  uint32_t waiters;
} heddle_condition;

/// state.part.generation: counts the rounds; sleepers wait for the next. arrived == parties: the leader has
/// the floor.
typedef struct HEDDLE_LINE_ALIGNED heddle_barrier {
  union {
    uint64_t whole;
    struct {
      uint32_t arrived;
      uint32_t generation;
    } part;
  } state;
  uint32_t parties;
} heddle_barrier;

#define HEDDLE_RWLOCK_SLOTS 8

/// Tickets are given in order. A reader enters when `read` has come to its ticket, a writer when `write` has;
/// who has to sleep does so on the slot of its ticket.
typedef struct HEDDLE_LINE_ALIGNED heddle_rwlock {
  uint32_t tickets;  ///< the next one
  uint32_t read;     ///< the ticket that may read: all before it have entered
  uint32_t write;    ///< the ticket that may write: as many have left
  uint32_t sleepers;
  uint32_t slots[HEDDLE_RWLOCK_SLOTS];  ///< each changes when a ticket of its own is called
} heddle_rwlock;

/// state: 0 new, 1 running, 2 running and somebody sleeps, 3 done.
typedef struct HEDDLE_LINE_ALIGNED heddle_once {
  uint32_t state;
} heddle_once;

typedef struct HEDDLE_LINE_ALIGNED heddle_semaphore {
  uint32_t count;
  uint32_t waiters;
} heddle_semaphore;

/// A counter with a cache line for itself.
typedef struct HEDDLE_LINE_ALIGNED heddle_counter {
  uint64_t value;
} heddle_counter;

static_assert(sizeof(heddle_mutex) == HEDDLE_LINE && offsetof(heddle_mutex, state) == 0, "mutex");
static_assert(sizeof(heddle_condition) == HEDDLE_LINE && offsetof(heddle_condition, sequence) == 0 &&
                  offsetof(heddle_condition, waiters) == 4,
              "condition");
static_assert(sizeof(heddle_barrier) == HEDDLE_LINE && offsetof(heddle_barrier, state.part.arrived) == 0 &&
                  offsetof(heddle_barrier, state.part.generation) == 4 &&
                  offsetof(heddle_barrier, parties) == 8,
              "barrier");
static_assert(sizeof(heddle_rwlock) == HEDDLE_LINE && offsetof(heddle_rwlock, tickets) == 0 &&
                  offsetof(heddle_rwlock, read) == 4 && offsetof(heddle_rwlock, write) == 8 &&
                  offsetof(heddle_rwlock, sleepers) == 12 && offsetof(heddle_rwlock, slots) == 16,
              "rwlock");
static_assert(sizeof(heddle_once) == HEDDLE_LINE && offsetof(heddle_once, state) == 0, "once");
static_assert(sizeof(heddle_semaphore) == HEDDLE_LINE && offsetof(heddle_semaphore, count) == 0 &&
                  offsetof(heddle_semaphore, waiters) == 4,
              "semaphore");
static_assert(sizeof(heddle_counter) == HEDDLE_LINE && offsetof(heddle_counter, value) == 0, "counter");

// The shared allocator's region: a header, a table with one row per page, the pages. Pages are named by their
// index; where 0 must mean "none", by index + 1. A page is free (in a run of free pages), small (holds blocks
// of one size class) or part of a large block.

#define HEDDLE_ALLOCATOR_MAGIC 0x4c4c4148u  // "HALL"
#define HEDDLE_PAGE_BYTES 4096u
#define HEDDLE_SIZE_CLASSES 10
#define HEDDLE_LARGEST_SMALL 2048u  // bytes; what is larger takes whole pages
#define HEDDLE_BINS 32
/// heddle_page.used: bits 0 to 57 are the blocks in use (those the page has no room for are always set), bits
/// 58 to 63 the size class + 1. Since the class is in the same word, whoever comes late with an old idea of
/// the page can't take a block of another class from it.
#define HEDDLE_CLASS_SHIFT 58
#define HEDDLE_BLOCK_BITS ((UINT64_C(1) << HEDDLE_CLASS_SHIFT) - 1)

enum heddle_page_kind {
  heddle_page_inside = 0,  ///< within a run of pages, neither its first nor, if it is free, its last
  heddle_page_free = 1,    ///< first or last of a run of free pages
  heddle_page_small = 2,
  heddle_page_large = 3,  ///< first of a large block
};

typedef struct heddle_page {
  uint64_t used;    ///< 0 unless the page is small
  uint32_t kind;    ///< guarded by the pool's lock
  uint32_t length;  ///< of the run, in pages, if this is its first or, if it is free, its last; pool's lock
  uint32_t next;    ///< in the list of a bin (pool's lock) or of a size class (its lock); index + 1
  uint32_t previous;
  uint32_t listed;  ///< is a small page in its class's list? its lock
  uint32_t reserved;
} heddle_page;

typedef struct heddle_size_class {
  heddle_mutex lock;
  uint32_t active HEDDLE_LINE_ALIGNED;  ///< the page that blocks are taken from, without the lock; index + 1
  uint32_t listed;                      ///< pages with free blocks that are not active; index + 1
} heddle_size_class;

typedef struct heddle_page_pool {
  heddle_mutex lock;
  uint32_t bins[HEDDLE_BINS];  ///< runs of 2^b to 2^(b+1)-1 free pages; index + 1
} heddle_page_pool;

typedef struct heddle_allocator {
  uint32_t magic HEDDLE_LINE_ALIGNED;
  uint32_t pages;
  uint32_t first_page;  ///< where page 0 begins, in bytes from here
  uint32_t free_pages;  ///< pool's lock
  heddle_page_pool pool;
  heddle_size_class classes[HEDDLE_SIZE_CLASSES];
} heddle_allocator;

static_assert(sizeof(heddle_page) == 32 && offsetof(heddle_page, used) == 0 &&
                  offsetof(heddle_page, kind) == 8 && offsetof(heddle_page, length) == 12 &&
                  offsetof(heddle_page, next) == 16 && offsetof(heddle_page, previous) == 20 &&
                  offsetof(heddle_page, listed) == 24,
              "page");
static_assert(sizeof(heddle_size_class) == 128 && offsetof(heddle_size_class, active) == 64 &&
                  offsetof(heddle_size_class, listed) == 68,
              "size class");
static_assert(sizeof(heddle_page_pool) == 192 && offsetof(heddle_page_pool, bins) == 64, "page pool");
static_assert(sizeof(heddle_allocator) == 1536 && offsetof(heddle_allocator, pages) == 4 &&
                  offsetof(heddle_allocator, first_page) == 8 &&
                  offsetof(heddle_allocator, free_pages) == 12 && offsetof(heddle_allocator, pool) == 64 &&
                  offsetof(heddle_allocator, classes) == 256,
              "allocator");
