// SPDX-License-Identifier: Apache-2.0
// Three threads put numbers into a queue that has room for eight, and four take them out: a mutex and two
// conditions.
#include <heddle/condition.h>
#include <heddle/mutex.h>

#include <heddle/program.h>

#define ROOM 8
#define PRODUCERS 3
#define CONSUMERS 4
#define EACH 20000
#define NO_MORE 0  // what a producer never puts in

static struct {
  heddle_mutex mutex;
  heddle_condition not_empty, not_full;
  uint32_t items[ROOM];
  uint32_t first, count, most;
} queue;

static void put(uint32_t item) {
  heddle_mutex_lock(&queue.mutex);
  while (queue.count == ROOM) heddle_condition_wait(&queue.not_full, &queue.mutex);
  queue.items[(queue.first + queue.count++) % ROOM] = item;
  if (queue.most < queue.count) queue.most = queue.count;
  heddle_mutex_unlock(&queue.mutex);
  heddle_condition_notify_one(&queue.not_empty);
}

static uint32_t take(void) {
  heddle_mutex_lock(&queue.mutex);
  while (queue.count == 0) heddle_condition_wait(&queue.not_empty, &queue.mutex);
  const uint32_t item = queue.items[queue.first];
  queue.first = (queue.first + 1) % ROOM;
  --queue.count;
  heddle_mutex_unlock(&queue.mutex);
  heddle_condition_notify_one(&queue.not_full);
  return item;
}

static void produce(void* unused) {
  (void)unused;
  for (uint32_t i = 1; i <= EACH; ++i) put(i);
}

static void consume(void* argument) {
  uint64_t* sum = argument;
  for (uint32_t item = take(); item != NO_MORE; item = take()) *sum += item;
}

static struct wasi_thread producers[PRODUCERS], consumers[CONSUMERS];
static uint64_t sums[CONSUMERS];

int heddle_program(void) {
  for (int i = 0; i < CONSUMERS; ++i) wasi_thread_begin(&consumers[i], consume, &sums[i]);
  for (int i = 0; i < PRODUCERS; ++i) wasi_thread_begin(&producers[i], produce, 0);
  for (int i = 0; i < PRODUCERS; ++i) wasi_thread_join(&producers[i]);
  for (int i = 0; i < CONSUMERS; ++i) put(NO_MORE);
  uint64_t sum = 0;
  for (int i = 0; i < CONSUMERS; ++i) {
    wasi_thread_join(&consumers[i]);
    sum += sums[i];
  }
  if (queue.most > ROOM) return 1;
  heddle_print_number(PRODUCERS * EACH);
  heddle_print(" numbers went through, in all ");
  heddle_print_number(sum);
  heddle_print("\n");
  return 0;
}
