// SPDX-License-Identifier: Apache-2.0
// Which store a URL means.
#include "threads/store/open_store.h"

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "threads/store/lmdb_store.h"
#include "threads/store/redis_address.h"
#include "threads/store/redis_store.h"

namespace heddle::threads {

namespace {

constexpr std::string_view kAppendOnly = "?append-only";
constexpr size_t kTemporaryBytes = size_t{4} << 30;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

StoreError bad_url(std::string_view url, const std::string& reason) {
  // What follows the scheme may hold a password.
  const std::string scheme = engine::escape_for_terminal(url.substr(0, url.find(':')));
  return {StoreErrorKind::invalid,
          "the store's URL (" + scheme + ":...) " + reason + "; there are " + kStoreUrls};
}

}  // namespace

StoreResult<std::shared_ptr<KeyValueStore>> open_store(std::string_view url, const StoreOptions& options) {
  std::string_view rest = url;
  bool append_only = options.append_only;
  if (rest.ends_with(kAppendOnly)) {
    append_only = true;
    rest.remove_suffix(kAppendOnly.size());
  }
  if (take_prefix(rest, "lmdb:")) {
    if (rest.empty()) return bad_url(url, "names no folder");
    HEDDLE_TRY_ASSIGN(auto environment, LmdbEnvironment::open(std::string(rest), {}));
    return std::shared_ptr<KeyValueStore>(
        std::make_shared<LmdbStore>(std::move(environment), options.host, append_only));
  }
  if (take_prefix(rest, "temporary:")) {
    if (!rest.empty()) return bad_url(url, "says where: a temporary store has no place");
    HEDDLE_TRY_ASSIGN(auto environment, LmdbEnvironment::temporary({.most_bytes = kTemporaryBytes}));
    return std::shared_ptr<KeyValueStore>(
        std::make_shared<LmdbStore>(std::move(environment), options.host, append_only));
  }
  if (take_prefix(rest, "redis://")) {
    auto address = parse_redis_address(rest);
    if (!address) return bad_url(url, address.error().message);
    HEDDLE_TRY_ASSIGN(auto store, RedisStore::open(*std::move(address), options.host, append_only));
    return std::shared_ptr<KeyValueStore>(std::move(store));
  }
  return bad_url(url, "has a scheme that is not known");
}

}  // namespace heddle::threads
