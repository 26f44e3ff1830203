// SPDX-License-Identifier: Apache-2.0
// Opening LMDB's databases, their readers, and what LMDB's codes mean.
#include "threads/store/lmdb_database.h"

#include <cerrno>

namespace heddle::threads {

namespace {

/// Readers at a time, in all processes; LMDB's own default is 126.
constexpr unsigned kMostReaders = 1024;
/// The names carry the format's number: another format gets other names.
constexpr const char* kEntries = "heddle.entries.1";
constexpr const char* kChanges = "heddle.changes.1";

}  // namespace

StoreResult<void> LmdbDatabase::open(const std::string& folder, const LmdbOptions& options,
                                     std::unique_ptr<WriterLock> writers) {
  durable_ = options.durable;
  writers_ = std::move(writers);
  int code = mdb_env_create(&env_);
  if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(env_, options.most_bytes);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxdbs(env_, 2);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(env_, kMostReaders);
  // Transactions that read belong to whoever has them, not to a thread: fibers move.
  if (code == MDB_SUCCESS)
    code = mdb_env_open(env_, folder.c_str(), MDB_NOTLS | (options.durable ? 0u : MDB_NOSYNC), 0600);
  if (code == MDB_SUCCESS) code = writers_->lock();
  if (code != MDB_SUCCESS) return error(code, "can't be opened");
  int dead = 0;
  (void)mdb_reader_check(env_, &dead);  // places of readers that were killed
  code = open_tables();
  writers_->unlock();
  if (code != MDB_SUCCESS) return error(code, "can't be opened");
  return {};
}

/// REQUIRES: the lock of the writers.
int LmdbDatabase::open_tables() {
  MDB_txn* transaction = nullptr;
  int code = mdb_txn_begin(env_, nullptr, 0, &transaction);
  if (code != MDB_SUCCESS) return code;
  code = mdb_dbi_open(transaction, kEntries, MDB_CREATE, &entries_);
  if (code == MDB_SUCCESS) code = mdb_dbi_open(transaction, kChanges, MDB_CREATE | MDB_INTEGERKEY, &changes_);
  if (code == MDB_SUCCESS) return mdb_txn_commit(transaction);
  mdb_txn_abort(transaction);
  return code;
}

void LmdbDatabase::close() noexcept {
  {
    engine::MutexLock lock(readers_mutex_);
    for (MDB_txn* const reader : std::exchange(readers_, {})) mdb_txn_abort(reader);
  }
  if (env_ != nullptr) mdb_env_close(std::exchange(env_, nullptr));
}

StoreError LmdbDatabase::error(int code, const char* doing) const {
  const std::string what = name_ + " " + doing + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_MAP_FULL:
      return {StoreErrorKind::full, what + "; delete what is not needed, or open it with more room"};
    case ENOSPC: return {StoreErrorKind::full, what};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_VERSION_MISMATCH: return {StoreErrorKind::corrupt, what};
    case MDB_READERS_FULL:
      return {StoreErrorKind::unavailable, what + " (" + std::to_string(kMostReaders) + " at a time)"};
    default: return {StoreErrorKind::unavailable, what};
  }
}

int LmdbDatabase::take_reader(MDB_txn*& reader) {
  reader = nullptr;
  {
    engine::MutexLock lock(readers_mutex_);
    if (!readers_.empty()) {
      reader = readers_.back();
      readers_.pop_back();
    }
  }
  if (reader == nullptr) return add_reader(reader);
  const int code = mdb_txn_renew(reader);
  if (code != MDB_SUCCESS) mdb_txn_abort(std::exchange(reader, nullptr));
  return code;
}

/// Takes a place in the table, as a writer does: LMDB's own lock of it is as bad as that of writing.
int LmdbDatabase::add_reader(MDB_txn*& reader) {
  int code = writers_->lock();
  if (code != MDB_SUCCESS) return code;
  code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader);
  if (code == MDB_READERS_FULL) {
    int dead = 0;
    code = mdb_reader_check(env_, &dead);
    if (code == MDB_SUCCESS) code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader);
  }
  writers_->unlock();
  if (code != MDB_SUCCESS) reader = nullptr;
  return code;
}

void LmdbDatabase::give_back_reader(MDB_txn* reader) noexcept {
  mdb_txn_reset(reader);
  engine::MutexLock lock(readers_mutex_);
  readers_.push_back(reader);
}

}  // namespace heddle::threads
