// SPDX-License-Identifier: Apache-2.0
// The shared store and its work queues, for guests in C or C++ (clang --target=wasm32, freestanding or not).
//
// Keys are 1 to 480 bytes, less what the host puts before them; values up to 64 MiB. Functions return what is
// not negative on success, else one of HEDDLE_STORE_*. Those that fill a buffer return the full length, also
// if it is more than the buffer's capacity: then the buffer has the beginning. Pointers to single results may
// be null. A wait keeps only its own guest thread; a time-out is in nanoseconds, and none if it is negative.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEDDLE_IMPORT(name) __attribute__((import_module("heddle"), import_name(name)))

enum {
  HEDDLE_STORE_NOT_FOUND = -1,
  HEDDLE_STORE_CONFLICT = -2, /* the key has another version than expected */
  HEDDLE_STORE_EXISTS = -3,   /* the key exists, and should not */
  HEDDLE_STORE_INVALID = -4,  /* an empty key, an unknown task, a bad name or flag */
  HEDDLE_STORE_TOO_LARGE = -5,
  HEDDLE_STORE_REFUSED = -6, /* the store is append-only */
  HEDDLE_STORE_FULL = -7,
  HEDDLE_STORE_UNAVAILABLE = -8, /* the host can't reach its store */
  HEDDLE_STORE_TIMED_OUT = -9,
  HEDDLE_STORE_LOST = -11, /* the claim is over: somebody else has the task, or it is completed */
  HEDDLE_STORE_CORRUPT = -12,
  HEDDLE_STORE_FAULT = -13 /* a pointer outside of the memory */
};

/* Instead of a version that is expected: any. 0 expects that there is no such key. */
#define HEDDLE_ANY_VERSION UINT64_MAX

/* The length of the value. */
HEDDLE_IMPORT("store_get")
int64_t heddle_store_get(const void* key, size_t key_size, void* value, size_t capacity, uint64_t* version);

/* `version`: the key's new one. */
HEDDLE_IMPORT("store_put")
int32_t heddle_store_put(const void* key, size_t key_size, const void* value, size_t value_size,
                         uint64_t expected, uint64_t* version);

/* 1 if there was such a key, else 0. */
HEDDLE_IMPORT("store_delete")
int32_t heddle_store_delete(const void* key, size_t key_size, uint64_t expected);

enum { HEDDLE_PUT, HEDDLE_DELETE, HEDDLE_CHECK };

/* The key gets 16 hexadecimal digits behind it, which no batch had before and which rise: `first`. */
#define HEDDLE_STAMPED 1u

struct heddle_change {
  uint32_t kind;  /* HEDDLE_PUT, HEDDLE_DELETE or HEDDLE_CHECK, which changes nothing */
  uint32_t flags; /* 0 or HEDDLE_STAMPED */
  const void* key;
  size_t key_size;
  const void* value;
  size_t value_size;
  uint64_t expected; /* HEDDLE_ANY_VERSION, or the version before the batch */
};

/* All changes or none; how many keys have changed. These have the versions `first`, `first` + 1, ... */
HEDDLE_IMPORT("store_batch")
int32_t heddle_store_batch(const struct heddle_change* changes, size_t count, uint64_t* first);

#define HEDDLE_KEYS_ONLY 1u

struct heddle_scan {
  uint64_t revision; /* of the store as it was scanned; to wait on the prefix from */
  uint32_t entries;  /* in the buffer */
  uint32_t more;     /* 1: go on after the last key */
};

/* In the buffer, one behind the other, at multiples of 8: an entry, its key, its value. */
struct heddle_entry {
  uint64_t version;
  uint32_t key_size;
  uint32_t value_size;
};

/* The entries whose keys begin with `prefix` and are greater than `after` (size 0: all), in the order of
   their keys, as many as fit; returns the bytes they take. If not even one fits, result->entries is 0 and the
   bytes that it takes are returned. */
