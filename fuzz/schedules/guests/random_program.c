// SPDX-License-Identifier: Apache-2.0
// Random programs of the schedule fuzzer: threads that use everything in a random order that can't deadlock,
// and counts that must then be exact.
//
// A program is a number of phases. Threads of a phase form groups that meet at a barrier at its end. Within a
// phase, each thread makes a random mix of steps; locks nest in one order only; who takes from a queue in a
// phase does not put into it, and all that is put is taken. So there is always somebody who can go on: a
// deadlock is a fault of a primitive or of the engine.
#include <heddle/atomics.h>
#include <heddle/barrier.h>
#include <heddle/condition.h>
#include <heddle/mutex.h>
#include <heddle/once.h>
#include <heddle/rwlock.h>
#include <heddle/semaphore.h>

#include "fuzz/schedules/guests/program.h"

enum { kThreads = 6, kPhases = 3, kLocks = 6, kOnces = 4, kChildren = 4 };

/// What the seed says about the whole program.
static struct {
  uint64_t seed;
  uint32_t threads, phases;
  uint32_t steps;  ///< bits: which kinds of steps there are
} plan;

static random drawn(uint32_t use, uint32_t number) { return seeded(plan.seed, use, number); }

// Locks: in this order, each with what it guards.

enum lock_kind { kMutex, kReadWrite, kSemaphore };

static struct {
  heddle_mutex mutex;
  heddle_rwlock rwlock;
  heddle_semaphore semaphore;
  uint32_t permits;
  uint32_t inside;  ///< threads: of a mutex and of writers 0 or 1
  uint32_t first;   ///< plain numbers that are equal whenever nobody writes
  uint32_t second;
  uint32_t writings;  ///< that should have been
} locks[kLocks];

static enum lock_kind kind_of(uint32_t lock) { return (enum lock_kind)(lock % 3); }

static bool acquire(uint32_t lock, bool writes, random* random) {
  const uint32_t way = draw_below(random, 8);
  const int64_t limit = draw_below(random, 5000);
  switch (kind_of(lock)) {
    case kMutex:
      if (way == 0) return heddle_mutex_try_lock(&locks[lock].mutex);
      if (way == 1) return heddle_mutex_lock_for(&locks[lock].mutex, limit);
      heddle_mutex_lock(&locks[lock].mutex);
      return true;
    case kReadWrite:
      if (way == 0) {
        return (writes ? heddle_rwlock_try_write_lock : heddle_rwlock_try_read_lock)(&locks[lock].rwlock);
      }
      (writes ? heddle_rwlock_write_lock : heddle_rwlock_read_lock)(&locks[lock].rwlock);
      return true;
    case kSemaphore:
      if (way == 0) return heddle_semaphore_try_acquire(&locks[lock].semaphore);
      if (way == 1) return heddle_semaphore_acquire_for(&locks[lock].semaphore, limit);
      heddle_semaphore_acquire(&locks[lock].semaphore);
      return true;
  }
  return false;
}

static void release(uint32_t lock, bool writes) {
  switch (kind_of(lock)) {
    case kMutex: heddle_mutex_unlock(&locks[lock].mutex); break;
    case kReadWrite:
      (writes ? heddle_rwlock_write_unlock : heddle_rwlock_read_unlock)(&locks[lock].rwlock);
      break;
    case kSemaphore: check("releasing", heddle_semaphore_release(&locks[lock].semaphore, 1), 1); break;
  }
}

static void write_inside(uint32_t lock, random* random) {
  check("others beside a writer", heddle_add(&locks[lock].inside, 1), 0);
  const uint32_t seen = locks[lock].first;
  locks[lock].first = seen + 1;
  if (draw_below(random, 2) == 0) pause();
  check("second number", locks[lock].second, seen);
  locks[lock].second = seen + 1;
  heddle_add(&locks[lock].writings, 1);
  heddle_subtract(&locks[lock].inside, 1);
}

static void read_inside(uint32_t lock, random* random) {
  const uint32_t seen = locks[lock].first;
  if (draw_below(random, 2) == 0) pause();
  check("second number while reading", locks[lock].second, seen);
  check("writers beside a reader", heddle_load(&locks[lock].inside), 0);
}

static void share_inside(uint32_t lock, random* random) {
  check("too many with a permit", heddle_add(&locks[lock].inside, 1) >= locks[lock].permits, 0);
  if (draw_below(random, 2) == 0) pause();
  heddle_subtract(&locks[lock].inside, 1);
}

