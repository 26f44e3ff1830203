// SPDX-License-Identifier: Apache-2.0
// LmdbEnvironment: one database of LMDB, its tables, and the thread that hears of other processes' commits.
//
// A process may open a database only once, because closing any descriptor of its lock file gives up the
// locks. Whoever opens it again therefore gets the same environment.
#pragma once

#include <lmdb.h>

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/store/change_hub.h"
#include "threads/store/change_signal.h"
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

/// Threads: any.
class LmdbEnvironment {
 public:
  /// The database in the folder, which is made if there is none. Errors: unavailable, naming the path.
  [[nodiscard]] static StoreResult<std::shared_ptr<LmdbEnvironment>> open(const std::string& folder,
                                                                          const LmdbOptions& options);
  /// A new one that nobody else sees, and that is gone when the process ends, however it does.
  [[nodiscard]] static StoreResult<std::shared_ptr<LmdbEnvironment>> temporary(const LmdbOptions& options);
  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  [[nodiscard]] MDB_env* get() const noexcept { return env_; }
  [[nodiscard]] MDB_dbi entries() const noexcept { return entries_; }
  [[nodiscard]] MDB_dbi changes() const noexcept { return changes_; }
  /// Does a commit wait for the disk?
  [[nodiscard]] bool durable() const noexcept { return durable_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::shared_ptr<ChangeHub>& hub() const noexcept { return hub_; }
  [[nodiscard]] StoreError error(int code, const char* doing) const;

  /// Held by whoever changes the database, or the table of its readers.
  [[nodiscard]] WriterLock& writers() noexcept { return *writers_; }
  /// A transaction that reads what there is now; LMDB's code, of success or failure.
  [[nodiscard]] int take_reader(MDB_txn*& reader) HEDDLE_EXCLUDES(readers_mutex_);
  void give_back_reader(MDB_txn* reader) noexcept HEDDLE_EXCLUDES(readers_mutex_);

  /// Wakes other processes after a commit.
  void announce() noexcept;
  /// See KeyValueStore.
  StoreResult<void> begin_watch() HEDDLE_EXCLUDES(mutex_);
  void end_watch() noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  explicit LmdbEnvironment(std::string name) : name_(std::move(name)) {}
  StoreResult<void> start(const std::string& folder, const LmdbOptions& options);
  StoreResult<void> open_tables();
  void watch() noexcept HEDDLE_EXCLUDES(mutex_);
  void tell_changes() noexcept;

  const std::string name_;
  int64_t look_ns_ = 0;
  bool durable_ = true;
  MDB_env* env_ = nullptr;
  MDB_dbi entries_ = 0;  ///< key -> version, value
  MDB_dbi changes_ = 0;  ///< revision -> key; the last kRememberedChanges
  const std::shared_ptr<ChangeHub> hub_ = std::make_shared<ChangeHub>();
  std::unique_ptr<WriterLock> writers_;
  std::unique_ptr<ChangeSignal> signal_;  ///< null: nobody else has the database

  engine::Mutex readers_mutex_;
  /// Those that nobody uses; each keeps its place in the table, for which it would have to wait again.
  std::vector<MDB_txn*> readers_ HEDDLE_GUARDED_BY(readers_mutex_);

  engine::Mutex mutex_;
  std::condition_variable_any wanted_;
  size_t watches_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool stopping_ HEDDLE_GUARDED_BY(mutex_) = false;
  Version told_ = 0;  ///< what the hub has heard of; the watcher's, once it runs
  std::thread watcher_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::threads
