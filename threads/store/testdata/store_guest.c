// SPDX-License-Identifier: Apache-2.0
// A guest that uses each function of the store; each test returns 0, or the number of the line that failed.
#include <heddle/store.h>

#define CHECK(condition) \
  if (!(condition)) return __LINE__
#define TEST(name) __attribute__((export_name(#name))) int name(void)
#define TEXT(text) (text), (sizeof(text) - 1)

static _Alignas(8) char buffer[4096];

static int is(const char* bytes, size_t size, const char* text, size_t text_size) {
  if (size != text_size) return 0;
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != text[i]) return 0;
  return 1;
}

TEST(gets_and_puts) {
  uint64_t version = 0, again = 0;
  CHECK(heddle_store_get(TEXT("a"), buffer, sizeof buffer, 0) == HEDDLE_STORE_NOT_FOUND);
  CHECK(heddle_store_put(TEXT("a"), TEXT("hello, world"), 0, &version) == 0);
  CHECK(version == 1);
  CHECK(heddle_store_put(TEXT("a"), TEXT("x"), 0, &version) == HEDDLE_STORE_EXISTS);
  CHECK(heddle_store_put(TEXT("a"), TEXT("x"), 77, 0) == HEDDLE_STORE_CONFLICT);
  CHECK(heddle_store_get(TEXT("a"), buffer, sizeof buffer, &again) == 12);
  CHECK(again == version && is(buffer, 12, TEXT("hello, world")));
  buffer[5] = '!';
  CHECK(heddle_store_get(TEXT("a"), buffer, 5, 0) == 12);
  CHECK(is(buffer, 6, TEXT("hello!")));
  CHECK(heddle_store_get(TEXT("a"), 0, 0, 0) == 12);
  CHECK(heddle_store_delete(TEXT("a"), version) == 1);
  CHECK(heddle_store_delete(TEXT("a"), HEDDLE_ANY_VERSION) == 0);
  CHECK(heddle_store_put("", 0, TEXT("x"), 0, 0) == HEDDLE_STORE_INVALID);
  CHECK(heddle_store_put(buffer, 481, TEXT("x"), 0, 0) == HEDDLE_STORE_TOO_LARGE);
  return 0;
}

TEST(applies_batches) {
  uint64_t first = 0;
  struct heddle_change changes[] = {
      {HEDDLE_PUT, 0, TEXT("b/1"), TEXT("one"), 0},
      {HEDDLE_PUT, HEDDLE_STAMPED, TEXT("log/"), TEXT("first"), HEDDLE_ANY_VERSION},
      {HEDDLE_CHECK, 0, TEXT("b/2"), 0, 0, 0},
  };
  CHECK(heddle_store_batch(changes, 3, &first) == 2);
  CHECK(heddle_store_batch(changes, 3, &first) == HEDDLE_STORE_EXISTS);
  changes[0].kind = HEDDLE_DELETE;
  changes[0].expected = first;
  CHECK(heddle_store_batch(changes, 1, 0) == 1);
  changes[0].kind = 3;
  CHECK(heddle_store_batch(changes, 1, 0) == HEDDLE_STORE_INVALID);
  CHECK(heddle_store_batch(changes, 1025, 0) == HEDDLE_STORE_TOO_LARGE);
  CHECK(heddle_store_batch((void*)0xfffffff0u, 2, 0) == HEDDLE_STORE_FAULT);
  return 0;
}

