// SPDX-License-Identifier: Apache-2.0
// Sharing LMDB's databases, and the watcher's loop.
#include "threads/store/lmdb_environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>

#include "engine/support/escape.h"
#include "engine/support/platform.h"
#include "engine/support/try.h"
#include "threads/store/lmdb_transaction.h"

namespace heddle::threads {

namespace {

using Identity = std::pair<dev_t, ino_t>;

/// The environments of this process. One whose destructor has not finished is still here.
struct Registry {
  engine::Mutex mutex;
  std::condition_variable_any closed;
  std::map<Identity, std::pair<LmdbEnvironment*, std::weak_ptr<LmdbEnvironment>>> open
      HEDDLE_GUARDED_BY(mutex);
};

Registry& registry() {
  static Registry& the_registry = *new Registry;  // never destroyed: stores may die after the statics
  return the_registry;
}

StoreError unavailable(const std::string& where, const std::string& reason) {
  return {StoreErrorKind::unavailable, where + ": " + reason};
}

/// The folder, made if there is none.
StoreResult<Identity> make_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  struct stat status = {};
  if (failed || stat(folder.c_str(), &status) != 0) {
    return unavailable(engine::escape_for_terminal(folder),
                       (failed ? failed.message() : std::strerror(errno)) +
                           std::string(" (a store of LMDB needs a folder it can write to)"));
  }
  return Identity(status.st_dev, status.st_ino);
}

}  // namespace

StoreResult<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::open(const std::string& folder,
                                                                    const LmdbOptions& options) {
  HEDDLE_TRY_ASSIGN(const Identity identity, make_folder(folder));
  // Before the lock, so that one that failed dies after it: its destructor takes the lock too.
  std::shared_ptr<LmdbEnvironment> environment;
  Registry& all = registry();
  engine::MutexLock lock(all.mutex);
  for (auto it = all.open.find(identity); it != all.open.end(); it = all.open.find(identity)) {
    if (auto open = it->second.second.lock()) return open;
    all.closed.wait(all.mutex);  // whoever was last is just closing it
  }
  environment.reset(new LmdbEnvironment("lmdb:" + engine::escape_for_terminal(folder), options.look_ns));
  HEDDLE_TRY_ASSIGN(auto writers, WriterLock::open(folder + "/writers.lock"));
  HEDDLE_TRY(environment->database_.open(folder, options, std::move(writers)));
  HEDDLE_TRY_ASSIGN(environment->signal_, ChangeSignal::open(folder + "/changes.signal"));
  all.open.emplace(identity, std::pair(environment.get(), environment));
  return environment;
}

StoreResult<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::temporary(const LmdbOptions& options) {
  const char* const wanted = std::getenv("TMPDIR");
  std::string folder =
      std::string(wanted != nullptr && *wanted != 0 ? wanted : "/tmp") + "/heddle-store-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr)
    return unavailable("temporary: " + folder,
                       std::string(std::strerror(errno)) + "; TMPDIR names another place");
  std::shared_ptr<LmdbEnvironment> environment(new LmdbEnvironment("temporary:", options.look_ns));
  LmdbOptions volatile_options = options;
  volatile_options.durable = false;
  auto opened = environment->database_.open(folder, volatile_options, WriterLock::local());
  // LMDB keeps what it has open, and the kernel frees it when the last descriptor goes.
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  HEDDLE_TRY(std::move(opened));
  return environment;
}

LmdbEnvironment::~LmdbEnvironment() {
  std::thread watcher;
  {
    engine::MutexLock lock(mutex_);
    stopping_ = true;
    watcher = std::move(watcher_);
  }
  wanted_.notify_all();
  if (watcher.joinable()) {
    signal_->announce();
    watcher.join();
  }
  database_.close();
  Registry& all = registry();
  engine::MutexLock lock(all.mutex);
  std::erase_if(all.open, [this](const auto& entry) { return entry.second.first == this; });
  all.closed.notify_all();
}

void LmdbEnvironment::announce() noexcept {
  if (signal_ != nullptr) signal_->announce();
}

StoreResult<void> LmdbEnvironment::begin_watch() {
  if (signal_ == nullptr) return {};  // all changes are this process's, and these the hub hears of at once
  engine::MutexLock lock(mutex_);
  if (!watcher_.joinable()) {
    LmdbTransaction transaction;
    int code = transaction.begin_read(database_);
    if (code == MDB_SUCCESS) code = read_revision(database_, transaction, told_);
    if (code != MDB_SUCCESS) return database_.error(code, "can't be read");
    watcher_ = std::thread([this] { watch(); });
  }
  if (++watches_ == 1) wanted_.notify_all();
  return {};
}

void LmdbEnvironment::end_watch() noexcept {
  if (signal_ == nullptr) return;
  engine::MutexLock lock(mutex_);
  --watches_;
}

/// Sleeps until some process has committed, and tells the hub; while nobody waits, it sleeps deeper. No
/// change is missed: the counter is read first, and rises only after a commit can be seen.
void LmdbEnvironment::watch() noexcept {
  engine::name_thread("heddle lmdb");
  for (;;) {
    {
      engine::MutexLock lock(mutex_);
      while (!stopping_ && watches_ == 0) wanted_.wait(mutex_);
      if (stopping_) return;
    }
    const uint32_t seen = signal_->value();
    tell_changes();
    signal_->sleep(seen, look_ns_);
  }
}

void LmdbEnvironment::tell_changes() noexcept {
  LmdbTransaction transaction;
  Version revision = 0;
  int code = transaction.begin_read(database_);
  if (code == MDB_SUCCESS) code = read_revision(database_, transaction, revision);
  if (code == MDB_SUCCESS && revision > told_ + kRememberedChanges) {
    hub_->all_changed();
  } else if (code == MDB_SUCCESS) {
    code = visit_changes(database_, transaction, told_, [this](Version, std::string_view key) {
      hub_->changed(key);
      return true;
    });
  }
  if (code == MDB_SUCCESS)
    told_ = revision;
  else
    hub_->all_changed();  // those who wait find out what is wrong when they look
}

}  // namespace heddle::threads
