// SPDX-License-Identifier: Apache-2.0
// Gets, scans and batches as scripts that run in the server.
#include "threads/store/redis_store.h"

#include <charconv>
#include <random>
#include <utility>

#include "engine/support/try.h"

namespace heddle::threads {

namespace {

using Words = std::vector<std::string_view>;

std::optional<std::string_view> to_text(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return std::nullopt;
  return std::string_view(reply.str, reply.len);
}

std::optional<uint64_t> to_number(const redisReply& reply) {
  const auto text = to_text(reply);
  uint64_t number = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), number).ptr != text->data() + text->size())
    return std::nullopt;
  return number;
}

const redisReply* element(const redisReply& reply, size_t index) {
  return reply.type == REDIS_REPLY_ARRAY && index < reply.elements ? reply.element[index] : nullptr;
}

const char* to_word(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::put: return "put";
    case Change::Kind::remove: return "remove";
    case Change::Kind::check: return "check";
  }
  return "";
}

std::string random_name() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) name += stamp(random()).substr(kStampBytes / 2);
  return name;
}

/// Connections that nobody uses and that are kept all the same.
constexpr size_t kMostFree = 64;

}  // namespace

RedisStore::RedisStore(RedisAddress address, std::shared_ptr<StoreHost> host, bool append_only)
    : KeyValueStore(std::move(host), std::make_shared<ChangeHub>(), append_only),
      address_(std::move(address)),
      prefix_("heddle:" + std::to_string(address_.database) + ":"),
      values_(prefix_ + "values"),
      versions_(prefix_ + "versions"),
      index_(prefix_ + "index"),
      revision_(prefix_ + "revision"),
      changes_(prefix_ + "changes"),
      batches_(prefix_ + "done:" + random_name() + ":"),
      subscriber_(address_, prefix_ + "changes", hub()) {}

StoreResult<std::shared_ptr<RedisStore>> RedisStore::open(RedisAddress address,
                                                          std::shared_ptr<StoreHost> host, bool append_only) {
  std::shared_ptr<RedisStore> store(new RedisStore(std::move(address), std::move(host), append_only));
  const BlockingCall blocking(store->host());
  HEDDLE_TRY_ASSIGN(auto connection, store->take_connection());
  store->give_back(std::move(connection));
  return store;
}

StoreResult<std::unique_ptr<RedisConnection>> RedisStore::take_connection() {
  {
    engine::MutexLock lock(mutex_);
    if (!free_.empty()) {
      auto connection = std::move(free_.back());
      free_.pop_back();
      return connection;
    }
  }
  return RedisConnection::open(address_);
}

void RedisStore::give_back(std::unique_ptr<RedisConnection> connection) {
  engine::MutexLock lock(mutex_);
  if (free_.size() < kMostFree) free_.push_back(std::move(connection));
}

template <class Action>
StoreResult<RedisReply> RedisStore::on_connection(const Action& action) {
  const BlockingCall blocking(host());
  HEDDLE_TRY_ASSIGN(auto connection, take_connection());
  auto reply = action(*connection);
  if (connection->broken()) {
    // The others are from before whatever has happened, too.
    std::vector<std::unique_ptr<RedisConnection>> old;
    {
      engine::MutexLock lock(mutex_);
      old.swap(free_);
    }
    HEDDLE_TRY_ASSIGN(connection, RedisConnection::open(address_));
    reply = action(*connection);
  }
  if (!connection->broken()) give_back(std::move(connection));
  return reply;
}

StoreResult<RedisReply> RedisStore::run(RedisScript script, std::span<const std::string_view> keys,
                                        std::span<const std::string_view> arguments) {
  return on_connection([&](RedisConnection& connection) { return connection.run(script, keys, arguments); });
}

StoreError RedisStore::unexpected(const char* what) const {
  return {StoreErrorKind::corrupt, name() + ": " + what + " is not what Heddle has stored there"};
}

StoreResult<int64_t> RedisStore::clock_ms() {
  const Words time = {"TIME"};
  HEDDLE_TRY_ASSIGN(const RedisReply reply,
                    on_connection([&](RedisConnection& connection) { return connection.command(time); }));
  const redisReply* const seconds = element(*reply, 0);
  const redisReply* const microseconds = element(*reply, 1);
  if (seconds == nullptr || microseconds == nullptr) return unexpected("the time");
  return static_cast<int64_t>(to_number(*seconds).value_or(0) * 1000 +
                              to_number(*microseconds).value_or(0) / 1000);
}

