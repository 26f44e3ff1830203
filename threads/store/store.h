// SPDX-License-Identifier: Apache-2.0
// KeyValueStore: the database through which guest threads of one or many processes coordinate.
//
// Keys are ordered bytes. The store has a revision, a number that rises by one with each changed key; a key's
// version is the revision of its last change, so that it rises with each change and no version ever comes
// back, not even after the key was deleted. Version 0 means that there is no such key.
//
// A batch changes all its keys at once or none. What a batch does may depend on versions, which is how
// readers turn into writers without locks: read, decide, and change only if what was read still stands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "threads/store/change_hub.h"
#include "threads/store/store_host.h"
#include "threads/store/store_result.h"

namespace heddle::threads {

using Version = uint64_t;
inline constexpr Version kAbsent = 0;

// Limits of every store, so that what works with one works with the other.
inline constexpr size_t kMostKeyBytes = 480;
inline constexpr size_t kMostValueBytes = size_t{64} << 20;
inline constexpr size_t kMostBatchChanges = 1024;
inline constexpr size_t kMostBatchBytes = size_t{128} << 20;
/// Changes that a store remembers for those who wait on a prefix.
inline constexpr Version kRememberedChanges = 4096;
/// What a stamp adds to a key.
inline constexpr size_t kStampBytes = 16;

struct Entry {
  std::string key;
  std::string value;
  Version version = kAbsent;
};

/// One change of a batch.
struct Change {
  enum class Kind : uint8_t {
    put,
    remove,  ///< nothing, and no version is used, if there is no such key
    check,   ///< changes nothing: the batch happens only if `expected` holds
  };
  Kind kind = Kind::put;
  std::string key;
  std::string value;
  std::optional<Version> expected;  ///< the key's version before the batch; kAbsent: there must be none
  bool stamped = false;             ///< stamp() of the batch is appended to the key

  [[nodiscard]] static Change put(std::string key, std::string value,
                                  std::optional<Version> expected = std::nullopt) {
    return {Kind::put, std::move(key), std::move(value), expected, false};
  }
  /// Puts under a key that no batch has used before, and that is greater than all before it.
  [[nodiscard]] static Change append(std::string prefix, std::string value) {
    return {Kind::put, std::move(prefix), std::move(value), std::nullopt, true};
  }
  [[nodiscard]] static Change remove(std::string key, std::optional<Version> expected = std::nullopt) {
    return {Kind::remove, std::move(key), {}, expected, false};
  }
  [[nodiscard]] static Change check(std::string key, Version expected) {
    return {Kind::check, std::move(key), {}, expected, false};
  }
};

/// What a batch has done: its changes have the versions first, first + 1, ... revision, in their order.
struct Applied {
  Version first = 0;     ///< one more than the revision before the batch; what stamped keys end in
  Version revision = 0;  ///< the store's, after the batch
  [[nodiscard]] uint64_t changes() const noexcept { return revision + 1 - first; }
};

/// 16 hexadecimal digits, which sort as the numbers do.
[[nodiscard]] std::string stamp(uint64_t number);

struct ScanOptions {
  std::string after = {};  ///< only keys greater than this one; empty: from the first
  size_t most_entries = 1000;
  size_t most_bytes = size_t{16} << 20;  ///< of keys and values; the first entry comes in any case
  bool keys_only = false;                ///< without values
};

struct ScanResult {
  std::vector<Entry> entries;  ///< in the order of their keys
  bool more = false;           ///< go on after the last key
  Version revision = 0;        ///< of the store as it was scanned
};

/// How long a wait may take. The clock is the host's, StoreHost::now_ns.
struct Wait {
  int64_t deadline_ns = INT64_MAX;  ///< INT64_MAX: none
  Cancellation* cancellation = nullptr;
};

/// Threads: every function may be called from any thread or fiber at any time. Errors of all: unavailable,
/// corrupt, and invalid or too_large for what the limits above forbid.
class KeyValueStore {
 public:
  virtual ~KeyValueStore();
  KeyValueStore(const KeyValueStore&) = delete;
  KeyValueStore& operator=(const KeyValueStore&) = delete;

