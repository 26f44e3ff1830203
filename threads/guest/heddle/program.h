// SPDX-License-Identifier: Apache-2.0
// Program: what C programs of wasi-threads need where there is no libc: how they start, threads, printing.
//
// Included by one file of the program, which defines `int heddle_program(void)`. What comes out runs in any
// engine with WASI preview 1 and wasi-threads. There is no thread-local storage: that would take a block for
// each thread and a call of __wasm_init_tls. examples/CMakeLists.txt has the flags to build with.
#pragma once

#include <heddle/word.h>

/// The program; 0, or the exit code of one that failed.
int heddle_program(void);

struct heddle_wasi_bytes {
  const void* data;
  size_t size;
};
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) uint32_t
heddle_wasi_write(uint32_t descriptor, const struct heddle_wasi_bytes* list, size_t count, size_t* written);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"))) _Noreturn void
heddle_wasi_exit(uint32_t code);
/// The new thread's id, or a negative number.
__attribute__((import_module("wasi"), import_name("thread-spawn"))) int32_t heddle_wasi_spawn(void* argument);

/// When this returns, the whole program ends, whatever other threads do.
__attribute__((export_name("_start"))) void heddle_start(void) {
  const int code = heddle_program();
  if (code != 0) heddle_wasi_exit((uint32_t)code);
}

// Threads.

#ifndef HEDDLE_THREAD_STACK
#define HEDDLE_THREAD_STACK 16384
#endif

struct wasi_thread {
  uint8_t* stack_top;  // first, for the code below
  void (*body)(void* argument);
  void* argument;
  uint32_t has_ended;
  _Alignas(16) uint8_t stack[HEDDLE_THREAD_STACK];
};

/// A new thread has no stack of its own yet, and C can't run without one: so its first step is not in C.
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype wasi_thread_run (i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".export_name wasi_thread_start, wasi_thread_start\n"
    "wasi_thread_start:\n"
    ".functype wasi_thread_start (i32, i32) -> ()\n"
    "local.get 1\n"
    "i32.load 0\n"
    "global.set __stack_pointer\n"
    "local.get 1\n"
    "call wasi_thread_run\n"
    "end_function\n");

__attribute__((used)) void wasi_thread_run(struct wasi_thread* thread) {
  thread->body(thread->argument);
  heddle_store(&thread->has_ended, 1);
  heddle_notify(&thread->has_ended, HEDDLE_EVERYBODY);
}

static inline void wasi_thread_begin(struct wasi_thread* thread, void (*body)(void*), void* argument) {
  thread->stack_top = thread->stack + HEDDLE_THREAD_STACK;
  thread->body = body;
  thread->argument = argument;
  thread->has_ended = 0;
  if (heddle_wasi_spawn(thread) < 0) heddle_wasi_exit(1);
}

/// After that, the thread may be started again.
static inline void wasi_thread_join(struct wasi_thread* thread) {
  while (heddle_load(&thread->has_ended) == 0) heddle_wait(&thread->has_ended, 0, HEDDLE_FOREVER);
}

// Printing.

static inline void heddle_print(const char* text) {
  struct heddle_wasi_bytes bytes = {text, 0};
  while (text[bytes.size] != 0) ++bytes.size;
  size_t written = 0;
  if (heddle_wasi_write(1, &bytes, 1, &written) != 0 || written != bytes.size) heddle_wasi_exit(1);
}

static inline void heddle_print_number(uint64_t number) {
  char digits[24];
  char* place = digits + sizeof digits;
  *--place = 0;
  do {
    *--place = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  heddle_print(place);
}
