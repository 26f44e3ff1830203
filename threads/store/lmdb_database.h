// SPDX-License-Identifier: Apache-2.0
// LmdbDatabase: one database of LMDB as this process has it open: its tables, whose turn it is to write, and
// the places of its readers.
//
// A process may open a database only once, because closing any descriptor of its lock file gives up the
// locks: see LmdbEnvironment.
#pragma once

#include <lmdb.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/store/store.h"
#include "threads/store/writer_lock.h"

namespace heddle::threads {

struct LmdbOptions {
  size_t most_bytes = size_t{16} << 30;  ///< of the database; only what is stored takes room on the disk
  /// A process that is killed between its commit and its announcement wakes nobody; who waits looks that
  /// often.
  int64_t look_ns = 1'000'000'000;
  bool durable = true;  ///< a change is on the disk when it is back; else a crash of the machine may lose it
};

/// Threads: any, once it is open.
class LmdbDatabase {
 public:
  /// `name`: for errors.
  explicit LmdbDatabase(std::string name) : name_(std::move(name)) {}
  ~LmdbDatabase() { close(); }
  LmdbDatabase(const LmdbDatabase&) = delete;
  LmdbDatabase& operator=(const LmdbDatabase&) = delete;

  /// In a folder that is there, with the lock of all that may open it. Once. Errors: unavailable, corrupt.
  [[nodiscard]] StoreResult<void> open(const std::string& folder, const LmdbOptions& options,
                                       std::unique_ptr<WriterLock> writers);
  /// REQUIRES: no transaction is under way.
  void close() noexcept HEDDLE_EXCLUDES(readers_mutex_);

  [[nodiscard]] MDB_env* get() const noexcept { return env_; }
  [[nodiscard]] MDB_dbi entries() const noexcept { return entries_; }
  [[nodiscard]] MDB_dbi changes() const noexcept { return changes_; }
  /// Does a commit wait for the disk?
  [[nodiscard]] bool durable() const noexcept { return durable_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] StoreError error(int code, const char* doing) const;

  /// Held by whoever changes the database, or the table of its readers.
  [[nodiscard]] WriterLock& writers() noexcept { return *writers_; }
  /// A transaction that reads what there is now; LMDB's code, of success or failure.
  [[nodiscard]] int take_reader(MDB_txn*& reader) HEDDLE_EXCLUDES(readers_mutex_);
  void give_back_reader(MDB_txn* reader) noexcept HEDDLE_EXCLUDES(readers_mutex_);

 private:
  [[nodiscard]] int open_tables();
  [[nodiscard]] int add_reader(MDB_txn*& reader);

  const std::string name_;
  bool durable_ = true;
  MDB_env* env_ = nullptr;
  MDB_dbi entries_ = 0;  ///< key -> version, value
  MDB_dbi changes_ = 0;  ///< revision -> key; the last kRememberedChanges
  std::unique_ptr<WriterLock> writers_;
  engine::Mutex readers_mutex_;
  /// Those that nobody uses; each keeps its place in the table, for which it would have to wait again.
  std::vector<MDB_txn*> readers_ HEDDLE_GUARDED_BY(readers_mutex_);
};

}  // namespace heddle::threads
