// SPDX-License-Identifier: Apache-2.0
// What all stores have in common: limits, append-only mode, waiting.
#include "threads/store/store.h"

#include <algorithm>
#include <set>

#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

std::string quoted(std::string_view key) { return "'" + engine::escape_for_terminal(key) + "'"; }

StoreResult<void> check_key(std::string_view key, size_t most) {
  if (key.empty()) return StoreError{StoreErrorKind::invalid, "an empty key: keys have at least one byte"};
  if (key.size() <= most) return {};
  return StoreError{StoreErrorKind::too_large,
                    "a key of " + std::to_string(key.size()) + " bytes: at most " + std::to_string(most)};
}

}  // namespace

const char* to_string(StoreErrorKind kind) noexcept {
  switch (kind) {
    case StoreErrorKind::not_found: return "not found";
    case StoreErrorKind::conflict: return "conflict";
    case StoreErrorKind::exists: return "exists";
    case StoreErrorKind::invalid: return "invalid";
    case StoreErrorKind::too_large: return "too large";
    case StoreErrorKind::refused: return "refused";
    case StoreErrorKind::full: return "full";
    case StoreErrorKind::unavailable: return "unavailable";
    case StoreErrorKind::timed_out: return "timed out";
    case StoreErrorKind::cancelled: return "cancelled";
    case StoreErrorKind::lost: return "lost";
    case StoreErrorKind::corrupt: return "corrupt";
    case StoreErrorKind::fault: return "fault";
  }
  return "unknown";
}

std::string stamp(uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out(kStampBytes, '0');
  for (size_t i = kStampBytes; number != 0; number >>= 4) out[--i] = kDigits[number & 15];
  return out;
}

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

KeyValueStore::KeyValueStore(std::shared_ptr<StoreHost> host, std::shared_ptr<ChangeHub> hub,
                             bool append_only)
    : host_(host != nullptr ? std::move(host) : StoreHost::standard()),
      hub_(std::move(hub)),
      append_only_(append_only) {}

KeyValueStore::~KeyValueStore() = default;

StoreError KeyValueStore::conflict_on(const Change& change, std::string_view key, Version found) {
  if (*change.expected == kAbsent) {
    return {StoreErrorKind::exists,
            "the key " + quoted(key) + " exists already, with version " + std::to_string(found)};
  }
  const std::string now = found == kAbsent ? "is not there" : "has version " + std::to_string(found);
  return {StoreErrorKind::conflict,
          "the key " + quoted(key) + " " + now + ", not version " + std::to_string(*change.expected)};
}

StoreResult<void> KeyValueStore::check(const Change& change) const {
  HEDDLE_TRY(check_key(change.key, kMostKeyBytes - (change.stamped ? kStampBytes : 0)));
  if (change.value.size() > kMostValueBytes) {
    return StoreError{StoreErrorKind::too_large, "the value of " + quoted(change.key) + " has " +
                                                     std::to_string(change.value.size()) +
                                                     " bytes: at most " + std::to_string(kMostValueBytes)};
  }
  if (change.kind == Change::Kind::check && !change.expected)
    return StoreError{StoreErrorKind::invalid, "a check of " + quoted(change.key) + " that expects nothing"};
  if (append_only_ && change.kind == Change::Kind::remove) {
    return StoreError{StoreErrorKind::refused,
                      name() + " was opened append-only: " + quoted(change.key) + " can't be deleted"};
  }
  return {};
}

StoreResult<std::optional<Entry>> KeyValueStore::get(std::string_view key) {
  HEDDLE_TRY(check_key(key, kMostKeyBytes));
  return do_get(key);
}

StoreResult<Version> KeyValueStore::put(std::string_view key, std::string_view value,
                                        std::optional<Version> expected) {
  std::vector<Change> changes;
  changes.push_back(Change::put(std::string(key), std::string(value), expected));
  HEDDLE_TRY_ASSIGN(const Applied applied, apply(std::move(changes)));
  return applied.revision;
}

StoreResult<bool> KeyValueStore::remove(std::string_view key, std::optional<Version> expected) {
  HEDDLE_TRY_ASSIGN(const Applied applied, apply({Change::remove(std::string(key), expected)}));
  return applied.changes() != 0;
}

/// Has every put expect that there is no such key, not even through the same batch.
StoreResult<void> KeyValueStore::only_append(std::vector<Change>& changes) const {
  std::set<std::string_view> seen;
  for (Change& change : changes) {
    if (change.kind != Change::Kind::put || change.stamped) continue;
    if (change.expected.value_or(kAbsent) != kAbsent || !seen.insert(change.key).second) {
      return StoreError{StoreErrorKind::refused,
                        name() + " was opened append-only: " + quoted(change.key) + " can't be changed"};
    }
    change.expected = kAbsent;
  }
  return {};
}

