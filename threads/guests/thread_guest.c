// SPDX-License-Identifier: Apache-2.0
// The guest of the tests of thread.h, in a shared memory: threads with stacks, thread-local storage and slots,
// and isolated ones.
#include <heddle/mutex.h>
#include <heddle/thread.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/// Says which line went wrong.
__attribute__((import_module("test"), import_name("fail"))) void fail(uint32_t line);
#define CHECK(condition) \
  if (!(condition)) fail(__LINE__)

enum { threads = 8, rounds = 200, room_bytes = 16 << 10 };

static heddle_mutex mutex;
static volatile uint32_t counter;
static uint32_t destroyed;
static heddle_key key;
static __thread uint32_t local = 7;
static char rooms[threads][room_bytes];

static void destroy(void* value) { heddle_add(&destroyed, (uint32_t)value); }

static uint32_t work(void* argument) {
  const uint32_t me = (uint32_t)argument;
  volatile uint32_t on_stack[256];
  CHECK(local == 7 && heddle_slot_get(key) == NULL);
  CHECK(heddle_slot_set(key, argument));
  for (uint32_t i = 0; i < rounds; ++i) {
    local = on_stack[i % 256] = me * 1000 + i;
    heddle_mutex_lock(&mutex);
    const uint32_t seen = counter;
    if (i % 16 == 0) heddle_thread_yield();
    counter = seen + 1;
    heddle_mutex_unlock(&mutex);
    CHECK(local == me * 1000 + i && on_stack[i % 256] == local && heddle_slot_get(key) == argument);
  }
  return (uint32_t)heddle_thread_self() + me * 1000;
}

static void shared_threads(void) {
  int32_t numbers[threads];
  key = heddle_key_create(destroy);
  for (uint32_t i = 0; i < threads; ++i) {
    numbers[i] = heddle_thread_create(work, (void*)(i + 1), rooms[i], room_bytes);
    CHECK(numbers[i] > 0);
  }
  for (uint32_t i = 0; i < threads; ++i) {
    uint64_t number = 0;
    CHECK(heddle_thread_join(numbers[i], &number) == HEDDLE_THREAD_RETURNED);
    CHECK(number == (uint32_t)numbers[i] + (i + 1) * 1000);
    CHECK(heddle_thread_join(numbers[i], NULL) == HEDDLE_THREAD_NO_THREAD);
  }
  CHECK(counter == threads * rounds && destroyed == 36);
  CHECK(heddle_thread_create(work, NULL, rooms[0], 4096) == HEDDLE_THREAD_NO_MEMORY);
}

/// Reverses its argument, in a memory of its own.
static char text[16];
EXPORT(reverse) uint32_t reverse(void) {
  char given[16];
  const int64_t size = heddle_thread_argument(given, sizeof given);
  for (int64_t i = 0; i < size; ++i) text[i] = given[size - 1 - i];
  CHECK(heddle_thread_set_result(text, (size_t)size) == 0);
  return (uint32_t)size;
}

static void isolated_threads(void) {
  for (int round = 0; round < 3; ++round) {
    const int32_t thread = heddle_thread_spawn("reverse", 7, "loom", 4, HEDDLE_THREAD_ISOLATED);
    CHECK(thread > 0);
    CHECK(heddle_thread_wait(thread, -1) == HEDDLE_THREAD_RETURNED);
    char result[5] = "-----", memory[5] = "-----";
    CHECK(heddle_thread_result(thread, result, 3) == 4);
    CHECK(result[0] == 'm' && result[2] == 'o' && result[3] == '-');
    CHECK(heddle_thread_memory(thread, (uint64_t)(uintptr_t)text, memory, 4) == 4);
    CHECK(memory[0] == 'm' && memory[3] == 'l' && memory[4] == '-');
    CHECK(text[0] == 0);
    uint64_t number = 0;
    CHECK(heddle_thread_join(thread, &number) == HEDDLE_THREAD_RETURNED && number == 4);
  }
}

EXPORT(_start) void start(void) {
  CHECK(heddle_thread_self() == 0 && heddle_thread_parallelism() > 0);
  shared_threads();
  isolated_threads();
}