/// Takes one to three locks one after the other, uses each, and leaves them in any order.
static void step_lock(random* random) {
  uint32_t held[3], count = 0;
  bool writes[3];
  const uint32_t depth = draw_between(random, 1, 3);
  for (uint32_t lock = draw_below(random, kLocks); lock < kLocks && count < depth;
       lock += draw_between(random, 1, 2)) {
    writes[count] = kind_of(lock) == kMutex || draw_below(random, 2) == 0;
    if (!acquire(lock, writes[count], random)) continue;
    if (kind_of(lock) == kSemaphore) {
      share_inside(lock, random);
    } else {
      (writes[count] ? write_inside : read_inside)(lock, random);
    }
    held[count++] = lock;
  }
  while (count != 0) {
    const uint32_t which = draw_below(random, count--);
    release(held[which], writes[which]);
    held[which] = held[count];
    writes[which] = writes[count];
  }
}

// Atomics on cells of every width, beside each other in one word.

static struct {
  uint8_t bytes[4];
  uint16_t halves[2];
  uint32_t word;
  uint32_t many[4];
  uint64_t wide;
  uint32_t flips;
  uint64_t tokens;  ///< exchanged; what is in it and what came out are those that were put in
} cells __attribute__((aligned(8)));

/// What should have come of them, kept in other cells.
static uint32_t bytes_added[4], halves_added[2], word_added, many_added, flipped;
static uint64_t wide_added, tokens_in, tokens_out;

static void add_by_compare_exchange(uint32_t* cell, uint32_t value) {
  uint32_t seen = heddle_load(cell);
  while (!heddle_compare_exchange(cell, seen, seen + value)) seen = heddle_load(cell);
}

static void step_atomics(random* random) {
  const uint32_t value = (uint32_t)draw(random);
  const uint32_t at = draw_below(random, 4);
  switch (draw_below(random, 7)) {
    case 0:
      __atomic_fetch_add(&cells.bytes[at], (uint8_t)value, __ATOMIC_SEQ_CST);
      heddle_add(&bytes_added[at], (uint8_t)value);
      break;
    case 1:
      __atomic_fetch_sub(&cells.halves[at % 2], (uint16_t)value, __ATOMIC_SEQ_CST);
      heddle_subtract(&halves_added[at % 2], (uint16_t)value);
      break;
    case 2:
      add_by_compare_exchange(&cells.word, value);
      heddle_add(&word_added, value);
      break;
    case 3:
      __atomic_fetch_add(&cells.wide, (uint64_t)value << 16, __ATOMIC_SEQ_CST);
      __atomic_fetch_add(&wide_added, (uint64_t)value << 16, __ATOMIC_SEQ_CST);
      break;
    case 4:
      heddle_atomic_xor(&cells.flips, value);
      heddle_atomic_xor(&flipped, value);
      break;
    case 5: {
      const uint64_t before = heddle_atomic_exchange64(&cells.tokens, value);
      heddle_atomic_add64(&tokens_out, before);
      heddle_atomic_add64(&tokens_in, value);
      break;
    }
    default: heddle_atomic_add_range(cells.many, value, 4); heddle_add(&many_added, value);
  }
}

static void check_atomics(void) {
  for (uint32_t i = 0; i < 4; ++i) {
    check("a byte", cells.bytes[i], (uint8_t)bytes_added[i]);
    check("one of many", cells.many[i], many_added);
  }
  for (uint32_t i = 0; i < 2; ++i) check("a half", cells.halves[i], (uint16_t)halves_added[i]);
  check("a word", cells.word, word_added);
  check("a double word", cells.wide, wide_added);
  check("flipped bits", cells.flips, flipped);
  check("exchanged tokens", cells.tokens + tokens_out, tokens_in);
}

// Waits that may end in any way, and notifies: as many are woken as were counted.

static uint32_t places[3], woken, counted;

static void step_wait(random* random) {
  uint32_t* const place = &places[draw_below(random, 3)];
  const uint32_t expected = draw_below(random, 4) == 0;
  const enum heddle_wait_result result = heddle_wait(place, expected, draw_below(random, 4000));
  check("a wait for another value", result == heddle_not_equal, expected);
  heddle_add(&woken, result == heddle_woken);
}

