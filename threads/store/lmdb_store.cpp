// SPDX-License-Identifier: Apache-2.0
// Gets, scans and batches as transactions of LMDB. A stored value is its version, then its bytes.
#include "threads/store/lmdb_store.h"

#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/support/try.h"
#include "threads/store/lmdb_transaction.h"

namespace heddle::threads {

namespace {

constexpr const char* kReading = "can't be read";
constexpr const char* kWriting = "can't be changed";

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // NOLINT: LMDB reads it only
}

std::string_view to_view(const MDB_val& bytes) {
  return {static_cast<const char*>(bytes.mv_data), bytes.mv_size};
}

/// A stored value taken apart; false if it is none.
bool parse(const MDB_val& stored, Version& version, std::string_view& value) {
  if (stored.mv_size < sizeof version) return false;
  std::memcpy(&version, stored.mv_data, sizeof version);
  value = to_view(stored).substr(sizeof version);
  return true;
}

}  // namespace

LmdbStore::LmdbStore(std::shared_ptr<LmdbEnvironment> environment, std::shared_ptr<StoreHost> host,
                     bool append_only)
    : KeyValueStore(std::move(host), environment->hub(), append_only), environment_(std::move(environment)) {}

StoreResult<int64_t> LmdbStore::clock_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return static_cast<int64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

// Reads are not announced as blocking: their pages are in memory, or one fault away.

StoreResult<std::optional<Entry>> LmdbStore::do_get(std::string_view key) {
  LmdbTransaction transaction;
  int code = transaction.begin_read(database());
  MDB_val name = to_val(key);
  MDB_val stored = {};
  if (code == MDB_SUCCESS) code = mdb_get(transaction.get(), database().entries(), &name, &stored);
  if (code == MDB_NOTFOUND) return std::optional<Entry>();
  if (code != MDB_SUCCESS) return database().error(code, kReading);
  Entry entry;
  std::string_view value;
  if (!parse(stored, entry.version, value)) return database().error(MDB_CORRUPTED, kReading);
  entry.key = key;
  entry.value = value;
  return std::optional(std::move(entry));
}

StoreResult<Version> LmdbStore::do_version(std::string_view key) {
  LmdbTransaction transaction;
  int code = transaction.begin_read(database());
  MDB_val name = to_val(key);
  MDB_val stored = {};
  if (code == MDB_SUCCESS) code = mdb_get(transaction.get(), database().entries(), &name, &stored);
  if (code == MDB_NOTFOUND) return kAbsent;
  if (code != MDB_SUCCESS) return database().error(code, kReading);
  Version version = kAbsent;
  std::string_view value;
  if (!parse(stored, version, value)) return database().error(MDB_CORRUPTED, kReading);
  return version;
}

