// SPDX-License-Identifier: Apache-2.0
// RedisStore: the store in a Redis server, for many processes on many machines.
//
// Every operation is one script of redis_scripts.h, so it is atomic and one round trip. An operation whose
// connection breaks is repeated once on a new one; batches carry a number, so that none happens twice.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/store/redis_address.h"
#include "threads/store/redis_connection.h"
#include "threads/store/redis_subscriber.h"
#include "threads/store/store.h"

namespace heddle::threads {

class RedisStore final : public KeyValueStore {
 public:
  /// Errors: unavailable: a store whose server does not answer is not opened.
  [[nodiscard]] static StoreResult<std::shared_ptr<RedisStore>> open(RedisAddress address,
                                                                     std::shared_ptr<StoreHost> host,
                                                                     bool append_only);

  StoreResult<int64_t> clock_ms() override;
  std::string name() const override { return address_.to_string(); }

 private:
  RedisStore(RedisAddress address, std::shared_ptr<StoreHost> host, bool append_only);

  StoreResult<std::optional<Entry>> do_get(std::string_view key) override;
  StoreResult<Version> do_version(std::string_view key) override;
  StoreResult<Applied> do_apply(std::span<const Change> changes) override;
  StoreResult<ScanResult> do_scan(std::string_view prefix, const ScanOptions& options) override;
  StoreResult<Version> do_find_change(std::string_view prefix, Version since) override;
  StoreResult<void> begin_watch() override { return {}; }
  void end_watch() noexcept override {}
  StoreResult<void> renew_watch() override;

  [[nodiscard]] StoreResult<std::unique_ptr<RedisConnection>> take_connection() HEDDLE_EXCLUDES(mutex_);
  void give_back(std::unique_ptr<RedisConnection> connection) HEDDLE_EXCLUDES(mutex_);
  /// Runs `action(connection)` on a free connection; once more on a new one if that is broken.
  template <class Action>
  StoreResult<RedisReply> on_connection(const Action& action);
  StoreResult<RedisReply> run(RedisScript script, std::span<const std::string_view> keys,
                              std::span<const std::string_view> arguments);
  [[nodiscard]] std::string new_batch_key();
  [[nodiscard]] StoreError unexpected(const char* what) const;

  const RedisAddress address_;
  const std::string prefix_;  ///< of the store's keys in the server
  const std::string values_, versions_, index_, revision_, changes_;
  const std::string batches_;  ///< what the numbers of this store's batches begin with
  std::atomic<uint64_t> batch_{0};

  engine::Mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> free_ HEDDLE_GUARDED_BY(mutex_);
  RedisSubscriber subscriber_;
};

}  // namespace heddle::threads
