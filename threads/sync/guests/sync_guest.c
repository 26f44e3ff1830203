// SPDX-License-Identifier: Apache-2.0
// The guest of the synchronization tests: scenarios over the guests' headers, at addresses that the host
// chooses.
//
// A scenario answers with what it counted or, where it looks for faults, how many it saw. pause() lets other
// threads come between at places where a fault would show.
#include <heddle/allocator.h>
#include <heddle/atomics.h>
#include <heddle/barrier.h>
#include <heddle/condition.h>
#include <heddle/mutex.h>
#include <heddle/once.h>
#include <heddle/rwlock.h>
#include <heddle/semaphore.h>
#include <heddle/slots.h>

#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("test"), import_name("pause"))) void pause(void);

// Mutex.

EXPORT(mutex_rounds) uint32_t mutex_rounds(heddle_mutex* mutex, volatile uint32_t* counter, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) {
    heddle_mutex_lock(mutex);
    const uint32_t seen = *counter;
    if (i % 4 == 0) pause();
    *counter = seen + 1;
    heddle_mutex_unlock(mutex);
  }
  return 0;
}

EXPORT(mutex_lock) void mutex_lock(heddle_mutex* mutex) { heddle_mutex_lock(mutex); }
EXPORT(mutex_try_lock) uint32_t mutex_try_lock(heddle_mutex* mutex) { return heddle_mutex_try_lock(mutex); }
EXPORT(mutex_lock_for) uint32_t mutex_lock_for(heddle_mutex* mutex, int64_t timeout_ns) {
  return heddle_mutex_lock_for(mutex, timeout_ns);
}
EXPORT(mutex_unlock) void mutex_unlock(heddle_mutex* mutex) { heddle_mutex_unlock(mutex); }

// Condition: a bounded queue.

struct queue {
  heddle_mutex mutex;
  heddle_condition not_empty;
  heddle_condition not_full;
  volatile uint32_t head, tail, items[4];
};
_Static_assert(offsetof(struct queue, head) == 192, "the host's view of it");

EXPORT(queue_produce) uint32_t queue_produce(struct queue* queue, uint32_t count) {
  for (uint32_t i = 1; i <= count; ++i) {
    heddle_mutex_lock(&queue->mutex);
    while (queue->tail - queue->head == 4) heddle_condition_wait(&queue->not_full, &queue->mutex);
    queue->items[queue->tail++ % 4] = i;
    heddle_mutex_unlock(&queue->mutex);
    heddle_condition_notify_one(&queue->not_empty);
  }
  return 0;
}

EXPORT(queue_consume) uint32_t queue_consume(struct queue* queue, uint32_t count) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    heddle_mutex_lock(&queue->mutex);
    while (queue->tail == queue->head) heddle_condition_wait(&queue->not_empty, &queue->mutex);
    sum += queue->items[queue->head++ % 4];
    heddle_mutex_unlock(&queue->mutex);
    heddle_condition_notify_one(&queue->not_full);
  }
  return sum;
}

/// Waits until the queue's head says that a gate is open.
EXPORT(gate_pass) void gate_pass(struct queue* gate) {
  heddle_mutex_lock(&gate->mutex);
  while (gate->head == 0) heddle_condition_wait(&gate->not_empty, &gate->mutex);
  heddle_mutex_unlock(&gate->mutex);
}

/// When so many wait.
EXPORT(gate_open) void gate_open(struct queue* gate, uint32_t waiting) {
  while (heddle_load(&gate->not_empty.waiters) != waiting) pause();
  heddle_mutex_lock(&gate->mutex);
  gate->head = 1;
  heddle_condition_notify_all(&gate->not_empty);
  heddle_mutex_unlock(&gate->mutex);
}

EXPORT(condition_wait_for) uint32_t condition_wait_for(struct queue* queue, int64_t timeout_ns) {
  heddle_mutex_lock(&queue->mutex);
  const bool in_time = heddle_condition_wait_for(&queue->not_empty, &queue->mutex, timeout_ns);
  heddle_mutex_unlock(&queue->mutex);
  return in_time;
}

// Barrier. Everybody writes its round, then looks at what the others have written.

