// SPDX-License-Identifier: Apache-2.0
// Stresses f32x4 multiply-add, loads and splats: the product of two dense 128 x 128 matrices, n times.
// n = 300, quick = 20, long = 3000
// Needs SIMD.
#include <stdint.h>

typedef float Lanes __attribute__((vector_size(16)));

enum { kSize = 128, kLanes = 4, kColumns = kSize / kLanes };

static float a[kSize][kSize];
static Lanes b[kSize][kColumns], c[kSize][kColumns];

static void fill(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) {
      a[i][j] = (float)((i * 7 + j * 3) % 11) * 0.25F;
      b[i][j / kLanes][j % kLanes] = (float)((i * 5 + j * 13) % 17) * 0.125F;
    }
  }
}

static void multiply(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kColumns; j += 4) {
      Lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
      for (int k = 0; k < kSize; k++) {
        const float x = a[i][k];
        const Lanes factor = {x, x, x, x};
        s0 += factor * b[k][j];
        s1 += factor * b[k][j + 1];
        s2 += factor * b[k][j + 2];
        s3 += factor * b[k][j + 3];
      }
      c[i][j] = s0;
      c[i][j + 1] = s1;
      c[i][j + 2] = s2;
      c[i][j + 3] = s3;
    }
  }
}

int32_t run(int32_t n) {
  fill();
  float total = 0;
  for (int32_t round = 0; round < n; round++) {
    multiply();
    total += c[round % kSize][(round * 5) % kColumns][round % kLanes];
    a[round % kSize][round % kSize] += 0.5F;
  }
  return (int32_t)(total * 16.0F);
}