StoreResult<std::optional<Entry>> RedisStore::do_get(std::string_view key) {
  const Words keys = {values_, versions_};
  const Words arguments = {key};
  HEDDLE_TRY_ASSIGN(const RedisReply reply, run(RedisScript::get, keys, arguments));
  const redisReply* const value = element(*reply, 0);
  const redisReply* const version = element(*reply, 1);
  if (version == nullptr || version->type == REDIS_REPLY_NIL) return std::optional<Entry>();
  const auto bytes = to_text(*value);
  const auto number = to_number(*version);
  if (!bytes || !number) return unexpected("an entry");
  return std::optional(Entry{std::string(key), std::string(*bytes), *number});
}

StoreResult<Version> RedisStore::do_version(std::string_view key) {
  const Words words = {"HGET", versions_, key};
  HEDDLE_TRY_ASSIGN(const RedisReply reply,
                    on_connection([&](RedisConnection& connection) { return connection.command(words); }));
  if (reply->type == REDIS_REPLY_NIL) return kAbsent;
  const auto version = to_number(*reply);
  if (!version) return unexpected("a version");
  return *version;
}

std::string RedisStore::new_batch_key() {
  return batches_ + std::to_string(batch_.fetch_add(1, std::memory_order_relaxed));
}

StoreResult<Applied> RedisStore::do_apply(std::span<const Change> changes) {
  const std::string done = new_batch_key();
  const std::string remembered = std::to_string(kRememberedChanges);
  const Words keys = {values_, versions_, index_, revision_, changes_, done};
  Words arguments = {changes_, remembered};
  std::vector<std::string> versions;
  versions.reserve(changes.size());  // the words are views of its strings
  for (const Change& change : changes) {
    const std::string& expected =
        versions.emplace_back(change.expected ? std::to_string(*change.expected) : "");
    arguments.insert(arguments.end(),
                     {to_word(change.kind), change.key, change.stamped ? "1" : "0", expected, change.value});
  }
  HEDDLE_TRY_ASSIGN(const RedisReply reply, run(RedisScript::apply, keys, arguments));
  const redisReply* const verdict = element(*reply, 0);
  const redisReply* const first = element(*reply, 1);
  const redisReply* const second = element(*reply, 2);
  if (verdict == nullptr || first == nullptr || second == nullptr) return unexpected("a batch's answer");
  if (to_text(*verdict) == "conflict") {
    const redisReply* const version = element(*reply, 3);
    const auto index = to_number(*first);
    if (!index || *index >= changes.size() || version == nullptr) return unexpected("a batch's answer");
    return conflict_on(changes[*index], to_text(*second).value_or(""), to_number(*version).value_or(kAbsent));
  }
  const auto from = to_number(*first);
  const auto to = to_number(*second);
  if (!from || !to) return unexpected("the revision");
  return Applied{*from, *to};
}

StoreResult<ScanResult> RedisStore::do_scan(std::string_view prefix, const ScanOptions& options) {
  const bool after = !options.after.empty() && options.after >= prefix;
  const std::string lower = after ? "(" + options.after : "[" + std::string(prefix);
  const std::string end = end_of_prefix(prefix);
  const std::string upper = end.empty() ? "+" : "(" + end;
  const std::string entries = std::to_string(options.most_entries);
  const std::string bytes = std::to_string(options.most_bytes);
  const Words keys = {values_, versions_, index_, revision_};
  const Words arguments = {lower, upper, entries, bytes, options.keys_only ? "0" : "1"};
  HEDDLE_TRY_ASSIGN(const RedisReply reply, run(RedisScript::scan, keys, arguments));
  const redisReply* const revision = element(*reply, 0);
  const redisReply* const more = element(*reply, 1);
  if (revision == nullptr || more == nullptr) return unexpected("a scan's answer");
  ScanResult result;
  result.revision = to_number(*revision).value_or(0);
  result.more = to_text(*more) == "1";
  for (size_t i = 2; i + 2 < reply->elements; i += 3) {
    const auto key = to_text(*reply->element[i]);
    const auto version = to_number(*reply->element[i + 1]);
    const auto value = to_text(*reply->element[i + 2]);
    if (!key || !version || !value) return unexpected("an entry");
    result.entries.push_back({std::string(*key), std::string(*value), *version});
  }
  return result;
}

StoreResult<Version> RedisStore::do_find_change(std::string_view prefix, Version since) {
  const std::string from = std::to_string(since);
  const std::string remembered = std::to_string(kRememberedChanges);
  const Words keys = {revision_, changes_};
  const Words arguments = {prefix, from, remembered};
  HEDDLE_TRY_ASSIGN(const RedisReply reply, run(RedisScript::find_change, keys, arguments));
  const auto revision = to_number(*reply);
  if (!revision) return unexpected("the revision");
  return *revision;
}

StoreResult<void> RedisStore::renew_watch() {
  const BlockingCall blocking(host());
  return subscriber_.listen();
}

}  // namespace heddle::threads
