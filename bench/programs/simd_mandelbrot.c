// SPDX-License-Identifier: Apache-2.0
// Stresses f32x4 arithmetic, comparisons and masks: the Mandelbrot set, four points at a time, n x n points.
// n = 2000, quick = 300, long = 4000
// Needs SIMD.
#include <stdint.h>

typedef float Lanes __attribute__((vector_size(16)));
typedef int32_t Mask __attribute__((vector_size(16)));

enum { kIterations = 100 };

static Mask escape_times(Lanes cx, Lanes cy) {
  Lanes x = cx, y = cy;
  Mask times = {0};
  for (int i = 0; i < kIterations; i++) {
    const Lanes xx = x * x, yy = y * y;
    const Mask inside = xx + yy <= (Lanes){4, 4, 4, 4};
    if (__builtin_reduce_or(inside) == 0) break;
    times -= inside;
    y = (x + x) * y + cy;
    x = xx - yy + cx;
  }
  return times;
}

int32_t run(int32_t n) {
  uint32_t sum = 0;
  const float step = n > 0 ? 3.0F / (float)n : 0;
  for (int32_t row = 0; row < n; row++) {
    const float y = -1.5F + (float)row * step;
    for (int32_t column = 0; column < n; column += 4) {
      const float x = -2.0F + (float)column * step;
      const Mask times = escape_times((Lanes){x, x + step, x + 2 * step, x + 3 * step}, (Lanes){y, y, y, y});
      sum = sum * 31 + (uint32_t)(times[0] + times[1] * 3 + times[2] * 5 + times[3] * 7);
    }
  }
  return (int32_t)sum;
}
