// SPDX-License-Identifier: Apache-2.0
// Stresses compares, swaps and unpredictable branches: quicksort of 100,000 random integers, n times.
// n = 12, quick = 1, long = 60
#include <stdint.h>

enum { kCount = 100000 };

static int32_t values[kCount];

static void swap(int32_t* x, int32_t* y) {
  int32_t t = *x;
  *x = *y;
  *y = t;
}

static void insertion_sort(int32_t* v, int32_t count) {
  for (int32_t i = 1; i < count; i++) {
    int32_t key = v[i], j = i;
    for (; j > 0 && v[j - 1] > key; j--) v[j] = v[j - 1];
    v[j] = key;
  }
}

static void quicksort(int32_t* v, int32_t count) {
  while (count > 12) {
    if (v[0] > v[count / 2]) swap(&v[0], &v[count / 2]);
    if (v[0] > v[count - 1]) swap(&v[0], &v[count - 1]);
    if (v[count / 2] > v[count - 1]) swap(&v[count / 2], &v[count - 1]);
    int32_t pivot = v[count / 2], i = 0, j = count - 1;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(&v[i++], &v[j--]);
    }
    quicksort(v, j + 1);
    v += i;
    count -= i;
  }
  insertion_sort(v, count);
}

int32_t run(int32_t n) {
  uint32_t seed = 12345, sum = 0;
  for (int32_t round = 0; round < n; round++) {
    for (int32_t i = 0; i < kCount; i++) {
      seed = seed * 1664525u + 1013904223u;
      values[i] = (int32_t)(seed >> 4) - (1 << 27);
    }
    quicksort(values, kCount);
    for (int32_t i = 0; i < kCount; i += 97) sum = sum * 33 + (uint32_t)values[i];
  }
  return (int32_t)sum;
}
