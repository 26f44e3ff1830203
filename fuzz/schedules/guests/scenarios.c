// SPDX-License-Identifier: Apache-2.0
// Scenarios of the schedule fuzzer: for each primitive a small program that must hold in every order of its
// threads.
//
// A wake-up that is lost shows as a deadlock, which the engine reports. Seeds choose what differs a little
// between threads, not what must hold.
#include <heddle/allocator.h>
#include <heddle/atomics.h>
#include <heddle/barrier.h>
#include <heddle/condition.h>
#include <heddle/mutex.h>
#include <heddle/once.h>
#include <heddle/rwlock.h>
#include <heddle/semaphore.h>
#include <heddle/slots.h>

#include "fuzz/schedules/guests/program.h"

static uint64_t seed;

/// Starts `count` threads and waits for all.
static void run_threads(void (*body)(uint32_t), uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) start(body, i);
  for (uint32_t i = 0; i < count; ++i) join(i);
}

// Mutex: a plain counter, and nobody else inside.

static heddle_mutex mutex;
static uint32_t counter, inside;
static uint32_t successes;

static int enter_mutex(random* random) {
  switch (draw_below(random, 6)) {
    case 0: return heddle_mutex_try_lock(&mutex);
    case 1: return heddle_mutex_lock_for(&mutex, draw_below(random, 3000));
    default: heddle_mutex_lock(&mutex); return 1;
  }
}

static void mutex_body(uint32_t me) {
  random random = seeded(seed, 2, me);
  for (uint32_t i = 0; i < 5; ++i) {
    if (!enter_mutex(&random)) continue;
    check("threads inside the mutex", inside, 0);
    inside = 1;
    const uint32_t seen = counter;
    if (draw_below(&random, 2) == 0) pause();
    counter = seen + 1;
    inside = 0;
    heddle_mutex_unlock(&mutex);
    heddle_add(&successes, 1);
    trace(me);
  }
}

static void run_mutex(uint64_t chosen) {
  seed = chosen;
  run_threads(mutex_body, 3);
  check("counter under the mutex", counter, successes);
  check("state of the mutex", mutex.state == heddle_mutex_held, 0);
}

// Condition: a queue for two items.

static heddle_condition not_empty, not_full;
static uint32_t head, tail, items[2], sum;

static void produce(uint32_t me) {
  for (uint32_t i = 1; i <= 4; ++i) {
    heddle_mutex_lock(&mutex);
    while (tail - head == 2) heddle_condition_wait(&not_full, &mutex);
    items[tail++ % 2] = me * 100 + i;
    heddle_mutex_unlock(&mutex);
    heddle_condition_notify_one(&not_empty);
  }
}

static void consume(uint32_t me) {
  for (uint32_t i = 0; i < 4; ++i) {
    heddle_mutex_lock(&mutex);
    while (tail == head) heddle_condition_wait(&not_empty, &mutex);
    const uint32_t item = items[head++ % 2];
    heddle_mutex_unlock(&mutex);
    heddle_condition_notify_one(&not_full);
    heddle_add(&sum, item);
    trace(me << 16 | item);
  }
}

static void queue_body(uint32_t me) { (me % 2 == 0 ? produce : consume)(me); }

static void run_condition(uint64_t chosen) {
  (void)chosen;
  run_threads(queue_body, 4);
  check("sum of items", sum, 10 + 810);  // of the threads 0 and 2
  check("items left", tail - head, 0);
}

// Condition: all are woken.

static void gate_body(uint32_t me) {
  heddle_mutex_lock(&mutex);
  if (me == 3) {
    counter = 1;
    heddle_condition_notify_all(&not_empty);
  } else {
    while (counter == 0) heddle_condition_wait(&not_empty, &mutex);
  }
  heddle_mutex_unlock(&mutex);
  trace(me);
}

static void run_gate(uint64_t chosen) {
  (void)chosen;
  run_threads(gate_body, 4);
}

// Barrier: nobody is a round ahead or behind, one leads, and the leader is alone between enter and release.

enum { kParties = 3, kRounds = 4 };
static heddle_barrier barrier;
static uint32_t written[kParties], led;

