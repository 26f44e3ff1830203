// SPDX-License-Identifier: Apache-2.0
// Deadlocks of the schedule fuzzer: programs that must end with the engine's report, and what it must say.
//
// What is printed first: `stuck N`, the number of threads that wait for ever, and a `line A` for each line of
// memory that any of them may wait on.
#include <heddle/barrier.h>
#include <heddle/condition.h>
#include <heddle/mutex.h>
#include <heddle/rwlock.h>
#include <heddle/semaphore.h>

#include "fuzz/schedules/guests/program.h"

enum { kMost = 5 };

static uint32_t threads;  ///< that are started, besides the first
static heddle_barrier meeting;
static heddle_mutex mutexes[kMost];
static heddle_rwlock rwlock;
static heddle_semaphore semaphore;
static heddle_condition condition;
static heddle_barrier barrier;
static HEDDLE_LINE_ALIGNED uint32_t word;

static void line(const void* address) { print("line", (uint32_t)address / HEDDLE_LINE * HEDDLE_LINE); }

/// Each holds one mutex and wants the next one's.
static void circle(uint32_t me) {
  heddle_mutex_lock(&mutexes[me]);
  heddle_barrier_wait(&meeting);
  heddle_mutex_lock(&mutexes[(me + 1) % threads]);
}

/// Nobody gives a permit back.
static void permits(uint32_t me) {
  (void)me;
  heddle_semaphore_acquire(&semaphore);
}

/// The first keeps the mutex and ends.
static void abandoned(uint32_t me) {
  if (me == 0) heddle_mutex_lock(&mutexes[0]);
  heddle_barrier_wait(&meeting);
  if (me != 0) heddle_mutex_lock(&mutexes[0]);
}

/// One is missing.
static void short_barrier(uint32_t me) {
  (void)me;
  heddle_barrier_wait(&barrier);
}

/// All read and want to write.
static void upgrade(uint32_t me) {
  (void)me;
  heddle_rwlock_read_lock(&rwlock);
  heddle_barrier_wait(&meeting);
  heddle_rwlock_write_lock(&rwlock);
}

/// They are notified before they wait: that is not remembered.
static void too_late(uint32_t me) {
  if (me == 0) heddle_condition_notify_all(&condition);
  heddle_barrier_wait(&meeting);
  heddle_mutex_lock(&mutexes[0]);
  heddle_condition_wait(&condition, &mutexes[0]);
}

/// Nobody notifies at all.
static void forgotten(uint32_t me) {
  (void)me;
  heddle_wait(&word, 0, HEDDLE_FOREVER);
}

static const struct {
  void (*body)(uint32_t me);
  uint32_t finish;  ///< threads that do
} kKinds[] = {{circle, 0},  {permits, 1},  {abandoned, 1}, {short_barrier, 0},
              {upgrade, 0}, {too_late, 0}, {forgotten, 0}};
enum { kKindCount = sizeof kKinds / sizeof kKinds[0] };

static void print_lines(void) {
  for (uint32_t i = 0; i < kMost; ++i) line(&mutexes[i]);
  line(&rwlock);
  line(&semaphore);
  line(&condition);
  line(&barrier);
  line(&word);
  for (uint32_t i = 0; i < threads; ++i) print("line", line_of_join(i));
}

void run_deadlock(uint64_t seed) {
  random random = seeded(seed, 60, 0);
  threads = draw_between(&random, 2, kMost);
  const uint32_t kind = draw_below(&random, kKindCount);
  heddle_barrier_init(&meeting, threads);
  heddle_barrier_init(&barrier, threads + 1);
  heddle_semaphore_init(&semaphore, 1);
  print("stuck", threads - kKinds[kind].finish + 1);
  print_lines();
  for (uint32_t i = 0; i < threads; ++i) start(kKinds[kind].body, i);
  for (uint32_t i = 0; i < threads; ++i) join(i);
}
