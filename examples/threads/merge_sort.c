// SPDX-License-Identifier: Apache-2.0
// A parallel merge sort: each half is a thread's, down to the fourth level; then everybody sorts alone.
#include <heddle/program.h>

#define COUNT 1000000
#define LEVELS 4

struct part {
  uint32_t* items;
  uint32_t* spare;  // as many
  size_t count;
  size_t node;  // of the tree of parts: 1 is the whole, the halves of n are 2n and 2n+1
};

static struct wasi_thread threads[1 << LEVELS];
static uint32_t numbers[COUNT], spare[COUNT];

static void merge(struct part* part, size_t middle) {
  size_t left = 0, right = middle;
  for (size_t i = 0; i < part->count; ++i) {
    const bool from_left = right == part->count || (left < middle && part->items[left] <= part->items[right]);
    part->spare[i] = part->items[from_left ? left++ : right++];
  }
  for (size_t i = 0; i < part->count; ++i) part->items[i] = part->spare[i];
}

static void sort_few(uint32_t* items, size_t count) {
  for (size_t i = 1; i < count; ++i) {
    const uint32_t item = items[i];
    size_t place = i;
    for (; place > 0 && items[place - 1] > item; --place) items[place] = items[place - 1];
    items[place] = item;
  }
}

static void sort(void* argument) {
  struct part* part = argument;
  if (part->count < 16) {
    sort_few(part->items, part->count);
    return;
  }
  const size_t middle = part->count / 2;
  struct part left = {part->items, part->spare, middle, part->node * 2};
  struct part right = {part->items + middle, part->spare + middle, part->count - middle, part->node * 2 + 1};
  const bool shares = left.node < (1 << LEVELS);
  if (shares) wasi_thread_begin(&threads[left.node], sort, &left);
  sort(&right);
  if (shares) {
    wasi_thread_join(&threads[left.node]);
  } else {
    sort(&left);
  }
  merge(part, middle);
}

int heddle_program(void) {
  uint64_t sum = 0;
  uint32_t random = 2463534242;
  for (size_t i = 0; i < COUNT; ++i) {
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    sum += numbers[i] = random;
  }
  struct part all = {numbers, spare, COUNT, 1};
  sort(&all);
  for (size_t i = 0; i < COUNT; ++i) {
    sum -= numbers[i];
    if (i > 0 && numbers[i - 1] > numbers[i]) return 1;
  }
  if (sum != 0) return 2;
  heddle_print_number(COUNT);
  heddle_print(" numbers in order, from ");
  heddle_print_number(numbers[0]);
  heddle_print(" over ");
  heddle_print_number(numbers[COUNT / 2]);
  heddle_print(" to ");
  heddle_print_number(numbers[COUNT - 1]);
  heddle_print("\n");
  return 0;
}