static void step_notify(random* random) {
  const uint32_t count = draw_below(random, 4) == 0 ? HEDDLE_EVERYBODY : draw_below(random, 3);
  const uint32_t many = heddle_notify(&places[draw_below(random, 3)], count);
  check("more woken than asked for", many > count, 0);
  heddle_add(&counted, many);
}

static void step_sleep(random* random) {
  static uint32_t nobody;
  check("a sleep", heddle_wait(&nobody, 0, draw_below(random, 2000)), heddle_timed_out);
}

// Onces.

static heddle_once onces[kOnces];
static uint32_t done[kOnces];

static void step_once(random* random) {
  const uint32_t which = draw_below(random, kOnces);
  if (heddle_once_begin(&onces[which])) {
    if (draw_below(random, 3) == 0) return heddle_once_give_up(&onces[which]);
    const uint32_t seen = heddle_load(&done[which]);
    pause();
    heddle_store(&done[which], seen + 1);
    heddle_once_end(&onces[which]);
  }
  check("what is done once", heddle_load(&done[which]), 1);
}

// Children: threads that threads start, and join at the end of the phase.

static uint32_t children;

static void make_steps(random* random, uint32_t count, uint32_t kinds);

static void child_body(uint32_t number) {
  random random = drawn(20, number);
  make_steps(&random, draw_between(&random, 1, 4), plan.steps);
  trace(number << 8 | 99);
}

/// The thread, or UINT32_MAX: there have been enough.
static uint32_t start_child(void) {
  const uint32_t number = heddle_add(&children, 1);
  return number < kChildren ? start(child_body, number) : UINT32_MAX;
}

// Steps.

static void (*const kSteps[])(random*) = {step_lock,   step_lock, step_atomics, step_atomics,
                                          step_notify, step_wait, step_sleep,   step_once};
enum { kStepKinds = sizeof kSteps / sizeof kSteps[0] };

static void make_steps(random* random, uint32_t count, uint32_t kinds) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t kind = draw_below(random, kStepKinds);
    if ((kinds >> kind & 1) == 0) continue;
    kSteps[kind](random);
    trace(kind);
  }
}

// A queue per phase: with a mutex and conditions, or a number that is waited for.

static struct {
  heddle_mutex mutex;
  heddle_condition not_empty, not_full;
  uint32_t head, tail, items[2];
  uint32_t tokens;
} queues[kPhases];
static uint32_t put_sum, taken_sum;

static void put_item(uint32_t phase, uint32_t item) {
  heddle_mutex_lock(&queues[phase].mutex);
  while (queues[phase].tail - queues[phase].head == 2) {
    heddle_condition_wait(&queues[phase].not_full, &queues[phase].mutex);
  }
  queues[phase].items[queues[phase].tail++ % 2] = item;
  heddle_mutex_unlock(&queues[phase].mutex);
  heddle_condition_notify_one(&queues[phase].not_empty);
  heddle_add(&put_sum, item);
}

static void take_item(uint32_t phase) {
  heddle_mutex_lock(&queues[phase].mutex);
  while (queues[phase].tail == queues[phase].head) {
    heddle_condition_wait(&queues[phase].not_empty, &queues[phase].mutex);
  }
  const uint32_t item = queues[phase].items[queues[phase].head++ % 2];
  heddle_mutex_unlock(&queues[phase].mutex);
  heddle_condition_notify_one(&queues[phase].not_full);
  heddle_add(&taken_sum, item);
}

static void put_token(uint32_t phase, uint32_t item) {
  (void)item;
  heddle_add(&queues[phase].tokens, 1);
  heddle_notify(&queues[phase].tokens, 1);
}

static void take_token(uint32_t phase) {
  for (;;) {
    const uint32_t seen = heddle_load(&queues[phase].tokens);
    if (seen == 0) {
      heddle_wait(&queues[phase].tokens, 0, HEDDLE_FOREVER);
    } else if (heddle_compare_exchange(&queues[phase].tokens, seen, seen - 1)) {
      return;
    }
  }
}

/// How many items a thread puts (positive) or takes in the phase.
static int32_t share_of(uint32_t phase, uint32_t me) {
  random random = drawn(30, phase);
  const uint32_t takers = draw_below(&random, 3), each = draw_between(&random, 1, 4);
  const uint32_t putters = plan.threads > takers ? plan.threads - takers : 0;
  if (takers == 0 || putters == 0) return 0;
  if (me >= takers) return (int32_t)each;
  const uint32_t all = putters * each;
  return -(int32_t)(all / takers + (me < all % takers));
}

