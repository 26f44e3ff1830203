// SPDX-License-Identifier: Apache-2.0
// RedisConnection: one connection to a Redis server, with the store's scripts loaded.
#pragma once

#include <hiredis/hiredis.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "threads/store/redis_address.h"
#include "threads/store/redis_scripts.h"
#include "threads/store/store_result.h"

namespace heddle::threads {

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, FreeReply>;

/// While it exists, writing to a connection that the server has closed is an error and no signal, on this
/// thread.
class WithoutSigpipe {
 public:
  WithoutSigpipe() noexcept;
  ~WithoutSigpipe();
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  bool was_pending_ = false;
  bool was_blocked_ = false;
};

/// Threads: one at a time.
class RedisConnection {
 public:
  /// Connects, logs in, chooses the database. Errors: unavailable, naming the address.
  [[nodiscard]] static StoreResult<std::unique_ptr<RedisConnection>> open(const RedisAddress& address);

  /// Sends a command and waits for its answer, which is never an error of the server's: these become
  /// StoreErrors. After unavailable, look at broken().
  StoreResult<RedisReply> command(std::span<const std::string_view> words);
  /// A script by its number, with its keys and arguments.
  StoreResult<RedisReply> run(RedisScript script, std::span<const std::string_view> keys,
                              std::span<const std::string_view> arguments);

  /// Is it of no use any more?
  [[nodiscard]] bool broken() const noexcept { return context_->err != 0; }
  [[nodiscard]] redisContext* get() const noexcept { return context_.get(); }
  /// The error of a connection that is broken.
  [[nodiscard]] StoreError error() const;

 private:
  struct FreeContext {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  RedisConnection(const RedisAddress& address, redisContext* context)
      : name_(address.to_string()), context_(context) {}
  StoreResult<void> log_in(const RedisAddress& address);

  const std::string name_;
  const std::unique_ptr<redisContext, FreeContext> context_;
  std::array<std::string, kRedisScripts.size()> hashes_;  ///< of the scripts this connection has loaded
};

}  // namespace heddle::threads
