// SPDX-License-Identifier: Apache-2.0
// Barrier for guests: a fixed number of threads wait for each other, round after round; one of them leads.
//
// How many have arrived and which round it is stand in one 64-bit word, so a thread that comes too early for
// the next round can't be counted for the present one. More threads than `parties` may use it: they form
// rounds as they come.
#pragma once

#include <heddle/layout.h>
#include <heddle/word.h>

/// REQUIRES: nobody uses it yet. 0 parties are taken as 1.
static inline void heddle_barrier_init(heddle_barrier* barrier, uint32_t parties) {
  barrier->parties = parties != 0 ? parties : 1;
  heddle_store64(&barrier->state.whole, 0);
}

/// Waits until all have arrived and the leader has released them: false. The last one to arrive is the
/// leader: it gets true at once, has the floor while the others sleep, and must call
/// heddle_barrier_release().
static inline bool heddle_barrier_enter(heddle_barrier* barrier) {
  uint64_t state = heddle_load64(&barrier->state.whole);
  for (;;) {
    const uint32_t arrived = (uint32_t)state;
    const uint32_t generation = (uint32_t)(state >> 32);
    if (arrived >= barrier->parties) {  // this round is complete, but not yet released
      heddle_wait(&barrier->state.part.generation, generation, HEDDLE_FOREVER);
      state = heddle_load64(&barrier->state.whole);
    } else if (heddle_compare_exchange64(&barrier->state.whole, &state, state + 1)) {
      if (arrived + 1 == barrier->parties) return true;
      while (heddle_load(&barrier->state.part.generation) == generation) {
        heddle_wait(&barrier->state.part.generation, generation, HEDDLE_FOREVER);
      }
      return false;
    }
  }
}

/// REQUIRES: heddle_barrier_enter() has returned true to the calling thread.
static inline void heddle_barrier_release(heddle_barrier* barrier) {
  const uint64_t state = heddle_load64(&barrier->state.whole);  // nobody else changes a complete round
  heddle_store64(&barrier->state.whole, ((state >> 32) + 1) << 32);
  heddle_notify(&barrier->state.part.generation, HEDDLE_EVERYBODY);
}

/// Waits until all have arrived; true for exactly one of them.
static inline bool heddle_barrier_wait(heddle_barrier* barrier) {
  if (!heddle_barrier_enter(barrier)) return false;
  heddle_barrier_release(barrier);
  return true;
}