EXPORT(barrier_rounds)
uint32_t barrier_rounds(heddle_barrier* barrier, volatile uint32_t* written, uint32_t me, uint32_t* led,
                        uint32_t rounds) {
  uint32_t faults = 0;
  for (uint32_t round = 1; round <= rounds; ++round) {
    if ((round + me) % 3 == 0) pause();
    written[me] = round;
    if (heddle_barrier_wait(barrier)) heddle_add(led, 1);
    for (uint32_t i = 0; i < barrier->parties; ++i) faults += written[i] != round;
    if (heddle_barrier_enter(barrier)) {
      // The others sleep until the release: the leader alone may touch what they look at.
      for (uint32_t i = 0; i < barrier->parties; ++i) written[i] = 0;
      heddle_barrier_release(barrier);
    }
    faults += written[me] != 0;
    if (heddle_barrier_wait(barrier)) heddle_add(led, 1);
  }
  return faults;
}

// Reader-writer lock over two numbers that writers change one after the other.

EXPORT(rwlock_rounds)
uint32_t rwlock_rounds(heddle_rwlock* lock, volatile uint32_t* pair, uint32_t me, uint32_t rounds) {
  uint32_t faults = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    if ((i + me) % 3 == 0) {
      if (i % 2 != 0 || !heddle_rwlock_try_write_lock(lock)) heddle_rwlock_write_lock(lock);
      const uint32_t seen = pair[0];
      pair[0] = seen + 1;
      pause();
      pair[1] = seen + 1;
      heddle_rwlock_write_unlock(lock);
    } else {
      if (i % 2 != 0 || !heddle_rwlock_try_read_lock(lock)) heddle_rwlock_read_lock(lock);
      const uint32_t seen = pair[0];
      if (i % 4 == 0) pause();
      faults += seen != pair[1];
      heddle_rwlock_read_unlock(lock);
    }
  }
  return faults;
}

/// Enters and leaves once, and writes `me` behind what is in the log: log[0] counts.
EXPORT(rwlock_visit) void rwlock_visit(heddle_rwlock* lock, uint32_t* log, uint32_t me, uint32_t writes) {
  if (writes) {
    heddle_rwlock_write_lock(lock);
  } else {
    heddle_rwlock_read_lock(lock);
  }
  log[1 + heddle_add(log, 1)] = me;
  if (writes) {
    heddle_rwlock_write_unlock(lock);
  } else {
    heddle_rwlock_read_unlock(lock);
  }
}

EXPORT(rwlock_read_lock) void rwlock_read_lock(heddle_rwlock* lock) { heddle_rwlock_read_lock(lock); }
EXPORT(rwlock_read_unlock) void rwlock_read_unlock(heddle_rwlock* lock) { heddle_rwlock_read_unlock(lock); }
EXPORT(rwlock_try) uint32_t rwlock_try(heddle_rwlock* lock, uint32_t writes) {
  return writes ? heddle_rwlock_try_write_lock(lock) : heddle_rwlock_try_read_lock(lock);
}

// Once: a row of them, each of which makes its number 42.

static void make_42(void* number) {
  volatile uint32_t* const cell = number;
  const uint32_t seen = *cell;
  pause();
  *cell = seen + 42;
}

EXPORT(once_rounds) uint32_t once_rounds(heddle_once* onces, uint32_t* numbers, uint32_t count) {
  uint32_t faults = 0;
  for (uint32_t i = 0; i < count; ++i) {
    heddle_once_run(&onces[i], make_42, &numbers[i]);
    faults += heddle_load(&numbers[i]) != 42;
  }
  return faults;
}

// Semaphore.

EXPORT(semaphore_rounds)
uint32_t semaphore_rounds(heddle_semaphore* semaphore, uint32_t* inside, uint32_t permits, uint32_t rounds) {
  uint32_t faults = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    heddle_semaphore_acquire(semaphore);
    faults += heddle_add(inside, 1) >= permits;
    pause();
    heddle_subtract(inside, 1);
    heddle_semaphore_release(semaphore, 1);
  }
  return faults;
}

/// When so many wait, as many permits, one by one.
EXPORT(semaphore_release_each)
uint32_t semaphore_release_each(heddle_semaphore* semaphore, uint32_t waiting) {
  while (heddle_load(&semaphore->waiters) != waiting) pause();
  for (uint32_t i = 0; i < waiting; ++i) heddle_semaphore_release(semaphore, 1);
  return 0;
}