static void barrier_body(uint32_t me) {
  random random = seeded(seed, 3, me);
  for (uint32_t round = 1; round <= kRounds; ++round) {
    if (draw_below(&random, 3) == 0) pause();
    heddle_store(&written[me], round);
    if (heddle_barrier_wait(&barrier)) heddle_add(&led, 1);
    for (uint32_t i = 0; i < kParties; ++i) check("round of another thread", heddle_load(&written[i]), round);
    if (heddle_barrier_enter(&barrier)) {
      for (uint32_t i = 0; i < kParties; ++i) heddle_store(&written[i], 0);
      heddle_barrier_release(&barrier);
    }
    check("what the leader wrote", heddle_load(&written[me]), 0);
    if (heddle_barrier_wait(&barrier)) heddle_add(&led, 1);
    trace(round << 8 | me);
  }
}

static void run_barrier(uint64_t chosen) {
  seed = chosen;
  heddle_barrier_init(&barrier, kParties);
  run_threads(barrier_body, kParties);
  check("leaders", led, 2 * kRounds);
  check("generation", barrier.state.part.generation, 3 * kRounds);
}

// Reader-writer lock: no writer beside anybody, and no writing lost.

static heddle_rwlock rwlock;
static uint32_t pair[2];

static void write_pair(random* random) {
  if (draw_below(random, 3) != 0 || !heddle_rwlock_try_write_lock(&rwlock)) heddle_rwlock_write_lock(&rwlock);
  const uint32_t seen = pair[0];
  pair[0] = seen + 1;
  pause();
  check("second number of the pair", pair[1], seen);
  pair[1] = seen + 1;
  heddle_rwlock_write_unlock(&rwlock);
}

static void read_pair(random* random) {
  if (draw_below(random, 3) != 0 || !heddle_rwlock_try_read_lock(&rwlock)) heddle_rwlock_read_lock(&rwlock);
  const uint32_t seen = pair[0];
  if (draw_below(random, 2) == 0) pause();
  check("pair that is read", pair[1], seen);
  heddle_rwlock_read_unlock(&rwlock);
}

static void rwlock_body(uint32_t me) {
  random random = seeded(seed, 4, me);
  for (uint32_t i = 0; i < 6; ++i) {
    ((i + me) % 3 == 0 ? write_pair : read_pair)(&random);
    trace(i << 8 | me);
  }
}

static void run_rwlock(uint64_t chosen) {
  seed = chosen;
  run_threads(rwlock_body, 4);
  check("writings", pair[0], 8);
}

// Reader-writer lock: who comes later enters later. The first thread reads while the others come, one after
// the other: it sees by the tickets when one has got in line.

enum { kVisitors = 5 };
static uint32_t entered, order[kVisitors], comes;

static int visitor_writes(uint32_t me) { return (seed >> me & 1) != 0; }

static void visit(uint32_t me) {
  while (heddle_load(&comes) != me) pause();
  if (visitor_writes(me)) {
    heddle_rwlock_write_lock(&rwlock);
  } else {
    heddle_rwlock_read_lock(&rwlock);
  }
  order[heddle_add(&entered, 1)] = me;
  trace(me);
  if (visitor_writes(me)) {
    heddle_rwlock_write_unlock(&rwlock);
  } else {
    heddle_rwlock_read_unlock(&rwlock);
  }
}

/// A writer has as many before it as have come before it, and readers are behind all writers before them.
static void check_order(void) {
  for (uint32_t place = 0; place < kVisitors; ++place) {
    const uint32_t who = order[place];
    if (visitor_writes(who)) check("place of a writer", place, who);
    for (uint32_t later = place + 1; later < kVisitors; ++later) {
      if (visitor_writes(order[later])) check("overtaken writers", order[later] < who, 0);
    }
  }
}

static void run_fairness(uint64_t chosen) {
  random random = seeded(chosen, 5, 0);
  seed = draw(&random) | 1;  // the first visitor writes, so all wait until the reader here has left
  heddle_store(&comes, kVisitors);
  heddle_rwlock_read_lock(&rwlock);
  for (uint32_t i = 0; i < kVisitors; ++i) start(visit, i);
  for (uint32_t i = 0; i < kVisitors; ++i) {
    heddle_store(&comes, i);
    while (heddle_load(&rwlock.tickets) != i + 2) {
      // A visitor without a ticket is one who overtakes.
      check("visitors who entered beside a waiting writer", heddle_load(&entered), 0);
      pause();
    }
    check("trying to read where a writer waits", heddle_rwlock_try_read_lock(&rwlock), 0);
    check("trying to write where a writer waits", heddle_rwlock_try_write_lock(&rwlock), 0);
  }
  heddle_rwlock_read_unlock(&rwlock);
  for (uint32_t i = 0; i < kVisitors; ++i) join(i);
  check("visitors", entered, kVisitors);
  check_order();
}

