// SPDX-License-Identifier: Apache-2.0
// The functions whose names begin with store_, and what all of a guest's calls share.
#include "threads/store/guest_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "threads/store/guest_call.h"

namespace heddle::threads {

StoreResult<WorkQueue> GuestCall::queue(Address name, uint32_t size) const {
  HEDDLE_TRY_ASSIGN(const std::string text, copy(name, size, kMostKeyBytes));
  return WorkQueue::open(guest_.store, text, guest_.prefix);
}

StoreResult<std::span<uint8_t>> GuestCall::range(Address address, uint64_t size) const {
  if (address > memory_.size() || size > memory_.size() - address)
    return StoreError{StoreErrorKind::fault, "a pointer outside of the guest's memory"};
  return memory_.subspan(address, size);
}

StoreResult<std::string> GuestCall::copy(Address address, uint32_t size, size_t most) const {
  HEDDLE_TRY_ASSIGN(const auto place, range(address, size));
  if (size > most) return StoreError{StoreErrorKind::too_large, "more bytes than a store takes"};
  return std::string(reinterpret_cast<const char*>(place.data()), place.size());
}

StoreResult<std::string> GuestCall::key(Address address, uint32_t size) const {
  HEDDLE_TRY_ASSIGN(const std::string text, copy(address, size, kMostKeyBytes));
  if (text.empty()) return StoreError{StoreErrorKind::invalid, "an empty key"};
  return guest_.prefix + text;
}

int64_t GuestCall::give(std::string_view bytes, std::span<uint8_t> room) noexcept {
  const size_t count = std::min(bytes.size(), room.size());
  if (count != 0) std::memcpy(room.data(), bytes.data(), count);
  return static_cast<int64_t>(bytes.size());
}

int64_t GuestCall::deadline(int64_t timeout_ns) const {
  const int64_t now = store().host().now_ns();
  return timeout_ns < 0 || timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

namespace {

// The structures and numbers of threads/guest/heddle/store.h.

constexpr uint64_t kAnyVersion = UINT64_MAX;
constexpr uint32_t kKeysOnly = 1;
constexpr uint32_t kPrefix = 1;

struct GuestChange {
  uint32_t kind;
  uint32_t flags;
  Address key;
  uint32_t key_size;
  Address value;
  uint32_t value_size;
  uint64_t expected;
};
static_assert(sizeof(GuestChange) == 32);
constexpr uint32_t kStamped = 1;

struct GuestScan {
  uint64_t revision;
  uint32_t entries;
  uint32_t more;
};
static_assert(sizeof(GuestScan) == 16);

struct GuestEntry {
  uint64_t version;
  uint32_t key_size;
  uint32_t value_size;
};
static_assert(sizeof(GuestEntry) == 16);

std::optional<Version> expectation(uint64_t expected) {
  return expected == kAnyVersion ? std::nullopt : std::optional(expected);
}

StoreResult<int64_t> store_get(GuestCall& call, Address key, uint32_t key_size, Address value,
                               uint32_t capacity, Address version) {
  HEDDLE_TRY_ASSIGN(const std::string name, call.key(key, key_size));
  HEDDLE_TRY_ASSIGN(const auto room, call.range(value, capacity));
  HEDDLE_TRY_ASSIGN(const auto version_out, call.out<uint64_t>(version));
  HEDDLE_TRY_ASSIGN(const std::optional<Entry> entry, call.store().get(name));
  if (!entry) return StoreError{StoreErrorKind::not_found, "no such key"};
  version_out.set(entry->version);
  return GuestCall::give(entry->value, room);
}

StoreResult<int32_t> store_put(GuestCall& call, Address key, uint32_t key_size, Address value,
                               uint32_t value_size, uint64_t expected, Address version) {
  HEDDLE_TRY_ASSIGN(const std::string name, call.key(key, key_size));
  HEDDLE_TRY_ASSIGN(const std::string bytes, call.copy(value, value_size, kMostValueBytes));
  HEDDLE_TRY_ASSIGN(const auto version_out, call.out<uint64_t>(version));
  HEDDLE_TRY_ASSIGN(const Version put, call.store().put(name, bytes, expectation(expected)));
  version_out.set(put);
  return 0;
}

StoreResult<int32_t> store_delete(GuestCall& call, Address key, uint32_t key_size, uint64_t expected) {
  HEDDLE_TRY_ASSIGN(const std::string name, call.key(key, key_size));
  HEDDLE_TRY_ASSIGN(const bool removed, call.store().remove(name, expectation(expected)));
  return removed ? 1 : 0;
}

StoreResult<Change> to_change(const GuestCall& call, const GuestChange& guest) {
  if (guest.kind > static_cast<uint32_t>(Change::Kind::check) || (guest.flags & ~kStamped) != 0)
    return StoreError{StoreErrorKind::invalid, "a change that is none"};
  Change change;
  change.kind = static_cast<Change::Kind>(guest.kind);
  change.stamped = (guest.flags & kStamped) != 0;
  change.expected = expectation(guest.expected);
  HEDDLE_TRY_ASSIGN(change.key, call.key(guest.key, guest.key_size));
  if (change.kind != Change::Kind::put) return change;
  HEDDLE_TRY_ASSIGN(change.value, call.copy(guest.value, guest.value_size, kMostValueBytes));
  return change;
}

StoreResult<int32_t> store_batch(GuestCall& call, Address changes, uint32_t count, Address first) {
  if (count > kMostBatchChanges)
    return StoreError{StoreErrorKind::too_large, "more changes than a batch takes"};
  HEDDLE_TRY_ASSIGN(const auto place, call.range(changes, uint64_t{count} * sizeof(GuestChange)));
  HEDDLE_TRY_ASSIGN(const auto first_out, call.out<uint64_t>(first));
  std::vector<Change> batch;
  size_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    GuestChange guest;
    std::memcpy(&guest, place.data() + i * sizeof guest, sizeof guest);
    HEDDLE_TRY_ASSIGN(Change change, to_change(call, guest));
    bytes += change.key.size() + change.value.size();
    // Before the host has copied it all: the values may all be the same bytes.
    if (bytes > kMostBatchBytes)
      return StoreError{StoreErrorKind::too_large, "more bytes than a batch takes"};
    batch.push_back(std::move(change));
  }
  HEDDLE_TRY_ASSIGN(const Applied applied, call.store().apply(std::move(batch)));
  first_out.set(applied.first);
  return static_cast<int32_t>(applied.changes());
}

size_t padded(size_t size) { return (size + 7) & ~size_t{7}; }

/// Entries into the room, each whole; how many fit.
uint32_t give_entries(const ScanResult& found, size_t prefix_size, std::span<uint8_t> room, size_t& bytes) {
  uint32_t given = 0;
  for (const Entry& entry : found.entries) {
    const std::string_view key = std::string_view(entry.key).substr(prefix_size);
    const size_t size = padded(sizeof(GuestEntry) + key.size() + entry.value.size());
    if (size > room.size() - bytes) return given;
    const GuestEntry header = {entry.version, static_cast<uint32_t>(key.size()),
                               static_cast<uint32_t>(entry.value.size())};
    uint8_t* const place = room.data() + bytes;
    std::memset(place + size - 8, 0, 8);  // what pads it
    std::memcpy(place, &header, sizeof header);
    std::memcpy(place + sizeof header, key.data(), key.size());
    std::memcpy(place + sizeof header + key.size(), entry.value.data(), entry.value.size());
    bytes += size;
    ++given;
  }
  return given;
}

StoreResult<int64_t> store_scan(GuestCall& call, Address prefix, uint32_t prefix_size, Address after,
                                uint32_t after_size, uint32_t flags, Address buffer, uint32_t capacity,
                                Address result) {
  if ((flags & ~kKeysOnly) != 0) return StoreError{StoreErrorKind::invalid, "a flag that is none"};
  HEDDLE_TRY_ASSIGN(const std::string from, call.copy(prefix, prefix_size, kMostKeyBytes));
  HEDDLE_TRY_ASSIGN(const std::string behind, call.copy(after, after_size, kMostKeyBytes));
  HEDDLE_TRY_ASSIGN(const auto room, call.range(buffer, capacity));
  HEDDLE_TRY_ASSIGN(const auto result_out, call.out<GuestScan>(result));
  ScanOptions options;
  if (!behind.empty()) options.after = call.prefix() + behind;
  options.most_bytes = std::min<size_t>(options.most_bytes, capacity);
  options.keys_only = (flags & kKeysOnly) != 0;
  HEDDLE_TRY_ASSIGN(const ScanResult found, call.store().scan(call.prefix() + from, options));
  size_t bytes = 0;
  const uint32_t given = give_entries(found, call.prefix().size(), room, bytes);
  result_out.set({found.revision, given, found.more || given < found.entries.size() ? 1u : 0u});
  if (given != 0 || found.entries.empty()) return static_cast<int64_t>(bytes);
  const Entry& first = found.entries.front();
  return static_cast<int64_t>(
      padded(sizeof(GuestEntry) + first.key.size() - call.prefix().size() + first.value.size()));
}

StoreResult<int32_t> store_wait(GuestCall& call, Address key, uint32_t key_size, uint32_t flags,
                                uint64_t known, int64_t timeout_ns, Address version) {
  if ((flags & ~kPrefix) != 0) return StoreError{StoreErrorKind::invalid, "a flag that is none"};
  HEDDLE_TRY_ASSIGN(const auto version_out, call.out<uint64_t>(version));
  const bool is_prefix = (flags & kPrefix) != 0;
  // An empty prefix is every key of the guest.
  std::string name = call.prefix();
  if (!is_prefix || key_size != 0) {
    HEDDLE_TRY_ASSIGN(name, call.key(key, key_size));
  }
  HEDDLE_TRY_ASSIGN(const Version now, call.wait(timeout_ns, [&](const Wait& wait) {
    return is_prefix ? call.store().wait_prefix(name, known, wait) : call.store().wait_key(name, known, wait);
  }));
  version_out.set(now);
  return 0;
}

}  // namespace

Result<void> define_store(Linker& linker, const GuestStore& guest_store) {
  const auto guest = std::make_shared<const GuestStore>(guest_store);
  HEDDLE_TRY(define_guest_function(linker, "store_get", guest, store_get));
  HEDDLE_TRY(define_guest_function(linker, "store_put", guest, store_put));
  HEDDLE_TRY(define_guest_function(linker, "store_delete", guest, store_delete));
  HEDDLE_TRY(define_guest_function(linker, "store_batch", guest, store_batch));
  HEDDLE_TRY(define_guest_function(linker, "store_scan", guest, store_scan));
  HEDDLE_TRY(define_guest_function(linker, "store_wait", guest, store_wait));
  return define_queue(linker, guest);
}

}  // namespace heddle::threads
