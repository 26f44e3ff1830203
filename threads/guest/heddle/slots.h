// SPDX-License-Identifier: Apache-2.0
// Thread-local slots for guests: keys made at run time, a value per thread and key, destructors at a thread's
// end.
//
// Every thread needs a heddle_slots of its own (zeroed) and attaches it first; starting threads with thread.h
// does that. When it ends, it calls heddle_slots_detach(), which runs the destructors. A key that was deleted
// and made again is another key: no thread sees the old values. All threads must be instances of the same
// module, since a destructor is an index into its table.
//
// Needs thread-local storage: link with --shared-memory, and call __wasm_init_tls at each thread's start.
#pragma once

#include <heddle/word.h>

#define HEDDLE_SLOTS 64
#define HEDDLE_DESTRUCTOR_ROUNDS 4
#define HEDDLE_NO_KEY 0u

/// Number of its row, and above that how often the row has been a key. Never 0.
typedef uint32_t heddle_key;

typedef struct heddle_slots {
  struct {
    heddle_key key;
    void* value;
  } slots[HEDDLE_SLOTS];
} heddle_slots;

typedef struct heddle_key_row {
  uint32_t key;   ///< the present key; HEDDLE_NO_KEY while it is being made, or there is none
  uint32_t uses;  ///< how often it has been a key
  uint32_t taken;
  void (*destructor)(void*);
} heddle_key_row;

// Weak, so that every source file may include this and all mean the same.
__attribute__((weak)) heddle_key_row heddle_keys[HEDDLE_SLOTS];
__attribute__((weak)) __thread heddle_slots* heddle_slots_here;

/// HEDDLE_NO_KEY if there are 64 already. The destructor (or null) gets values that are not null.
static inline heddle_key heddle_key_create(void (*destructor)(void*)) {
  for (uint32_t i = 0; i < HEDDLE_SLOTS; ++i) {
    heddle_key_row* const row = &heddle_keys[i];
    if (!heddle_compare_exchange(&row->taken, 0, 1)) continue;
    row->destructor = destructor;
    const uint32_t uses = ++row->uses;
    const heddle_key key = (uses * HEDDLE_SLOTS) | i;
    if (key < HEDDLE_SLOTS) {  // the uses have wrapped around: this row would make HEDDLE_NO_KEY
      heddle_store(&row->taken, 0);
      continue;
    }
    heddle_store(&row->key, key);
    return key;
  }
  return HEDDLE_NO_KEY;
}

/// Values that threads still have are forgotten; no destructor runs. False if there is no such key.
static inline bool heddle_key_delete(heddle_key key) {
  heddle_key_row* const row = &heddle_keys[key % HEDDLE_SLOTS];
  if (key == HEDDLE_NO_KEY || !heddle_compare_exchange(&row->key, key, HEDDLE_NO_KEY)) return false;
  heddle_store(&row->taken, 0);
  return true;
}

/// From now on, these are the calling thread's slots. REQUIRES: they are zeroed, and live until detached.
static inline void heddle_slots_attach(heddle_slots* slots) { heddle_slots_here = slots; }

/// The calling thread's value; null if it has set none.
static inline void* heddle_slot_get(heddle_key key) {
  const heddle_slots* const mine = heddle_slots_here;
  if (mine == NULL || mine->slots[key % HEDDLE_SLOTS].key != key || key == HEDDLE_NO_KEY) return NULL;
  return mine->slots[key % HEDDLE_SLOTS].value;
}

/// False if there is no such key, or the thread has attached no slots.
static inline bool heddle_slot_set(heddle_key key, void* value) {
  heddle_slots* const mine = heddle_slots_here;
  const uint32_t slot = key % HEDDLE_SLOTS;
  if (mine == NULL || key == HEDDLE_NO_KEY || heddle_load(&heddle_keys[slot].key) != key) return false;
  mine->slots[slot].key = key;
  mine->slots[slot].value = value;
  return true;
}

/// Runs the destructors of the thread's values, again while they set new ones (up to 4 rounds), and takes the
/// slots away from it.
static inline void heddle_slots_detach(void) {
  heddle_slots* const mine = heddle_slots_here;
  bool again = mine != NULL;
  for (int round = 0; again && round < HEDDLE_DESTRUCTOR_ROUNDS; ++round) {
    again = false;
    for (uint32_t i = 0; i < HEDDLE_SLOTS; ++i) {
      void* const value = mine->slots[i].value;
      mine->slots[i].value = NULL;
      if (value == NULL || heddle_load(&heddle_keys[i].key) != mine->slots[i].key) continue;
      void (*const destructor)(void*) = heddle_keys[i].destructor;
      if (destructor == NULL) continue;
      destructor(value);
      again = true;
    }
  }
  heddle_slots_here = NULL;
}