  /// The entry, if there is one.
  [[nodiscard]] StoreResult<std::optional<Entry>> get(std::string_view key);
  /// Its new version. Errors: conflict or exists (`expected` does not hold), full.
  StoreResult<Version> put(std::string_view key, std::string_view value,
                           std::optional<Version> expected = std::nullopt);
  /// Was there one? Errors: conflict, refused, full.
  StoreResult<bool> remove(std::string_view key, std::optional<Version> expected = std::nullopt);
  /// All changes in their order, or none. Conditions are looked at before anything changes. Errors: as of put
  /// and remove, naming the first key at fault.
  StoreResult<Applied> apply(std::vector<Change> changes);
  [[nodiscard]] StoreResult<ScanResult> scan(std::string_view prefix, const ScanOptions& options = {});

  /// Waits until the key's version is another than `known` and gives it, kAbsent if it was deleted. Errors:
  /// timed_out, cancelled.
  StoreResult<Version> wait_key(std::string_view key, Version known, const Wait& wait = {});
  /// Waits until a key that begins with `prefix` has changed, or was deleted, after revision `since`; gives
  /// the revision of a change to go on waiting from. Who is kRememberedChanges behind is told that there was
  /// a change even if it was elsewhere: scan, then wait from the scan's revision. Errors: timed_out,
  /// cancelled.
  StoreResult<Version> wait_prefix(std::string_view prefix, Version since, const Wait& wait = {});

  /// Milliseconds since 1970 by the one clock that all users of this store share.
  [[nodiscard]] virtual StoreResult<int64_t> clock_ms() = 0;
  /// For messages; without passwords.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] StoreHost& host() const noexcept { return *host_; }

 protected:
  /// An append-only store takes new keys and refuses to change or delete one.
  KeyValueStore(std::shared_ptr<StoreHost> host, std::shared_ptr<ChangeHub> hub, bool append_only);

  [[nodiscard]] ChangeHub& hub() const noexcept { return *hub_; }

  // What a kind of store does; arguments are within the limits.
  virtual StoreResult<std::optional<Entry>> do_get(std::string_view key) = 0;
  /// The key's version, kAbsent if there is no such key.
  virtual StoreResult<Version> do_version(std::string_view key) = 0;
  /// Errors: conflict, as conflict_on() makes it.
  virtual StoreResult<Applied> do_apply(std::span<const Change> changes) = 0;
  virtual StoreResult<ScanResult> do_scan(std::string_view prefix, const ScanOptions& options) = 0;
  /// The revision of a change below `prefix` after `since`, or 0.
  virtual StoreResult<Version> do_find_change(std::string_view prefix, Version since) = 0;
  /// From when this is back until end_watch(), the hub hears of every change; also of those whose change was
  /// lost sight of.
  virtual StoreResult<void> begin_watch() = 0;
  virtual void end_watch() noexcept = 0;
  /// Takes up a watch that was lost, of which the hub was told. Called before each look at the store.
  virtual StoreResult<void> renew_watch() { return {}; }

  /// The error of a change whose condition does not hold.
  [[nodiscard]] static StoreError conflict_on(const Change& change, std::string_view key, Version found);

 private:
  class Watch;
  StoreResult<void> check(const Change& change) const;
  StoreResult<void> only_append(std::vector<Change>& changes) const;
  template <class Look>
  StoreResult<Version> wait_until(std::string_view selector, bool is_prefix, const Wait& wait,
                                  const Look& look);

  const std::shared_ptr<StoreHost> host_;
  const std::shared_ptr<ChangeHub> hub_;
  const bool append_only_;
};

/// The least key that is greater than all that begin with `prefix`; empty if there is none.
[[nodiscard]] std::string end_of_prefix(std::string_view prefix);

}  // namespace heddle::threads