static void use_queue(uint32_t phase, int32_t* share) {
  random random = drawn(31, phase);
  const bool tokens = draw_below(&random, 3) == 0;
  if (*share > 0) {
    (tokens ? put_token : put_item)(phase, (uint32_t)(*share)--);
  } else if (*share < 0) {
    ++*share;
    (tokens ? take_token : take_item)(phase);
  }
}

// Phases.

static heddle_barrier barriers[kPhases][2];
static uint32_t leaders[kPhases][2];
static uint32_t phase_of[kThreads];

static uint32_t group_of(uint32_t phase, uint32_t thread) {
  random random = drawn(40, phase);
  const uint64_t bits = draw(&random);
  return bits >> 63 ? 0 : bits >> thread & 1;
}

static void meet(uint32_t phase, uint32_t me) {
  const uint32_t group = group_of(phase, me);
  heddle_store(&phase_of[me], phase + 1);
  if (heddle_barrier_wait(&barriers[phase][group])) heddle_add(&leaders[phase][group], 1);
  for (uint32_t other = 0; other < plan.threads; ++other) {
    if (group_of(phase, other) != group) continue;
    check("a thread that is behind the barrier before it came", heddle_load(&phase_of[other]) > phase, 1);
  }
}

static void thread_body(uint32_t me) {
  for (uint32_t phase = 0; phase < plan.phases; ++phase) {
    random random = drawn(50 + phase, me);
    int32_t share = share_of(phase, me);
    uint32_t child = UINT32_MAX;
    if (draw_below(&random, 4) == 0) child = start_child();
    for (uint32_t left = draw_below(&random, 16); left != 0; --left) {
      make_steps(&random, 1, plan.steps);
      if (draw_below(&random, 2) == 0) use_queue(phase, &share);
    }
    while (share != 0) use_queue(phase, &share);
    if (child != UINT32_MAX) join(child);
    meet(phase, me);
    trace(phase << 8 | me);
  }
}

static void make_plan(uint64_t seed) {
  plan.seed = seed;
  random random = drawn(10, 0);
  plan.threads = draw_between(&random, 2, kThreads);
  plan.phases = draw_between(&random, 1, kPhases);
  plan.steps = draw_below(&random, 2) == 0 ? UINT32_MAX : (uint32_t)draw(&random) | 1;
  for (uint32_t lock = 0; lock < kLocks; ++lock) {
    locks[lock].permits = draw_between(&random, 1, 3);
    heddle_semaphore_init(&locks[lock].semaphore, locks[lock].permits);
  }
  for (uint32_t phase = 0; phase < plan.phases; ++phase) {
    uint32_t sizes[2] = {0, 0};
    for (uint32_t thread = 0; thread < plan.threads; ++thread) ++sizes[group_of(phase, thread)];
    for (uint32_t group = 0; group < 2; ++group) heddle_barrier_init(&barriers[phase][group], sizes[group]);
  }
}

static void check_all(void) {
  for (uint32_t lock = 0; lock < kLocks; ++lock) {
    check("writings of a lock", locks[lock].first, locks[lock].writings);
    check("threads left inside", locks[lock].inside, 0);
    check("permits left", locks[lock].semaphore.count, locks[lock].permits);
    check("sleepers left", locks[lock].rwlock.sleepers + locks[lock].semaphore.waiters, 0);
    check("tickets", locks[lock].rwlock.write, locks[lock].rwlock.tickets);
  }
  for (uint32_t phase = 0; phase < plan.phases; ++phase) {
    check("tokens left", queues[phase].tokens, 0);
    check("items left", queues[phase].tail - queues[phase].head, 0);
    check("leaders", leaders[phase][0], barriers[phase][0].state.part.generation);
    check("leaders", leaders[phase][1], barriers[phase][1].state.part.generation);
  }
  check("sum of items", taken_sum, put_sum);
  check("threads that were woken", woken, counted);
  check_atomics();
}

void run_random_program(uint64_t seed) {
  uint32_t threads[kThreads];
  make_plan(seed);
  for (uint32_t i = 0; i < plan.threads; ++i) threads[i] = start(thread_body, i);
  for (uint32_t i = 0; i < plan.threads; ++i) join(threads[i]);
  check_all();
}
