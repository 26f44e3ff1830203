// SPDX-License-Identifier: Apache-2.0
// LmdbEnvironment: a database of LMDB that this process shares with itself and others, and the thread that
// hears of other processes' commits.
//
// Whoever opens a database again gets the same environment: see LmdbDatabase.
#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "engine/support/thread_annotations.h"
#include "threads/store/change_hub.h"
#include "threads/store/change_signal.h"
#include "threads/store/lmdb_database.h"
#include "threads/store/store.h"

namespace heddle::threads {

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

  [[nodiscard]] LmdbDatabase& database() noexcept { return database_; }
  [[nodiscard]] const std::shared_ptr<ChangeHub>& hub() const noexcept { return hub_; }

  /// Wakes other processes after a commit.
  void announce() noexcept;
  /// See KeyValueStore.
  StoreResult<void> begin_watch() HEDDLE_EXCLUDES(mutex_);
  void end_watch() noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  LmdbEnvironment(std::string name, int64_t look_ns) : look_ns_(look_ns), database_(std::move(name)) {}
  void watch() noexcept HEDDLE_EXCLUDES(mutex_);
  void tell_changes() noexcept;

  const int64_t look_ns_;
  LmdbDatabase database_;
  const std::shared_ptr<ChangeHub> hub_ = std::make_shared<ChangeHub>();
  std::unique_ptr<ChangeSignal> signal_;  ///< null: nobody else has the database

  engine::Mutex mutex_;
  std::condition_variable_any wanted_;
  size_t watches_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool stopping_ HEDDLE_GUARDED_BY(mutex_) = false;
  Version told_ = 0;  ///< what the hub has heard of; the watcher's, once it runs
  std::thread watcher_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::threads
