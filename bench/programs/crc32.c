// SPDX-License-Identifier: Apache-2.0
// Stresses table lookups behind byte loads with a serial dependency: CRC-32 of a 256 KiB buffer, n times.
// n = 120, quick = 8, long = 500
#include <stdint.h>

enum { kBytes = 1 << 18 };

static uint32_t table[256];
static uint8_t buffer[kBytes];

static void make_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    table[i] = crc;
  }
}

static uint32_t crc32(uint32_t crc, const uint8_t* bytes, uint32_t count) {
  crc = ~crc;
  while (count--) crc = crc >> 8 ^ table[(crc ^ *bytes++) & 255];
  return ~crc;
}

int32_t run(int32_t n) {
  make_table();
  uint32_t seed = 1;
  for (uint32_t i = 0; n > 0 && i < kBytes; i++) {
    seed = seed * 1664525u + 1013904223u;
    buffer[i] = (uint8_t)(seed >> 24);
  }
  uint32_t crc = 0;
  for (int32_t round = 0; round < n; round++) crc = crc32(crc, buffer, kBytes);
  return (int32_t)crc;
}
