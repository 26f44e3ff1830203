// SPDX-License-Identifier: Apache-2.0
// Beginning and ending LMDB's transactions. Those that read keep their place among the readers for the next.
#include "threads/store/lmdb_transaction.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace heddle::threads {

LmdbTransaction::~LmdbTransaction() {
  if (txn_ == nullptr) return;
  if (writes_) {
    mdb_txn_abort(txn_);
    database_->writers().unlock();
  } else {
    database_->give_back_reader(txn_);
  }
}

int LmdbTransaction::begin_read(LmdbDatabase& database) {
  database_ = &database;
  writes_ = false;
  return database.take_reader(txn_);
}

int LmdbTransaction::begin_write(LmdbDatabase& database) {
  database_ = &database;
  writes_ = true;
  int code = database.writers().lock();
  if (code != MDB_SUCCESS) return code;
  code = mdb_txn_begin(database.get(), nullptr, 0, &txn_);
  if (code == MDB_SUCCESS) return code;
  txn_ = nullptr;
  database.writers().unlock();
  return code;
}

int LmdbTransaction::commit() {
  const int code = mdb_txn_commit(std::exchange(txn_, nullptr));
  database_->writers().unlock();
  return code;
}

Version to_version(const MDB_val& number) noexcept {
  Version version = 0;
  std::memcpy(&version, number.mv_data, std::min(sizeof version, number.mv_size));
  return version;
}

int read_revision(const LmdbDatabase& database, const LmdbTransaction& transaction, Version& revision) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(transaction.get(), database.changes(), &cursor);
  if (code != MDB_SUCCESS) return code;
  MDB_val number = {};
  MDB_val key = {};
  code = mdb_cursor_get(cursor, &number, &key, MDB_LAST);
  revision = code == MDB_SUCCESS ? to_version(number) : 0;
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

}  // namespace heddle::threads
