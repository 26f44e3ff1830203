// SPDX-License-Identifier: Apache-2.0
// Deadlines for guests: WASI's monotonic clock. Only the functions with a time limit import it.
#pragma once

#include <stdint.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) uint16_t
heddle_wasi_clock_time_get(uint32_t clock, uint64_t precision, uint64_t* time);

static inline int64_t heddle_now(void) {
  uint64_t now = 0;
  heddle_wasi_clock_time_get(1, 1, &now);  // 1: monotonic
  return (int64_t)now;
}

/// When the time limit ends; INT64_MAX (never) if it is negative or too long to tell.
static inline int64_t heddle_deadline(int64_t timeout_ns) {
  int64_t deadline = 0;
  if (timeout_ns < 0 || __builtin_add_overflow(heddle_now(), timeout_ns, &deadline)) return INT64_MAX;
  return deadline;
}

/// What is left until the deadline, as heddle_wait() wants it: 0 when it is over, -1 for never.
static inline int64_t heddle_time_left(int64_t deadline) {
  if (deadline == INT64_MAX) return -1;
  const int64_t left = deadline - heddle_now();
  return left > 0 ? left : 0;
}