TEST(scans) {
  struct heddle_scan scan;
  CHECK(heddle_store_put(TEXT("s/1"), TEXT("one"), HEDDLE_ANY_VERSION, 0) == 0);
  CHECK(heddle_store_put(TEXT("s/22"), TEXT("two two two"), HEDDLE_ANY_VERSION, 0) == 0);
  CHECK(heddle_store_scan(TEXT("s/"), 0, 0, 0, buffer, sizeof buffer, &scan) == 24 + 32);
  CHECK(scan.entries == 2 && scan.more == 0);
  const struct heddle_entry* entry = (const struct heddle_entry*)buffer;
  CHECK(is(heddle_entry_key(entry), entry->key_size, TEXT("s/1")));
  CHECK(is(heddle_entry_value(entry), entry->value_size, TEXT("one")));
  entry = heddle_entry_next(entry);
  CHECK(is(heddle_entry_key(entry), entry->key_size, TEXT("s/22")));
  CHECK(is(heddle_entry_value(entry), entry->value_size, TEXT("two two two")));
  CHECK(entry->version == scan.revision);
  CHECK((const char*)heddle_entry_next(entry) == buffer + 56);
  CHECK(heddle_store_scan(TEXT("s/"), TEXT("s/1"), HEDDLE_KEYS_ONLY, buffer, sizeof buffer, &scan) == 24);
  CHECK(scan.entries == 1);
  CHECK(heddle_store_scan(TEXT("s/"), 0, 0, 0, buffer, 30, &scan) == 24);
  CHECK(scan.entries == 1 && scan.more == 1);
  CHECK(heddle_store_scan(TEXT("s/"), 0, 0, 0, buffer, 8, &scan) == 24);
  CHECK(scan.entries == 0 && scan.more == 1);
  return 0;
}

TEST(waits) {
  uint64_t version = 0, known = 0;
  CHECK(heddle_store_wait(TEXT("w"), 0, 0, 1000000, &version) == HEDDLE_STORE_TIMED_OUT);
  CHECK(heddle_store_put(TEXT("w"), TEXT("x"), HEDDLE_ANY_VERSION, &known) == 0);
  CHECK(heddle_store_wait(TEXT("w"), 0, 0, -1, &version) == 0);
  CHECK(version == known);
  CHECK(heddle_store_wait(TEXT("w"), HEDDLE_PREFIX, known - 1, -1, &version) == 0);
  CHECK(version == known);
  CHECK(heddle_store_wait("", 0, HEDDLE_PREFIX, known, 0, &version) == HEDDLE_STORE_TIMED_OUT);
  return 0;
}

TEST(waits_for_ever) { return heddle_store_wait(TEXT("never"), 0, 0, -1, 0); }

TEST(queues) {
  uint64_t id = 0;
  uint32_t status = 7;
  struct heddle_claim claim;
  CHECK(heddle_queue_claim(TEXT("q"), 1000, 0, &claim, buffer, sizeof buffer) == HEDDLE_STORE_TIMED_OUT);
  CHECK(heddle_queue_enqueue(TEXT("q"), TEXT("payload"), 2, 0, &id) == 0);
  CHECK(heddle_queue_claim(TEXT("q"), 3600000, -1, &claim, buffer, 3) == 7);
  CHECK(is(buffer, 3, TEXT("pay")) && claim.id == id && claim.attempt == 1);
  CHECK(heddle_queue_payload(TEXT("q"), id, buffer, sizeof buffer) == 7);
  CHECK(heddle_queue_extend(TEXT("q"), &claim, 7200000) == 0);
  CHECK(heddle_queue_retry(TEXT("q"), &claim, TEXT("once more"), 0) == 0);
  CHECK(heddle_queue_complete(TEXT("q"), &claim, HEDDLE_TASK_DONE, 0, 0) == HEDDLE_STORE_LOST);
  CHECK(heddle_queue_claim(TEXT("q"), 3600000, -1, &claim, buffer, sizeof buffer) == 7);
  CHECK(heddle_queue_complete(TEXT("q"), &claim, HEDDLE_TASK_GIVEN_UP, 0, 0) == HEDDLE_STORE_INVALID);
  CHECK(heddle_queue_result(TEXT("q"), id, 0, &status, buffer, sizeof buffer) == HEDDLE_STORE_TIMED_OUT);
  CHECK(heddle_queue_complete(TEXT("q"), &claim, HEDDLE_TASK_FAILED, TEXT("no luck")) == 0);
  CHECK(heddle_queue_result(TEXT("q"), id, -1, &status, buffer, sizeof buffer) == 7);
  CHECK(status == HEDDLE_TASK_FAILED && is(buffer, 7, TEXT("no luck")));
  CHECK(heddle_queue_forget(TEXT("q"), id) == 1);
  CHECK(heddle_queue_result(TEXT("q"), id, -1, 0, 0, 0) == HEDDLE_STORE_INVALID);
  CHECK(heddle_queue_enqueue(TEXT("no name"), TEXT("x"), 1, 0, 0) == HEDDLE_STORE_INVALID);
  return 0;
}
