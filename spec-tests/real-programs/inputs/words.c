// SPDX-License-Identifier: Apache-2.0
// A C program for the compiler to translate and link: counts the words of its arguments in a hash table.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct word {
  struct word* next;
  size_t count;
  char text[];
} word;

static word* table[64];

static uint64_t hash(const char* text) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *text != 0; ++text) hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
  return hash;
}

static void count(const char* text) {
  word** place = &table[hash(text) % 64];
  while (*place != NULL && strcmp((*place)->text, text) != 0) place = &(*place)->next;
  if (*place == NULL) {
    *place = calloc(1, sizeof(word) + strlen(text) + 1);
    strcpy((*place)->text, text);
  }
  ++(*place)->count;
}

int main(int arguments, char** texts) {
  for (int i = 1; i < arguments; ++i) count(texts[i]);
  for (int i = 0; i < 64; ++i) {
    for (const word* each = table[i]; each != NULL; each = each->next) {
      printf("%s %zu %016llx\n", each->text, each->count, (unsigned long long)hash(each->text));
    }
  }
  return arguments == 1;
}
