// SPDX-License-Identifier: Apache-2.0
// Atomic words for guests: load, store, exchange, add, and sleeping until another thread changes one.
//
// All of it is sequentially consistent; WebAssembly knows nothing weaker. Build with -matomics -mbulk-memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEDDLE_FOREVER ((int64_t)-1)
#define HEDDLE_EVERYBODY UINT32_MAX

static inline uint32_t heddle_load(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static inline void heddle_store(uint32_t* word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/// Returns what was there.
static inline uint32_t heddle_exchange(uint32_t* word, uint32_t value) {
  return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/// Writes `desired` if `expected` is there.
static inline bool heddle_compare_exchange(uint32_t* word, uint32_t expected, uint32_t desired) {
  return __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// Returns what was there.
static inline uint32_t heddle_add(uint32_t* word, uint32_t by) {
  return __atomic_fetch_add(word, by, __ATOMIC_SEQ_CST);
}

static inline uint32_t heddle_subtract(uint32_t* word, uint32_t by) {
  return __atomic_fetch_sub(word, by, __ATOMIC_SEQ_CST);
}

static inline uint64_t heddle_load64(const uint64_t* word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static inline void heddle_store64(uint64_t* word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/// Writes `desired` if `*expected` is there; otherwise `*expected` becomes what is there.
static inline bool heddle_compare_exchange64(uint64_t* word, uint64_t* expected, uint64_t desired) {
  return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

enum heddle_wait_result { heddle_woken = 0, heddle_not_equal = 1, heddle_timed_out = 2 };

/// Sleeps while the word holds `expected`, until a notify; a negative timeout is none.
static inline enum heddle_wait_result heddle_wait(uint32_t* word, uint32_t expected, int64_t timeout_ns) {
  return (enum heddle_wait_result)__builtin_wasm_memory_atomic_wait32((int*)word, (int)expected, timeout_ns);
}

/// Wakes up to `count` of the threads that sleep on the word, oldest first; how many.
static inline uint32_t heddle_notify(uint32_t* word, uint32_t count) {
  return (uint32_t)__builtin_wasm_memory_atomic_notify((int*)word, count);
}