HEDDLE_IMPORT("store_scan")
int64_t heddle_store_scan(const void* prefix, size_t prefix_size, const void* after, size_t after_size,
                          uint32_t flags, void* buffer, size_t capacity, struct heddle_scan* result);

static inline const char* heddle_entry_key(const struct heddle_entry* entry) {
  return (const char*)(entry + 1);
}
static inline const char* heddle_entry_value(const struct heddle_entry* entry) {
  return heddle_entry_key(entry) + entry->key_size;
}
static inline const struct heddle_entry* heddle_entry_next(const struct heddle_entry* entry) {
  const size_t size = sizeof *entry + entry->key_size + entry->value_size;
  return (const struct heddle_entry*)((const char*)entry + ((size + 7) & ~(size_t)7));
}

#define HEDDLE_PREFIX 1u

/* Until the key's version is not `known` any more (0: until there is such a key); with HEDDLE_PREFIX, until a
   key that begins so has changed after revision `known`. `version`: the key's new one, or the revision of a
   change. */
HEDDLE_IMPORT("store_wait")
int32_t heddle_store_wait(const void* key, size_t key_size, uint32_t flags, uint64_t known,
                          int64_t timeout_ns, uint64_t* version);

/* Queues. A name is 1 to 64 letters, digits, dots, dashes and underscores. */

#define HEDDLE_NO_RESULT 1u

/* `most_attempts`: so often the task may be claimed before it is given up. */
HEDDLE_IMPORT("queue_enqueue")
int32_t heddle_queue_enqueue(const char* name, size_t name_size, const void* payload, size_t size,
                             uint32_t most_attempts, uint32_t flags, uint64_t* id);

/* The right to complete a task; until it is over. */
struct heddle_claim {
  uint64_t id;
  int64_t due_ms;
  uint64_t version;
  uint32_t attempt;
  uint32_t most_attempts;
  uint32_t wants_result;
  uint32_t reserved;
};

/* Takes the oldest task, for `visibility_ms`; the length of its payload. */
HEDDLE_IMPORT("queue_claim")
int64_t heddle_queue_claim(const char* name, size_t name_size, uint64_t visibility_ms, int64_t timeout_ns,
                           struct heddle_claim* claim, void* payload, size_t capacity);
HEDDLE_IMPORT("queue_payload")
int64_t heddle_queue_payload(const char* name, size_t name_size, uint64_t id, void* payload, size_t capacity);

enum { HEDDLE_TASK_DONE, HEDDLE_TASK_FAILED, HEDDLE_TASK_GIVEN_UP };

/* `status`: HEDDLE_TASK_DONE or HEDDLE_TASK_FAILED. */
HEDDLE_IMPORT("queue_complete")
int32_t heddle_queue_complete(const char* name, size_t name_size, const struct heddle_claim* claim,
                              uint32_t status, const void* result, size_t size);
/* Gives the task back, to be claimed again after a while. */
HEDDLE_IMPORT("queue_retry")
int32_t heddle_queue_retry(const char* name, size_t name_size, const struct heddle_claim* claim,
                           const void* reason, size_t size, uint64_t delay_ms);
/* `visibility_ms` from now. */
HEDDLE_IMPORT("queue_extend")
int32_t heddle_queue_extend(const char* name, size_t name_size, struct heddle_claim* claim,
                            uint64_t visibility_ms);

/* Waits for a result; its length. It stays until it is forgotten. */
HEDDLE_IMPORT("queue_result")
int64_t heddle_queue_result(const char* name, size_t name_size, uint64_t id, int64_t timeout_ns,
                            uint32_t* status, void* result, size_t capacity);
/* 1 if there was a result, else 0. */
HEDDLE_IMPORT("queue_forget")
int32_t heddle_queue_forget(const char* name, size_t name_size, uint64_t id);

#ifdef __cplusplus
}
#endif
