// SPDX-License-Identifier: Apache-2.0
// The start of the schedule fuzzer's programs: arguments, threads with stacks of their own, output.
//
//     program SCENARIO SEED | program random SEED | program deadlock SEED
#include "fuzz/schedules/guests/program.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

IMPORT("wasi", "thread-spawn") int32_t host_spawn(void* thread);
IMPORT("wasi_snapshot_preview1", "args_get") uint16_t host_args_get(char** pointers, char* texts);
IMPORT("wasi_snapshot_preview1", "args_sizes_get") uint16_t host_args_sizes_get(size_t* count, size_t* bytes);
IMPORT("wasi_snapshot_preview1", "proc_exit") _Noreturn void host_exit(uint32_t code);
IMPORT("wasi_snapshot_preview1", "sched_yield") uint16_t host_yield(void);

typedef struct buffer {
  const char* bytes;
  size_t size;
} buffer;
IMPORT("wasi_snapshot_preview1", "fd_write")
uint16_t host_write(uint32_t fd, const buffer* buffers, size_t count, size_t* written);

void pause(void) { host_yield(); }

// Output. Numbers are written from their end; a text is one write, so lines of threads don't mix.

typedef struct text {
  char bytes[160];
  size_t size;
} text;

static void add_word(text* text, const char* word) {
  for (; *word != 0 && text->size < sizeof text->bytes; ++word) text->bytes[text->size++] = *word;
}

static void add_number(text* text, uint64_t number) {
  char digits[21];
  size_t at = sizeof digits;
  digits[--at] = 0;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  add_word(text, " ");
  add_word(text, &digits[at]);
}

static void write_line(uint32_t fd, text* text) {
  add_word(text, "\n");
  const buffer whole = {text->bytes, text->size};
  size_t written = 0;
  host_write(fd, &whole, 1, &written);
}

void print(const char* word, uint64_t number) {
  text line = {.size = 0};
  add_word(&line, word);
  add_number(&line, number);
  write_line(1, &line);
}

void print_two(const char* word, uint64_t number, const char* other_word, uint64_t other) {
  text line = {.size = 0};
  add_word(&line, word);
  add_number(&line, number);
  add_word(&line, " ");
  add_word(&line, other_word);
  add_number(&line, other);
  write_line(1, &line);
}

_Noreturn void fail(const char* what, uint64_t seen, uint64_t wanted) {
  text line = {.size = 0};
  add_word(&line, what);
  add_word(&line, ":");
  add_number(&line, seen);
  add_word(&line, " instead of");
  add_number(&line, wanted);
  write_line(2, &line);
  host_exit(1);
}

// The trace: a sum over events and their places in the order, so that it needs no lock.

static uint32_t events;
static uint64_t trace_sum;

void trace(uint32_t event) {
  random mixed = seeded(event, 1, heddle_add(&events, 1));
  __atomic_fetch_add(&trace_sum, draw(&mixed), __ATOMIC_SEQ_CST);
}

// Threads. What starts one reads `stack` and `locals` in assembly, since C needs the stack.

typedef struct HEDDLE_LINE_ALIGNED thread {
  char* stack;
  char* locals;
  void (*body)(uint32_t argument);
  uint32_t argument;
  uint32_t done;
} thread;
_Static_assert(offsetof(thread, stack) == 0 && offsetof(thread, locals) == 4, "as wasi_thread_start has it");

static thread threads[kMostThreads];
static uint32_t started;
static _Alignas(16) char stacks[kMostThreads][kStackBytes];
static _Alignas(16) char thread_locals[kMostThreads][256];

__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype __wasm_init_tls (i32) -> ()\n"
    ".functype run_thread (i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    ".functype wasi_thread_start (i32, i32) -> ()\n"
    "local.get 1\n"
    "i32.load 0\n"
    "global.set __stack_pointer\n"
    "local.get 1\n"
    "i32.load 4\n"
    "call __wasm_init_tls\n"
    "local.get 1\n"
    "call run_thread\n"
    "end_function\n"
    ".export_name wasi_thread_start, wasi_thread_start\n");

__attribute__((used)) void run_thread(thread* thread) {
  thread->body(thread->argument);
  heddle_store(&thread->done, 1);
  heddle_notify(&thread->done, HEDDLE_EVERYBODY);
}

uint32_t start(void (*body)(uint32_t argument), uint32_t argument) {
  const uint32_t number = heddle_add(&started, 1);
  if (number >= kMostThreads || __builtin_wasm_tls_size() > sizeof thread_locals[0])
    fail("room for threads", number, kMostThreads);
  thread* const thread = &threads[number];
  thread->stack = stacks[number] + kStackBytes;
  thread->locals = thread_locals[number];
  thread->body = body;
  thread->argument = argument;
  const int32_t id = host_spawn(thread);
  if (id <= 0) fail("the id of a thread", (uint64_t)(int64_t)id, number + 1);
  return number;
}

void join(uint32_t number) {
  uint32_t* const done = &threads[number].done;
  while (heddle_load(done) == 0) {
    const enum heddle_wait_result result = heddle_wait(done, 0, HEDDLE_FOREVER);
    if (result == heddle_timed_out) fail("an endless wait", result, heddle_woken);
  }
}

uint32_t line_of_join(uint32_t number) { return (uint32_t)&threads[number]; }

// Arguments.

static int is_equal(const char* left, const char* right) {
  for (; *left == *right; ++left, ++right) {
    if (*left == 0) return 1;
  }
  return 0;
}

static uint64_t parse(const char* digits) {
  uint64_t number = 0;
  for (; *digits >= '0' && *digits <= '9'; ++digits) number = number * 10 + (uint64_t)(*digits - '0');
  return number;
}

static void run(const char* name, uint64_t seed) {
  if (is_equal(name, "random")) return run_random_program(seed);
  if (is_equal(name, "deadlock")) return run_deadlock(seed);
  for (const program* scenario = kScenarios; scenario->name != NULL; ++scenario) {
    if (is_equal(name, scenario->name)) return scenario->run(seed);
  }
  fail(name, 0, 1);
}

__attribute__((export_name("_start"))) void start_program(void) {
  static char* pointers[8];
  static char texts[4096];
  size_t count = 0, bytes = 0;
  host_args_sizes_get(&count, &bytes);
  if (count < 2 || count > 8 || bytes > sizeof texts) fail("arguments", count, 3);
  host_args_get(pointers, texts);
  run(pointers[1], count > 2 ? parse(pointers[2]) : 0);
  print_two("events", events, "trace", trace_sum);
}
