// SPDX-License-Identifier: Apache-2.0
// Batched atomics for guests: one kind of atomic operation on many cells; maxima and minima; counters in
// lines apart.
//
// Every single operation is atomic, a batch is not: other threads may see some of it done and some not. The
// cells of a batch are taken in order.
#pragma once

#include <heddle/layout.h>
#include <heddle/word.h>

static inline uint32_t heddle_atomic_add(uint32_t* cell, uint32_t value) {
  return __atomic_fetch_add(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t heddle_atomic_and(uint32_t* cell, uint32_t value) {
  return __atomic_fetch_and(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t heddle_atomic_or(uint32_t* cell, uint32_t value) {
  return __atomic_fetch_or(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t heddle_atomic_xor(uint32_t* cell, uint32_t value) {
  return __atomic_fetch_xor(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t heddle_atomic_exchange(uint32_t* cell, uint32_t value) {
  return __atomic_exchange_n(cell, value, __ATOMIC_SEQ_CST);
}
/// The larger of the two stays; a cell that holds enough already is only read.
static inline uint32_t heddle_atomic_max(uint32_t* cell, uint32_t value) {
  uint32_t seen = heddle_load(cell);
  while (seen < value &&
         !__atomic_compare_exchange_n(cell, &seen, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return seen;
}
static inline uint32_t heddle_atomic_min(uint32_t* cell, uint32_t value) {
  uint32_t seen = heddle_load(cell);
  while (seen > value &&
         !__atomic_compare_exchange_n(cell, &seen, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return seen;
}

static inline uint64_t heddle_atomic_add64(uint64_t* cell, uint64_t value) {
  return __atomic_fetch_add(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t heddle_atomic_and64(uint64_t* cell, uint64_t value) {
  return __atomic_fetch_and(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t heddle_atomic_or64(uint64_t* cell, uint64_t value) {
  return __atomic_fetch_or(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t heddle_atomic_xor64(uint64_t* cell, uint64_t value) {
  return __atomic_fetch_xor(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t heddle_atomic_exchange64(uint64_t* cell, uint64_t value) {
  return __atomic_exchange_n(cell, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t heddle_atomic_max64(uint64_t* cell, uint64_t value) {
  uint64_t seen = heddle_load64(cell);
  while (seen < value && !heddle_compare_exchange64(cell, &seen, value)) {
  }
  return seen;
}
static inline uint64_t heddle_atomic_min64(uint64_t* cell, uint64_t value) {
  uint64_t seen = heddle_load64(cell);
  while (seen > value && !heddle_compare_exchange64(cell, &seen, value)) {
  }
  return seen;
}

/// For an operation above, two functions. _many: the i-th cell gets the i-th value; what was there goes to
/// previous[i], unless `previous` is null. _range: `count` cells in a row all get the one value.
#define HEDDLE_ATOMIC_BATCH(operation, type)                                                    \
  static inline void heddle_atomic_##operation##_many(type* const* cells, const type* values,   \
                                                      type* previous, size_t count) {           \
    for (size_t i = 0; i < count; ++i) {                                                        \
      const type before = heddle_atomic_##operation(cells[i], values[i]);                       \
      if (previous) previous[i] = before;                                                       \
    }                                                                                           \
  }                                                                                             \
  static inline void heddle_atomic_##operation##_range(type* first, type value, size_t count) { \
    for (size_t i = 0; i < count; ++i) heddle_atomic_##operation(first + i, value);             \
  }

HEDDLE_ATOMIC_BATCH(add, uint32_t)
HEDDLE_ATOMIC_BATCH(and, uint32_t)
HEDDLE_ATOMIC_BATCH(or, uint32_t)
HEDDLE_ATOMIC_BATCH(xor, uint32_t)
HEDDLE_ATOMIC_BATCH(exchange, uint32_t)
HEDDLE_ATOMIC_BATCH(max, uint32_t)
HEDDLE_ATOMIC_BATCH(min, uint32_t)
HEDDLE_ATOMIC_BATCH(add64, uint64_t)
HEDDLE_ATOMIC_BATCH(and64, uint64_t)
HEDDLE_ATOMIC_BATCH(or64, uint64_t)
HEDDLE_ATOMIC_BATCH(xor64, uint64_t)
HEDDLE_ATOMIC_BATCH(exchange64, uint64_t)
HEDDLE_ATOMIC_BATCH(max64, uint64_t)
HEDDLE_ATOMIC_BATCH(min64, uint64_t)

#undef HEDDLE_ATOMIC_BATCH

/// Adds to one of `count` counters, chosen by any number of the thread's own, so that threads seldom meet.
static inline void heddle_counters_add(heddle_counter* counters, uint32_t count, uint32_t thread,
                                       uint64_t value) {
  heddle_atomic_add64(&counters[thread % count].value, value);
}

/// The sum; what is added meanwhile may be in it or not.
static inline uint64_t heddle_counters_sum(const heddle_counter* counters, uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) sum += heddle_load64(&counters[i].value);
  return sum;
}
