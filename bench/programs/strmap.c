// SPDX-License-Identifier: Apache-2.0
// Stresses string hashing and compares over scattered memory: counting n words in a chained hash map.
// n = 1500000, quick = 80000, long = 6000000
#include <stdint.h>

enum { kBuckets = 4096, kEntries = 20000, kPool = kEntries * 16 };

typedef struct {
  const char* word;
  uint32_t hash, count;
  int32_t next;
} Entry;

static Entry entries[kEntries];
static int32_t buckets[kBuckets];
static char pool[kPool];
static uint32_t used_entries, used_pool;

static uint32_t hash_word(const char* word) {
  uint32_t hash = 2166136261u;
  for (; *word; word++) hash = (hash ^ (uint8_t)*word) * 16777619u;
  return hash;
}

static int equal(const char* x, const char* y) {
  while (*x && *x == *y) x++, y++;
  return *x == *y;
}

static uint32_t count_word(const char* word) {
  uint32_t hash = hash_word(word);
  int32_t* bucket = &buckets[hash % kBuckets];
  for (int32_t i = *bucket; i >= 0; i = entries[i].next) {
    if (entries[i].hash == hash && equal(entries[i].word, word)) return ++entries[i].count;
  }
  if (used_entries == kEntries) return 0;
  char* copy = pool + used_pool;
  while (*word) pool[used_pool++] = *word++;
  pool[used_pool++] = 0;
  entries[used_entries] = (Entry){copy, hash, 1, *bucket};
  *bucket = (int32_t)used_entries++;
  return 1;
}

// A word of three to five syllables; low numbers come often, as in a natural text.
static void spell(uint32_t number, char* word) {
  static const char kConsonants[] = "bdfglmnprstvkz", kVowels[] = "aeiou";
  for (int i = 0; i < 3 || number; i++) {
    *word++ = kConsonants[number % 14];
    *word++ = kVowels[number / 14 % 5];
    number /= 70;
  }
  *word = 0;
}

int32_t run(int32_t n) {
  for (int i = 0; i < kBuckets; i++) buckets[i] = -1;
  used_entries = used_pool = 0;
  uint32_t seed = 4711, sum = 0;
  char word[16];
  for (int32_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    uint32_t r = seed >> 16;
    spell(r * (r >> 4) >> 12, word);
    sum = sum * 7 + count_word(word);
  }
  return (int32_t)(sum ^ used_entries);
}