// Once: done by one, and done when the others go on.

enum { kOnces = 4 };
static heddle_once onces[kOnces];
static uint32_t numbers[kOnces];

static void make_42(void* number) {
  uint32_t* const cell = number;
  const uint32_t seen = heddle_load(cell);
  pause();
  heddle_store(cell, seen + 42);
}

static void once_body(uint32_t me) {
  random random = seeded(seed, 6, me);
  for (uint32_t i = 0; i < kOnces; ++i) {
    if (draw_below(&random, 4) == 0 && heddle_once_begin(&onces[i])) {
      pause();
      heddle_once_give_up(&onces[i]);  // somebody else, or the next line, does it
    }
    heddle_once_run(&onces[i], make_42, &numbers[i]);
    check("what is done once", heddle_load(&numbers[i]), 42);
    trace(i << 8 | me);
  }
}

static void run_once(uint64_t chosen) {
  seed = chosen;
  run_threads(once_body, 3);
}

// Semaphore: never more inside than permits.

enum { kPermits = 2 };
static heddle_semaphore semaphore;

static void semaphore_body(uint32_t me) {
  random random = seeded(seed, 7, me);
  for (uint32_t i = 0; i < 4; ++i) {
    if (draw_below(&random, 4) == 0) {
      if (!heddle_semaphore_acquire_for(&semaphore, draw_below(&random, 3000))) continue;
    } else {
      heddle_semaphore_acquire(&semaphore);
    }
    check("too many inside the semaphore", heddle_add(&inside, 1) >= kPermits, 0);
    pause();
    heddle_subtract(&inside, 1);
    heddle_semaphore_release(&semaphore, 1);
    trace(me);
  }
}

static void run_semaphore(uint64_t chosen) {
  seed = chosen;
  heddle_semaphore_init(&semaphore, kPermits);
  run_threads(semaphore_body, 4);
  check("permits left", semaphore.count, kPermits);
  check("waiters left", semaphore.waiters, 0);
}

// Semaphore: each of some permits that come quickly wakes one more.

static void acquire_body(uint32_t me) {
  if (me != 3) return heddle_semaphore_acquire(&semaphore);
  while (heddle_load(&semaphore.waiters) != 3) pause();
  for (uint32_t i = 0; i < 3; ++i) heddle_semaphore_release(&semaphore, 1);
}

static void run_permits(uint64_t chosen) {
  (void)chosen;
  run_threads(acquire_body, 4);
  check("permits left", semaphore.count, 0);
}

// Waiting and notifying: as many return as notify has counted, and nobody twice.

static uint32_t word, woken, counted, waiting;

static void wait_body(uint32_t me) {
  random random = seeded(seed, 8, me);
  if (me == 3) {
    while (heddle_load(&waiting) != 0) {
      heddle_add(&counted, heddle_notify(&word, draw_between(&random, 0, 3)));
      pause();
    }
    return;
  }
  for (uint32_t i = 0; i < 4; ++i) {
    const int64_t timeout = draw_below(&random, 2) == 0 ? HEDDLE_FOREVER : draw_below(&random, 3000);
    const uint32_t expected = draw_below(&random, 4) == 0;
    const enum heddle_wait_result result = heddle_wait(&word, expected, timeout);
    check("a wait for another value", result == heddle_not_equal, expected != 0);
    check("an endless wait that times out", timeout < 0 && result == heddle_timed_out, 0);
    heddle_add(&woken, result == heddle_woken);
    trace(me << 8 | result);
  }
  heddle_subtract(&waiting, 1);
}

static void run_wait(uint64_t chosen) {
  seed = chosen;
  heddle_store(&waiting, 3);
  run_threads(wait_body, 4);
  check("threads that were woken", woken, counted);
}

// Atomics: sums that several threads make.

static heddle_counter counters[2];
static uint32_t cells[4];

