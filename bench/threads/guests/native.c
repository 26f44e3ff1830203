// SPDX-License-Identifier: Apache-2.0
// What the guests beside it do, with threads of the operating system and futexes: native
// spawn|pair|blocked.
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST_THREADS 10000

static _Alignas(64) uint32_t there;
static _Alignas(64) uint32_t here;
static uint64_t times[3 * ROUNDS];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void await(uint32_t* word, uint32_t value) {
  for (uint32_t seen = __atomic_load_n(word, __ATOMIC_SEQ_CST); seen != value;
       seen = __atomic_load_n(word, __ATOMIC_SEQ_CST)) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
  }
}

static void post(uint32_t* word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void start(pthread_t* thread, void* (*body)(void*), void* argument) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  if (pthread_create(thread, &small, body, argument) != 0) {
    perror("pthread_create");
    exit(1);
  }
  pthread_attr_destroy(&small);
}

static void* begin(void* argument) {
  *(uint64_t*)argument = now();
  return NULL;
}

static size_t spawn(void) {
  for (int i = 0; i < ROUNDS; ++i) {
    pthread_t thread;
    times[3 * i] = now();
    start(&thread, begin, &times[3 * i + 1]);
    pthread_join(thread, NULL);
    times[3 * i + 2] = now();
  }
  return 3 * ROUNDS;
}

static void* answer(void* unused) {
  (void)unused;
  for (uint32_t i = 1; i <= ROUNDS; ++i) {
    await(&there, i);
    post(&here, i);
  }
  return NULL;
}

static size_t pair(void) {
  pthread_t thread;
  start(&thread, answer, NULL);
  for (uint32_t i = 0; i < ROUNDS; ++i) {
    if (i % 100 == 0) times[i / 100] = now();
    post(&there, i + 1);
    await(&here, i + 1);
  }
  times[ROUNDS / 100] = now();
  pthread_join(thread, NULL);
  return ROUNDS / 100 + 1;
}

static void* block(void* unused) {
  (void)unused;
  post(&here, __atomic_fetch_add(&there, 1, __ATOMIC_SEQ_CST) + 1);
  static uint32_t never;
  await(&never, 1);
  return NULL;
}

static size_t blocked(void) {
  static pthread_t threads[MOST_THREADS];
  times[0] = now();
  for (int i = 0; i < ROUNDS && i < MOST_THREADS; ++i) start(&threads[i], block, NULL);
  while (__atomic_load_n(&there, __ATOMIC_SEQ_CST) != ROUNDS) usleep(100);
  times[1] = now();
  return 2;
}

int main(int count, char** arguments) {
  const char* what = count == 2 ? arguments[1] : "";
  const size_t done = strcmp(what, "spawn") == 0     ? spawn()
                      : strcmp(what, "pair") == 0    ? pair()
                      : strcmp(what, "blocked") == 0 ? blocked()
                                                     : 0;
  if (done == 0 || write(1, times, done * sizeof *times) != (ssize_t)(done * sizeof *times)) return 1;
  _exit(0);  // not waiting for those that are blocked
}