StoreResult<Applied> KeyValueStore::apply(std::vector<Change> changes) {
  if (changes.size() > kMostBatchChanges) {
    return StoreError{StoreErrorKind::too_large, "a batch of " + std::to_string(changes.size()) +
                                                     " changes: at most " +
                                                     std::to_string(kMostBatchChanges)};
  }
  size_t bytes = 0;
  for (const Change& change : changes) {
    HEDDLE_TRY(check(change));
    bytes += change.key.size() + change.value.size();
  }
  if (append_only_) HEDDLE_TRY(only_append(changes));
  if (bytes > kMostBatchBytes) {
    return StoreError{StoreErrorKind::too_large, "a batch of " + std::to_string(bytes) + " bytes: at most " +
                                                     std::to_string(kMostBatchBytes)};
  }
  return do_apply(changes);
}

StoreResult<ScanResult> KeyValueStore::scan(std::string_view prefix, const ScanOptions& options) {
  if (prefix.size() > kMostKeyBytes || options.after.size() > kMostKeyBytes)
    return StoreError{StoreErrorKind::too_large, "a scan from beyond the longest key"};
  ScanOptions bounded = options;
  bounded.most_entries = std::clamp<size_t>(options.most_entries, 1, 100'000);
  return do_scan(prefix, bounded);
}

/// Keeps the hub informed.
class KeyValueStore::Watch {
 public:
  explicit Watch(KeyValueStore& store) : store_(store), begun_(store.begin_watch()) {}
  ~Watch() {
    if (begun_) store_.end_watch();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  [[nodiscard]] const StoreResult<void>& begun() const noexcept { return begun_; }

 private:
  KeyValueStore& store_;
  const StoreResult<void> begun_;
};

namespace {

/// A parker for one wait, which a cancellation knows meanwhile.
class WaitParker {
 public:
  WaitParker(StoreHost& host, Cancellation* cancellation)
      : host_(host), cancellation_(cancellation), parker_(host.take_parker()) {
    if (cancellation_ != nullptr) cancellation_->attach(&parker_);
  }
  ~WaitParker() {
    if (cancellation_ != nullptr) cancellation_->attach(nullptr);
    host_.give_back(parker_);
  }
  WaitParker(const WaitParker&) = delete;
  WaitParker& operator=(const WaitParker&) = delete;
  [[nodiscard]] engine::Parker& parker() const noexcept { return parker_; }

 private:
  StoreHost& host_;
  Cancellation* const cancellation_;
  engine::Parker& parker_;
};

bool is_cancelled(const Wait& wait) { return wait.cancellation != nullptr && wait.cancellation->cancelled(); }

}  // namespace

/// Sleeps until look() gives a version. Nothing is lost: the hub knows the waiter before look() looks, and
/// tells it of everything that look() did not see.
template <class Look>
StoreResult<Version> KeyValueStore::wait_until(std::string_view selector, bool is_prefix, const Wait& wait,
                                               const Look& look) {
  HEDDLE_TRY_ASSIGN(const std::optional<Version> at_once, look());
  if (at_once) return *at_once;
  const Watch watch(*this);
  if (!watch.begun()) return watch.begun().error();
  const WaitParker sleeper(*host_, wait.cancellation);
  ChangeHub::Waiter waiter(*hub_, selector, is_prefix, sleeper.parker());
  for (;;) {
    (void)waiter.take_change();
    HEDDLE_TRY(renew_watch());
    HEDDLE_TRY_ASSIGN(const std::optional<Version> seen, look());
    if (seen) return *seen;
    while (!waiter.has_change()) {
      if (is_cancelled(wait)) return StoreError{StoreErrorKind::cancelled, "the wait was cancelled"};
      if (wait.deadline_ns != INT64_MAX && host_->now_ns() >= wait.deadline_ns)
        return StoreError{StoreErrorKind::timed_out, "nothing has changed until the deadline"};
      sleeper.parker().park(wait.deadline_ns);
    }
  }
}

StoreResult<Version> KeyValueStore::wait_key(std::string_view key, Version known, const Wait& wait) {
  HEDDLE_TRY(check_key(key, kMostKeyBytes));
  return wait_until(key, false, wait, [&]() -> StoreResult<std::optional<Version>> {
    HEDDLE_TRY_ASSIGN(const Version version, do_version(key));
    if (version == known) return std::optional<Version>();
    return std::optional(version);
  });
}

StoreResult<Version> KeyValueStore::wait_prefix(std::string_view prefix, Version since, const Wait& wait) {
  if (prefix.size() > kMostKeyBytes)
    return StoreError{StoreErrorKind::too_large, "a prefix that is longer than the longest key"};
  return wait_until(prefix, true, wait, [&]() -> StoreResult<std::optional<Version>> {
    HEDDLE_TRY_ASSIGN(const Version version, do_find_change(prefix, since));
    if (version == 0) return std::optional<Version>();
    return std::optional(version);
  });
}

}  // namespace heddle::threads