static void atomics_body(uint32_t me) {
  for (uint32_t i = 0; i < 4; ++i) {
    heddle_counters_add(counters, 2, me, i);
    heddle_atomic_add_range(cells, 1, 3);
    heddle_atomic_max_range(&cells[3], me * 4 + i, 1);
    trace(me);
  }
}

static void run_atomics(uint64_t chosen) {
  (void)chosen;
  run_threads(atomics_body, 4);
  check("sum of the counters", heddle_counters_sum(counters, 2), 24);
  for (uint32_t i = 0; i < 3; ++i) check("sum in a cell", cells[i], 16);
  check("maximum", cells[3], 15);
}

// Allocator: nobody's block is anybody else's.

static _Alignas(4096) char region[96 << 10];
static heddle_allocator* allocator;

static void allocator_body(uint32_t me) {
  random random = seeded(seed, 9, me);
  uint32_t* kept[4] = {0};
  for (uint32_t i = 0; i < 12; ++i) {
    uint32_t** const place = &kept[draw_below(&random, 4)];
    if (*place != NULL) {
      check("mark in a block", **place, me);
      check("freeing a block", heddle_free(allocator, *place), 1);
    }
    *place = heddle_allocate(allocator, draw_below(&random, 4) == 0 ? 2000 : 64);
    if (*place != NULL) **place = me;
    trace(me);
  }
  for (uint32_t i = 0; i < 4; ++i) {
    if (kept[i] == NULL) continue;
    check("mark in a block", *kept[i], me);
    check("freeing a block", heddle_free(allocator, kept[i]), 1);
  }
}

/// More blocks than a page has room for: none reaches into another, and none is freed twice.
static void fill_pages(void) {
  enum { kBlocks = 48, kWords = 192 / 4 };
  uint32_t* blocks[kBlocks];
  for (uint32_t i = 0; i < kBlocks; ++i) {
    blocks[i] = heddle_allocate(allocator, 192);
    check("room for a block", blocks[i] != NULL, 1);
    for (uint32_t word = 0; word < kWords; ++word) blocks[i][word] = i;
  }
  for (uint32_t i = 0; i < kBlocks; ++i) {
    for (uint32_t word = 0; word < kWords; ++word) check("a word of a block", blocks[i][word], i);
    check("freeing a block", heddle_free(allocator, blocks[i]), 1);
    check("freeing it again", heddle_free(allocator, blocks[i]), 0);
  }
}

static void run_allocator(uint64_t chosen) {
  seed = chosen;
  allocator = heddle_allocator_init(region, sizeof region);
  fill_pages();
  run_threads(allocator_body, 3);
}

// Slots: values are the thread's own, and gone with it.

static heddle_key keys[2];
static heddle_slots slots[3];
static uint32_t destroyed;
static void count_destroyed(void* value) { heddle_add(&destroyed, (uint32_t)value); }

static void slots_body(uint32_t me) {
  heddle_slots_attach(&slots[me]);
  for (uint32_t i = 0; i < 4; ++i) {
    heddle_slot_set(keys[i % 2], (void*)(me + 1));
    pause();
    check("value in a slot", (uint32_t)heddle_slot_get(keys[i % 2]), me + 1);
    trace(me);
  }
  heddle_slots_detach();
}

static void run_slots(uint64_t chosen) {
  (void)chosen;
  const heddle_key old = heddle_key_create(NULL);
  heddle_slots_attach(&slots[0]);
  heddle_slot_set(old, (void*)7);
  heddle_key_delete(old);
  keys[0] = heddle_key_create(count_destroyed);
  keys[1] = heddle_key_create(count_destroyed);
  check("value of a new key", (uint32_t)heddle_slot_get(keys[0]), 0);
  check("value of a new key", (uint32_t)heddle_slot_get(keys[1]), 0);
  heddle_slots_detach();
  run_threads(slots_body, 3);
  check("sum of values that were destroyed", destroyed, 12);
}

const program kScenarios[] = {
    {"mutex", run_mutex},     {"condition", run_condition},
    {"gate", run_gate},       {"barrier", run_barrier},
    {"rwlock", run_rwlock},   {"fairness", run_fairness},
    {"once", run_once},       {"semaphore", run_semaphore},
    {"permits", run_permits}, {"wait", run_wait},
    {"atomics", run_atomics}, {"allocator", run_allocator},
    {"slots", run_slots},     {NULL, NULL},
};
