// SPDX-License-Identifier: Apache-2.0
// Stresses neighbour sums over a byte grid: Conway's game of life on a 128 x 128 torus, n generations.
// n = 520, quick = 30, long = 5200
#include <stdint.h>

enum { kSide = 128 };

static uint8_t grids[2][kSide][kSide];

static void seed_grid(void) {
  uint32_t seed = 2463534242u;
  for (int y = 0; y < kSide; y++) {
    for (int x = 0; x < kSide; x++) {
      seed ^= seed << 13;
      seed ^= seed >> 17;
      seed ^= seed << 5;
      grids[0][y][x] = seed % 3 == 0;
    }
  }
}

static void next_generation(uint8_t (*from)[kSide], uint8_t (*to)[kSide]) {
  for (int y = 0; y < kSide; y++) {
    const uint8_t* above = from[(y + kSide - 1) % kSide];
    const uint8_t* here = from[y];
    const uint8_t* below = from[(y + 1) % kSide];
    for (int x = 0; x < kSide; x++) {
      int west = (x + kSide - 1) % kSide, east = (x + 1) % kSide;
      int neighbours = above[west] + above[x] + above[east] + here[west];
      neighbours += here[east] + below[west] + below[x] + below[east];
      to[y][x] = neighbours == 3 || (here[x] && neighbours == 2);
    }
  }
}

int32_t run(int32_t n) {
  if (n <= 0) return 0;
  seed_grid();
  for (int32_t i = 0; i < n; i++) next_generation(grids[i & 1], grids[~i & 1]);
  uint32_t sum = 0;
  for (int y = 0; y < kSide; y++) {
    for (int x = 0; x < kSide; x++) sum = sum * 3 + grids[n & 1][y][x];
  }
  return (int32_t)sum;
}
