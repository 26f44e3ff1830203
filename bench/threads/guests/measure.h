// SPDX-License-Identifier: Apache-2.0
// What the guests of bench/threads share: how often, and times as numbers of 8 bytes on standard output.
#pragma once

#include <heddle/clock.h>
#include <heddle/program.h>

static inline void write_times(const uint64_t* times, size_t bytes) {
  while (bytes != 0) {
    const struct heddle_wasi_bytes piece = {times, bytes};
    size_t written = 0;
    if (heddle_wasi_write(1, &piece, 1, &written) != 0) heddle_wasi_exit(1);
    times += written / sizeof *times;
    bytes -= written;
  }
}