EXPORT(semaphore_acquire) void semaphore_acquire(heddle_semaphore* semaphore) {
  heddle_semaphore_acquire(semaphore);
}
EXPORT(semaphore_acquire_for)
uint32_t semaphore_acquire_for(heddle_semaphore* semaphore, int64_t timeout_ns) {
  return heddle_semaphore_acquire_for(semaphore, timeout_ns);
}
EXPORT(semaphore_release) uint32_t semaphore_release(heddle_semaphore* semaphore, uint32_t permits) {
  return heddle_semaphore_release(semaphore, permits);
}

// Batched atomics, each checked against what it must give for one thread; then sums that several threads
// make.

EXPORT(atomics_faults) uint32_t atomics_faults(uint32_t* cells) {
  uint64_t* const wide = (uint64_t*)cells;
  uint32_t faults = 0;
  uint32_t* const addresses[3] = {&cells[4], &cells[0], &cells[2]};
  const uint32_t values[3] = {7, 0, UINT32_MAX};
  uint32_t previous[3];
  for (uint32_t i = 0; i < 6; ++i) cells[i] = 5;
  heddle_atomic_add_many(addresses, values, previous, 3);
  faults += cells[4] != 12 || cells[0] != 5 || cells[2] != 4 || cells[1] != 5 || previous[0] != 5;
  heddle_atomic_max_many(addresses, values, previous, 3);
  faults += cells[4] != 12 || cells[0] != 5 || cells[2] != UINT32_MAX || previous[2] != 4;
  heddle_atomic_min_many(addresses, values, NULL, 3);
  faults += cells[4] != 7 || cells[0] != 0 || cells[2] != UINT32_MAX;
  heddle_atomic_exchange_range(cells, 6, 4);
  heddle_atomic_or_range(cells, 9, 3);
  heddle_atomic_and_range(cells, 11, 2);
  heddle_atomic_xor_range(cells, 1, 1);
  faults += cells[0] != 10 || cells[1] != 11 || cells[2] != 15 || cells[3] != 6 || cells[4] != 7;
  heddle_atomic_exchange64_range(wide, UINT64_C(1) << 40, 3);
  heddle_atomic_add64_range(wide, UINT64_C(1) << 40, 3);
  heddle_atomic_max64_range(wide, 3, 2);
  heddle_atomic_min64_range(wide, 3, 1);
  faults += wide[0] != 3 || wide[1] != UINT64_C(1) << 41 || wide[2] != UINT64_C(1) << 41;
  return faults;
}

EXPORT(counters_rounds)
void counters_rounds(heddle_counter* counters, uint32_t count, uint32_t me, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) heddle_counters_add(counters, count, me, i);
}
EXPORT(counters_sum) uint64_t counters_sum(const heddle_counter* counters, uint32_t count) {
  return heddle_counters_sum(counters, count);
}

// Allocator: blocks of random sizes, each full of a mark of its own, some handed to other threads to be
// freed.

EXPORT(allocator_init) heddle_allocator* allocator_init(void* region, uint32_t bytes) {
  return heddle_allocator_init(region, bytes);
}
EXPORT(allocate) void* allocate(heddle_allocator* allocator, uint32_t alignment, uint32_t bytes) {
  return heddle_allocate_aligned(allocator, alignment, bytes);
}
EXPORT(release) uint32_t release(heddle_allocator* allocator, void* block) {
  return heddle_free(allocator, block);
}
EXPORT(block_bytes) uint32_t block_bytes(heddle_allocator* allocator, void* block) {
  return heddle_block_bytes(allocator, block);
}

