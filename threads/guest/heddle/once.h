// SPDX-License-Identifier: Apache-2.0
// Once for guests: something is done by whoever comes first, and the others wait until it is.
#pragma once

#include <heddle/layout.h>
#include <heddle/word.h>

enum { heddle_once_new = 0, heddle_once_running = 1, heddle_once_awaited = 2, heddle_once_done = 3 };

/// True: the caller does it, and then calls heddle_once_end() or heddle_once_give_up(). False: it is done.
static inline bool heddle_once_begin(heddle_once* once) {
  for (;;) {
    const uint32_t state = heddle_load(&once->state);
    if (state == heddle_once_done) return false;
    if (state == heddle_once_new) {
      if (heddle_compare_exchange(&once->state, heddle_once_new, heddle_once_running)) return true;
    } else if (state == heddle_once_awaited ||
               heddle_compare_exchange(&once->state, heddle_once_running, heddle_once_awaited)) {
      heddle_wait(&once->state, heddle_once_awaited, HEDDLE_FOREVER);
    }
  }
}

static inline void heddle_once_finish(heddle_once* once, uint32_t state) {
  if (heddle_exchange(&once->state, state) == heddle_once_awaited)
    heddle_notify(&once->state, HEDDLE_EVERYBODY);
}

/// REQUIRES: heddle_once_begin() has returned true to the calling thread.
static inline void heddle_once_end(heddle_once* once) { heddle_once_finish(once, heddle_once_done); }

/// It could not be done: the next one to come, or one of those who wait, tries again. REQUIRES: as above.
static inline void heddle_once_give_up(heddle_once* once) { heddle_once_finish(once, heddle_once_new); }

static inline void heddle_once_run(heddle_once* once, void (*function)(void*), void* argument) {
  if (!heddle_once_begin(once)) return;
  function(argument);
  heddle_once_end(once);
}
