// SPDX-License-Identifier: Apache-2.0
// RedisAddress: which server, which of its databases, and as whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "threads/store/store_result.h"

namespace heddle::threads {

struct RedisAddress {
  std::string host;
  uint16_t port = 6379;
  uint32_t database = 0;
  std::string user;  ///< empty: the default one
  std::string password;

  /// redis://host:port/database, without the password.
  [[nodiscard]] std::string to_string() const;
};

/// What follows redis:// in a URL: [[USER]:PASSWORD@]HOST[:PORT][/DB]; an IPv6 address in brackets; %xx in
/// user and password. Errors: invalid, with a message that completes "the URL ...".
[[nodiscard]] StoreResult<RedisAddress> parse_redis_address(std::string_view text);

}  // namespace heddle::threads