static uint32_t random_number(uint32_t* state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/// The size and the mark stand in the block's first two words, the mark again in its last one.
static void stamp(uint32_t* block, uint32_t words, uint32_t mark) {
  block[0] = words;
  block[1] = mark;
  block[words - 1] = words == 2 ? mark : mark ^ words;
}

static uint32_t spoiled(volatile uint32_t* block) {
  const uint32_t words = block[0];
  const uint32_t mark = block[1];
  if (words < 2 || words > 16384) return 1;
  return block[words - 1] != (words == 2 ? mark : mark ^ words);
}

EXPORT(allocator_rounds)
uint32_t allocator_rounds(heddle_allocator* allocator, uint32_t* mailbox, uint32_t me, uint32_t rounds) {
  uint32_t faults = 0, state = me;
  uint32_t* kept[16] = {0};
  uint32_t marks[16] = {0};
  for (uint32_t i = 0; i < rounds; ++i) {
    const uint32_t place = random_number(&state) % 16;
    if (kept[place] != NULL) {
      // Nobody else may have written into it since.
      faults += spoiled(kept[place]) || kept[place][1] != marks[place];
      uint32_t* block = kept[place];
      if (i % 2 == 0) block = (uint32_t*)heddle_exchange(&mailbox[place], (uint32_t)block);
      if (block != NULL) faults += spoiled(block) || !heddle_free(allocator, block);
      kept[place] = NULL;
    }
    const uint32_t range = random_number(&state) % 64 == 0  ? 16000
                           : random_number(&state) % 4 == 0 ? 2048
                                                            : 64;
    const uint32_t bytes = 8 + random_number(&state) % range;
    kept[place] = heddle_allocate(allocator, bytes);
    if (kept[place] == NULL) continue;
    if (heddle_block_bytes(allocator, kept[place]) < bytes) ++faults;
    marks[place] = me << 24 | i;
    stamp(kept[place], bytes / 4, marks[place]);
  }
  for (uint32_t place = 0; place < 16; ++place) {
    if (kept[place] != NULL) faults += spoiled(kept[place]) || !heddle_free(allocator, kept[place]);
    uint32_t* const block = (uint32_t*)heddle_exchange(&mailbox[place], 0);
    if (block != NULL) faults += spoiled(block) || !heddle_free(allocator, block);
  }
  return faults;
}

// Slots.

static uint32_t destroyed;  // the sum of the values
static void count_destroyed(void* value) { heddle_add(&destroyed, (uint32_t)value); }
static heddle_key renewed_key;
static void renew_once(void* value) {
  if ((uint32_t)value == 1) heddle_slot_set(renewed_key, (void*)2);
  heddle_add(&destroyed, 100);
}

EXPORT(slot_key) heddle_key slot_key(void) { return heddle_key_create(count_destroyed); }
EXPORT(slot_key_delete) uint32_t slot_key_delete(heddle_key key) { return heddle_key_delete(key); }
EXPORT(slots_destroyed) uint32_t slots_destroyed(void) { return heddle_load(&destroyed); }
EXPORT(slots_attach) void slots_attach(heddle_slots* slots) { heddle_slots_attach(slots); }
EXPORT(slots_detach) void slots_detach(void) { heddle_slots_detach(); }
EXPORT(slot_set) uint32_t slot_set(heddle_key key, uint32_t value) {
  return heddle_slot_set(key, (void*)value);
}
EXPORT(slot_get) uint32_t slot_get(heddle_key key) { return (uint32_t)heddle_slot_get(key); }
EXPORT(slots_renew) void slots_renew(void) {
  renewed_key = heddle_key_create(renew_once);
  heddle_slot_set(renewed_key, (void*)1);
}
EXPORT(slots_rounds) uint32_t slots_rounds(heddle_key key, uint32_t me, uint32_t rounds) {
  uint32_t faults = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    heddle_slot_set(key, (void*)(me + i));
    if (i % 8 == 0) pause();
    faults += heddle_slot_get(key) != (void*)(me + i);
  }
  heddle_slot_set(key, (void*)me);
  return faults;
}

// Loops for the benchmarks.

EXPORT(bench_mutex) void bench_mutex(heddle_mutex* mutex, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) {
    heddle_mutex_lock(mutex);
    heddle_mutex_unlock(mutex);
  }
}
EXPORT(bench_rwlock_read) void bench_rwlock_read(heddle_rwlock* lock, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) {
    heddle_rwlock_read_lock(lock);
    heddle_rwlock_read_unlock(lock);
  }
}
EXPORT(bench_atomic_add) void bench_atomic_add(uint32_t* cells, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) heddle_atomic_add(&cells[i % 64], 1);
}
EXPORT(bench_atomic_add_range) void bench_atomic_add_range(uint32_t* cells, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; i += 64) heddle_atomic_add_range(cells, 1, 64);
}
EXPORT(bench_allocator) void bench_allocator(heddle_allocator* allocator, uint32_t bytes, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) heddle_free(allocator, heddle_allocate(allocator, bytes));
}
EXPORT(bench_barrier) void bench_barrier(heddle_barrier* barrier, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; ++i) heddle_barrier_wait(barrier);
}
