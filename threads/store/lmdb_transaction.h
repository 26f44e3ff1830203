// SPDX-License-Identifier: Apache-2.0
// LmdbTransaction: one reading or changing of LMDB's database, and what each of them looks up.
#pragma once

#include <lmdb.h>

#include <string_view>

#include "threads/store/lmdb_database.h"

namespace heddle::threads {

/// A transaction, undone unless it is committed. On one thread from beginning to end, one at a time.
class LmdbTransaction {
 public:
  LmdbTransaction() = default;
  ~LmdbTransaction();
  LmdbTransaction(const LmdbTransaction&) = delete;
  LmdbTransaction& operator=(const LmdbTransaction&) = delete;

  // LMDB's code of success or failure, each.
  /// Waits for nobody, but for a process's first reads at the same time, which wait like writers.
  [[nodiscard]] int begin_read(LmdbDatabase& database);
  /// Waits for other writers, of all processes.
  [[nodiscard]] int begin_write(LmdbDatabase& database);
  [[nodiscard]] int commit();
  [[nodiscard]] MDB_txn* get() const noexcept { return txn_; }

 private:
  LmdbDatabase* database_ = nullptr;
  MDB_txn* txn_ = nullptr;  ///< null: none is under way
  bool writes_ = false;
};

/// The store's revision: that of the last change. Errors of LMDB as its codes.
[[nodiscard]] int read_revision(const LmdbDatabase& database, const LmdbTransaction& transaction,
                                Version& revision);

/// A number that LMDB gave; it aligns none.
[[nodiscard]] Version to_version(const MDB_val& number) noexcept;

/// Walks over the keys changed after `since`, oldest first, until `visit(revision, key)` is false.
template <class Visit>
[[nodiscard]] int visit_changes(const LmdbDatabase& database, const LmdbTransaction& transaction,
                                Version since, const Visit& visit) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(transaction.get(), database.changes(), &cursor);
  if (code != MDB_SUCCESS) return code;
  Version next = since + 1;
  MDB_val number = {sizeof next, &next};
  MDB_val key = {};
  code = mdb_cursor_get(cursor, &number, &key, MDB_SET_RANGE);
  while (code == MDB_SUCCESS) {
    const std::string_view changed(static_cast<const char*>(key.mv_data), key.mv_size);
    if (!visit(to_version(number), changed)) break;
    code = mdb_cursor_get(cursor, &number, &key, MDB_NEXT);
  }
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

}  // namespace heddle::threads
