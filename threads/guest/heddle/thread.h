// SPDX-License-Identifier: Apache-2.0
// Threads for guests: started by the name of an exported function, awaited, asked for their results, freed.
//
// The imports need nothing but an exported memory ("memory"). A thread runs in an instance of its own: with
// the same shared memory, or isolated, with a memory of its own. docs/HOST_INTERFACE.md tells all of it.
// Functions answer what is not negative, else one of HEDDLE_THREAD_*. Those that fill a buffer return the
// full length, also if it is more than the buffer's capacity: then the buffer has the beginning.
//
// heddle_thread_create() and heddle_thread_join() are for C in a shared memory (-matomics -mbulk-memory,
// linked with --shared-memory): they give a thread a stack, thread-local storage and slots.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEDDLE_THREAD_IMPORT(name) __attribute__((import_module("heddle"), import_name(name)))

/// Negatives of WASI's errno.
enum heddle_thread_error {
  HEDDLE_THREAD_AGAIN = -6,         ///< no room for another thread now
  HEDDLE_THREAD_BUSY = -10,         ///< the thread has not ended
  HEDDLE_THREAD_DEADLOCK = -16,     ///< it would wait for itself
  HEDDLE_THREAD_FAULT = -21,        ///< a pointer outside of the memory
  HEDDLE_THREAD_INVALID = -28,      ///< an unknown flag, or a function that no thread can run
  HEDDLE_THREAD_NO_ENTRY = -44,     ///< no function is exported by that name
  HEDDLE_THREAD_NO_MEMORY = -48,    ///< the host keeps too many bytes for threads already
  HEDDLE_THREAD_UNSUPPORTED = -58,  ///< not for a thread, or a module, of this kind
  HEDDLE_THREAD_NO_THREAD = -71,    ///< there is none of that number, or it has been freed
  HEDDLE_THREAD_TIMED_OUT = -73,
};

enum heddle_thread_status {
  HEDDLE_THREAD_RETURNED = 0,
  HEDDLE_THREAD_EXITED = 1,   ///< isolated threads only: by an exit, whose code is the number
  HEDDLE_THREAD_TRAPPED = 2,  ///< isolated threads only: the result is the trap's message
};

enum heddle_thread_flags {
  HEDDLE_THREAD_ISOLATED = 1,  ///< with a memory of its own, as a new instance has it
  HEDDLE_THREAD_DETACHED = 2,  ///< nobody will free it: it is forgotten when it ends
};

/// The number of the thread. `name`: of an exported function without parameters, which gets a copy of the
/// argument by heddle_thread_argument(), or, if it is not isolated, with the parameters (address, size):
/// where the argument is. It returns nothing, an i32 or an i64.
HEDDLE_THREAD_IMPORT("thread_spawn")
int32_t heddle_thread_spawn(const char* name, size_t name_size, const void* argument, size_t argument_size,
                            uint32_t flags);
/// Until the thread has ended: its heddle_thread_status. Negative: no time limit.
HEDDLE_THREAD_IMPORT("thread_wait") int32_t heddle_thread_wait(int32_t thread, int64_t timeout_ns);
/// What its function has returned; i32 without its sign.
HEDDLE_THREAD_IMPORT("thread_number") int32_t heddle_thread_number(int32_t thread, uint64_t* number);
/// The bytes it has left by heddle_thread_set_result().
HEDDLE_THREAD_IMPORT("thread_result")
int64_t heddle_thread_result(int32_t thread, void* buffer, size_t capacity);
/// Copies up to `size` bytes of an isolated thread's memory, from `address` there; how many there were.
HEDDLE_THREAD_IMPORT("thread_memory")
int64_t heddle_thread_memory(int32_t thread, uint64_t address, void* buffer, size_t size);
/// Bytes for anybody, while it runs and after.
HEDDLE_THREAD_IMPORT("thread_data")
int64_t heddle_thread_data(int32_t thread, void* buffer, size_t capacity);
HEDDLE_THREAD_IMPORT("thread_set_data")
int32_t heddle_thread_set_data(int32_t thread, const void* data, size_t size);
/// Forgets a thread that has ended.
HEDDLE_THREAD_IMPORT("thread_free") int32_t heddle_thread_free(int32_t thread);

