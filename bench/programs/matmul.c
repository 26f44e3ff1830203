// SPDX-License-Identifier: Apache-2.0
// Stresses f64 multiply-add in a triple loop: the product of two dense 96 x 96 matrices, n times.
// n = 60, quick = 4, long = 600
#include <stdint.h>

enum { kSize = 96 };

static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void fill(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) {
      a[i][j] = (double)((i * 7 + j * 3) % 11) * 0.25;
      b[i][j] = (double)((i * 5 + j * 13) % 17) * 0.125;
    }
  }
}

static void multiply(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) {
      double sum = 0;
      for (int k = 0; k < kSize; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
}

int32_t run(int32_t n) {
  fill();
  double total = 0;
  for (int32_t round = 0; round < n; round++) {
    multiply();
    total += c[round % kSize][(round * 5) % kSize];
    a[round % kSize][round % kSize] += 0.5;
  }
  return (int32_t)(total * 16.0);
}