StoreResult<ScanResult> LmdbStore::do_scan(std::string_view prefix, const ScanOptions& options) {
  ScanResult result;
  LmdbTransaction transaction;
  int code = transaction.begin_read(database());
  if (code == MDB_SUCCESS) code = read_revision(database(), transaction, result.revision);
  MDB_cursor* opened = nullptr;
  if (code == MDB_SUCCESS) code = mdb_cursor_open(transaction.get(), database().entries(), &opened);
  if (code != MDB_SUCCESS) return database().error(code, kReading);
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(opened, mdb_cursor_close);

  const std::string_view from = std::max<std::string_view>(prefix, options.after);
  MDB_val name = to_val(from);
  MDB_val stored = {};
  code = mdb_cursor_get(cursor.get(), &name, &stored, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  if (code == MDB_SUCCESS && !options.after.empty() && to_view(name) == options.after)
    code = mdb_cursor_get(cursor.get(), &name, &stored, MDB_NEXT);
  size_t bytes = 0;
  while (code == MDB_SUCCESS && to_view(name).starts_with(prefix)) {
    Entry entry;
    std::string_view value;
    if (!parse(stored, entry.version, value)) return database().error(MDB_CORRUPTED, kReading);
    if (options.keys_only) value = {};
    bytes += name.mv_size + value.size();
    const bool fits = result.entries.empty() || bytes <= options.most_bytes;
    if (!fits || result.entries.size() == options.most_entries) {
      result.more = true;
      return result;
    }
    entry.key = to_view(name);
    entry.value = value;
    result.entries.push_back(std::move(entry));
    code = mdb_cursor_get(cursor.get(), &name, &stored, MDB_NEXT);
  }
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return database().error(code, kReading);
  return result;
}

StoreResult<Version> LmdbStore::do_find_change(std::string_view prefix, Version since) {
  LmdbTransaction transaction;
  Version revision = 0;
  int code = transaction.begin_read(database());
  if (code == MDB_SUCCESS) code = read_revision(database(), transaction, revision);
  if (code != MDB_SUCCESS) return database().error(code, kReading);
  // Who knows a later revision knows it from another life of this store.
  if (since > revision || revision - since > kRememberedChanges) return std::max<Version>(revision, 1);
  Version found = 0;
  code = visit_changes(database(), transaction, since, [&](Version version, std::string_view key) {
    if (key.starts_with(prefix)) found = version;
    return found == 0;
  });
  if (code != MDB_SUCCESS) return database().error(code, kReading);
  return found;
}

/// One batch in its transaction.
class LmdbStore::Batch {
 public:
  Batch(LmdbDatabase& database, std::span<const Change> changes) : database_(database), changes_(changes) {}

  StoreResult<Applied> run();
  [[nodiscard]] const std::vector<std::string>& changed() const noexcept { return changed_; }

 private:
  [[nodiscard]] std::string key_of(const Change& change) const {
    return change.stamped ? change.key + stamp(applied_.first) : change.key;
  }
  StoreResult<void> check(const Change& change) const;
  [[nodiscard]] int perform(const Change& change);
  [[nodiscard]] int put(std::string_view key, std::string_view value);
  [[nodiscard]] int remember(std::string key);

  LmdbDatabase& database_;
  const std::span<const Change> changes_;
  LmdbTransaction transaction_;
  Applied applied_;
  std::vector<std::string> changed_;
};

StoreResult<Applied> LmdbStore::Batch::run() {
  int code = transaction_.begin_write(database_);
  if (code == MDB_SUCCESS) code = read_revision(database_, transaction_, applied_.revision);
  if (code != MDB_SUCCESS) return database_.error(code, kWriting);
  applied_.first = applied_.revision + 1;
  for (const Change& change : changes_) HEDDLE_TRY(check(change));
  for (const Change& change : changes_) {
    code = perform(change);
    if (code != MDB_SUCCESS) return database_.error(code, kWriting);
  }
  if (changed_.empty()) return applied_;
  code = transaction_.commit();
  if (code != MDB_SUCCESS) return database_.error(code, kWriting);
  return applied_;
}

StoreResult<void> LmdbStore::Batch::check(const Change& change) const {
  if (!change.expected) return {};
  const std::string key = key_of(change);
  MDB_val name = to_val(key);
  MDB_val stored = {};
  const int code = mdb_get(transaction_.get(), database_.entries(), &name, &stored);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return database_.error(code, kReading);
  Version version = kAbsent;
  std::string_view value;
  if (code == MDB_SUCCESS && !parse(stored, version, value)) return database_.error(MDB_CORRUPTED, kReading);
  if (version != *change.expected) return conflict_on(change, key, version);
  return {};
}

int LmdbStore::Batch::perform(const Change& change) {
  if (change.kind == Change::Kind::check) return MDB_SUCCESS;
  std::string key = key_of(change);
  if (change.kind == Change::Kind::put) {
    const int code = put(key, change.value);
    return code != MDB_SUCCESS ? code : remember(std::move(key));
  }
  MDB_val name = to_val(key);
  const int code = mdb_del(transaction_.get(), database_.entries(), &name, nullptr);
  if (code == MDB_NOTFOUND) return MDB_SUCCESS;
  return code != MDB_SUCCESS ? code : remember(std::move(key));
}

int LmdbStore::Batch::put(std::string_view key, std::string_view value) {
  const Version version = applied_.revision + 1;
  MDB_val name = to_val(key);
  MDB_val stored = {sizeof version + value.size(), nullptr};
  const int code = mdb_put(transaction_.get(), database_.entries(), &name, &stored, MDB_RESERVE);
  if (code != MDB_SUCCESS) return code;
  std::memcpy(stored.mv_data, &version, sizeof version);
  if (!value.empty())
    std::memcpy(static_cast<char*>(stored.mv_data) + sizeof version, value.data(), value.size());
  return MDB_SUCCESS;
}

/// Counts a change, and forgets the one that is too long ago.
int LmdbStore::Batch::remember(std::string key) {
  Version revision = ++applied_.revision;
  MDB_val number = {sizeof revision, &revision};
  MDB_val name = to_val(key);
  int code = mdb_put(transaction_.get(), database_.changes(), &number, &name, MDB_APPEND);
  changed_.push_back(std::move(key));
  if (code != MDB_SUCCESS || revision <= kRememberedChanges) return code;
  revision -= kRememberedChanges;
  code = mdb_del(transaction_.get(), database_.changes(), &number, nullptr);
  return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

StoreResult<Applied> LmdbStore::do_apply(std::span<const Change> changes) {
  Batch batch(database(), changes);
  StoreResult<Applied> applied = [&] {
    std::optional<BlockingCall> blocking;
    if (database().durable()) blocking.emplace(host());  // else it is over before another thread would run
    return batch.run();
  }();
  if (!applied || batch.changed().empty()) return applied;
  for (const std::string& key : batch.changed()) hub().changed(key);
  environment_->announce();
  return applied;
}

}  // namespace heddle::threads
