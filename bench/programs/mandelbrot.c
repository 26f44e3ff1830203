// SPDX-License-Identifier: Apache-2.0
// Stresses a tight f64 loop with a data-dependent exit: escape counts of the Mandelbrot set on an n x n grid.
// n = 850, quick = 200, long = 2000
#include <stdint.h>

enum { kMaxIterations = 200 };

static uint32_t escape_count(double cr, double ci) {
  double zr = 0, zi = 0;
  uint32_t count = 0;
  while (count < kMaxIterations) {
    double r2 = zr * zr, i2 = zi * zi;
    if (r2 + i2 > 4.0) break;
    zi = 2.0 * zr * zi + ci;
    zr = r2 - i2 + cr;
    count++;
  }
  return count;
}

int32_t run(int32_t n) {
  uint32_t sum = 0;
  for (int32_t y = 0; y < n; y++) {
    for (int32_t x = 0; x < n; x++) {
      uint32_t count = escape_count(-2.0 + 3.0 * x / n, -1.5 + 3.0 * y / n);
      sum = (sum << 1 | sum >> 31) ^ count;
    }
  }
  return (int32_t)sum;
}