/// Of the calling thread. The first one is 0, and nobody waits for it.
HEDDLE_THREAD_IMPORT("thread_self") int32_t heddle_thread_self(void);
HEDDLE_THREAD_IMPORT("thread_argument") int64_t heddle_thread_argument(void* buffer, size_t capacity);
HEDDLE_THREAD_IMPORT("thread_set_result")
int32_t heddle_thread_set_result(const void* result, size_t size);
/// How many threads can run at a time.
HEDDLE_THREAD_IMPORT("thread_parallelism") int32_t heddle_thread_parallelism(void);
/// Lets others run.
HEDDLE_THREAD_IMPORT("thread_yield") void heddle_thread_yield(void);

/// Waits, fetches the number unless `number` is null, and frees. The status.
static inline int32_t heddle_thread_join(int32_t thread, uint64_t* number) {
  const int32_t status = heddle_thread_wait(thread, -1);
  if (status < 0) return status;
  uint64_t value = 0;
  int32_t error = heddle_thread_number(thread, &value);
  if (error == 0) error = heddle_thread_free(thread);
  if (number != NULL) *number = value;
  return error < 0 ? error : status;
}

#if defined(__wasm_atomics__)
#include <heddle/slots.h>

/// At the beginning of a thread's room; its thread-local storage follows, and its stack grows down from the
/// end.
typedef struct heddle_thread_room {
  void* stack;  // first: the entry below loads it
  uint32_t (*function)(void*);
  void* argument;
  void* locals;
  heddle_slots slots;
} heddle_thread_room;

// The linker's own.
extern void __wasm_init_tls(void*);

/// On the thread's own stack.
__attribute__((weak)) uint32_t heddle_thread_main(heddle_thread_room* room) {
  __wasm_init_tls(room->locals);
  heddle_slots_attach(&room->slots);
  const uint32_t result = room->function(room->argument);
  heddle_slots_detach();
  return result;
}

// A new instance believes to be the first, with the first one's stack. No C may run before this is put right.
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype heddle_thread_main (i32) -> (i32)\n"
    ".section .text.heddle_thread_entry,\"\",@\n"
    ".weak heddle_thread_entry\n"
    ".type heddle_thread_entry,@function\n"
    ".export_name heddle_thread_entry, heddle_thread_entry\n"
    "heddle_thread_entry:\n"
    ".functype heddle_thread_entry (i32, i32) -> (i32)\n"
    "local.get 0\n"
    "i32.load 0\n"
    "global.set __stack_pointer\n"
    "local.get 0\n"
    "call heddle_thread_main\n"
    "end_function\n");

/// The number of a new thread that runs `function(argument)`, whose result is its number for
/// heddle_thread_join(). Its stack, its thread-local storage and its slots are in `room`, which must stay
/// until the thread has ended. HEDDLE_THREAD_NO_MEMORY: the room is smaller than 4 KiB beside these.
static inline int32_t heddle_thread_create(uint32_t (*function)(void*), void* argument, void* room,
                                           size_t room_bytes) {
  const uintptr_t end = ((uintptr_t)room + room_bytes) & ~(uintptr_t)15;
  const uintptr_t begin = ((uintptr_t)room + 15) & ~(uintptr_t)15;
  const uintptr_t alignment = __builtin_wasm_tls_align() != 0 ? __builtin_wasm_tls_align() : 1;
  uintptr_t local = begin + sizeof(heddle_thread_room);
  local = (local + alignment - 1) / alignment * alignment;
  const uintptr_t least = local + __builtin_wasm_tls_size() + 4096;
  if (end < begin || least < begin || end < least) return HEDDLE_THREAD_NO_MEMORY;
  heddle_thread_room* const made = (heddle_thread_room*)begin;
  __builtin_memset(made, 0, sizeof *made);
  made->stack = (void*)end;
  made->function = function;
  made->argument = argument;
  made->locals = (void*)local;
  static const char entry[] = "heddle_thread_entry";
  return heddle_thread_spawn(entry, sizeof entry - 1, made, sizeof *made, 0);
}
#endif

#ifdef __cplusplus
}
#endif
