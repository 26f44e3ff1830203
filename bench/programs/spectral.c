// SPDX-License-Identifier: Apache-2.0
// Stresses f32 division and integer-to-float conversion: the spectral norm of an n x n Hilbert-like matrix.
// n = 770, quick = 180, long = 2400
#include <stdint.h>

enum { kMax = 4096 };

static float u[kMax], v[kMax], t[kMax];

static float element(int32_t i, int32_t j) { return 1.0f / (float)((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const float* x, float* to, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    float sum = 0;
    for (int32_t j = 0; j < n; j++) sum += element(i, j) * x[j];
    to[i] = sum;
  }
}

static void multiply_transposed(const float* x, float* to, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    float sum = 0;
    for (int32_t j = 0; j < n; j++) sum += element(j, i) * x[j];
    to[i] = sum;
  }
}

int32_t run(int32_t n) {
  if (n <= 0 || n > kMax) return 0;
  for (int32_t i = 0; i < n; i++) u[i] = 1.0f;
  for (int round = 0; round < 10; round++) {
    multiply(u, t, n);
    multiply_transposed(t, v, n);
    multiply(v, t, n);
    multiply_transposed(t, u, n);
  }
  float uv = 0, vv = 0;
  for (int32_t i = 0; i < n; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  return (int32_t)(__builtin_sqrtf(uv / vv) * 1e6f);
}
