// SPDX-License-Identifier: Apache-2.0
// Stresses a binary heap of structs with 64-bit keys: n pops and pushes, as in an event simulation.
// n = 800000, quick = 50000, long = 6000000
#include <stdint.h>

enum { kCapacity = 4096 };

typedef struct {
  uint64_t time;
  uint32_t id, payload;
} Event;

static Event queue[kCapacity];
static uint32_t length;

static int before(const Event* x, const Event* y) {
  return x->time != y->time ? x->time < y->time : x->id < y->id;
}

static void push(Event event) {
  uint32_t i = length++;
  while (i > 0) {
    uint32_t parent = (i - 1) / 2;
    if (!before(&event, &queue[parent])) break;
    queue[i] = queue[parent];
    i = parent;
  }
  queue[i] = event;
}

static Event pop(void) {
  Event top = queue[0], last = queue[--length];
  uint32_t i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= length) break;
    if (child + 1 < length && before(&queue[child + 1], &queue[child])) child++;
    if (!before(&queue[child], &last)) break;
    queue[i] = queue[child];
    i = child;
  }
  queue[i] = last;
  return top;
}

int32_t run(int32_t n) {
  uint32_t seed = 99, sum = 0, next_id = 0;
  length = 0;
  while (length < 1500) {
    seed = seed * 1103515245u + 12345u;
    push((Event){seed >> 12, next_id++, seed});
  }
  for (int32_t i = 0; i < n; i++) {
    Event event = pop();
    sum = sum * 31 + event.id + (uint32_t)event.time;
    seed = seed * 1103515245u + 12345u;
    push((Event){event.time + (seed >> 14), next_id++, event.payload ^ seed});
  }
  return (int32_t)sum;
}
