// SPDX-License-Identifier: Apache-2.0
// Commands of Redis over hiredis, with its errors in words.
#include "threads/store/redis_connection.h"

#include <sys/time.h>

#include <csignal>
#include <ctime>
#include <vector>

#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

constexpr timeval kConnectTimeout = {5, 0};
/// A server that takes longer than this for one command is as good as gone.
constexpr timeval kCommandTimeout = {30, 0};

sigset_t only_sigpipe() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool starts_with(const redisReply& reply, std::string_view word) {
  return std::string_view(reply.str, reply.len).starts_with(word);
}

}  // namespace

WithoutSigpipe::WithoutSigpipe() noexcept {
  sigset_t pending;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  const sigset_t pipe = only_sigpipe();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  was_blocked_ = sigismember(&before, SIGPIPE) == 1;
}

WithoutSigpipe::~WithoutSigpipe() {
  const sigset_t pipe = only_sigpipe();
  const timespec at_once = {0, 0};
  if (!was_pending_) sigtimedwait(&pipe, nullptr, &at_once);  // takes the one that a write has caused, if any
  if (!was_blocked_) pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

StoreError RedisConnection::error() const {
  const std::string reason = engine::escape_for_terminal(context_->errstr);
  return {StoreErrorKind::unavailable,
          name_ + ": " + reason + " (is the server running, and reachable from here?)"};
}

StoreResult<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisAddress& address) {
  const WithoutSigpipe quiet;
  redisContext* const context = redisConnectWithTimeout(address.host.c_str(), address.port, kConnectTimeout);
  if (context == nullptr)
    return StoreError{StoreErrorKind::unavailable, address.to_string() + ": no memory for a connection"};
  std::unique_ptr<RedisConnection> connection(new RedisConnection(address, context));
  if (connection->broken()) return connection->error();
  redisSetTimeout(context, kCommandTimeout);
  redisEnableKeepAlive(context);
  HEDDLE_TRY(connection->log_in(address));
  return connection;
}

StoreResult<void> RedisConnection::log_in(const RedisAddress& address) {
  std::vector<std::string_view> words = {"AUTH"};
  if (!address.user.empty()) words.push_back(address.user);
  words.push_back(address.password);
  if (!address.password.empty()) HEDDLE_TRY(command(words));
  const std::string database = std::to_string(address.database);
  const std::array<std::string_view, 2> select = {"SELECT", database};
  HEDDLE_TRY(command(select));
  return {};
}

StoreResult<RedisReply> RedisConnection::command(std::span<const std::string_view> words) {
  const WithoutSigpipe quiet;
  std::vector<const char*> starts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  RedisReply reply(static_cast<redisReply*>(
      redisCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(), sizes.data())));
  if (reply == nullptr) return error();
  if (reply->type != REDIS_REPLY_ERROR) return reply;
  const auto kind = starts_with(*reply, "OOM") ? StoreErrorKind::full : StoreErrorKind::unavailable;
  return StoreError{kind, name_ + ": " + engine::escape_for_terminal({reply->str, reply->len})};
}

StoreResult<RedisReply> RedisConnection::run(RedisScript script, std::span<const std::string_view> keys,
                                             std::span<const std::string_view> arguments) {
  std::string& hash = hashes_[static_cast<size_t>(script)];
  const std::string count = std::to_string(keys.size());
  for (;;) {
    const bool loaded_now = hash.empty();
    if (loaded_now) {
      const std::array<std::string_view, 3> load = {"SCRIPT", "LOAD",
                                                    kRedisScripts[static_cast<size_t>(script)]};
      HEDDLE_TRY_ASSIGN(const RedisReply loaded, command(load));
      if (loaded->type == REDIS_REPLY_STRING) hash.assign(loaded->str, loaded->len);
    }
    std::vector<std::string_view> words = {"EVALSHA", hash, count};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto reply = command(words);
    // Somebody has flushed the server's scripts: it has not run, and runs when it is loaded again.
    if (reply || loaded_now || reply.error().message.find("NOSCRIPT") == std::string::npos) return reply;
    hash.clear();
  }
}

}  // namespace heddle::threads
