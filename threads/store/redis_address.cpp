// SPDX-License-Identifier: Apache-2.0
// Taking a URL of Redis apart.
#include "threads/store/redis_address.h"

#include <charconv>
#include <optional>

#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

StoreError fault(const char* what) { return {StoreErrorKind::invalid, what}; }

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

/// Undoes %xx.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text.size() - i < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
      return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

StoreResult<void> parse_login(std::string_view login, RedisAddress& address) {
  const size_t colon = login.find(':');
  if (colon == std::string_view::npos) return fault("has a login without a colon before its password");
  auto user = decode(login.substr(0, colon));
  auto password = decode(login.substr(colon + 1));
  if (!user || !password) return fault("has a login with a % that no two hexadecimal digits follow");
  address.user = *std::move(user);
  address.password = *std::move(password);
  return {};
}

}  // namespace

std::string RedisAddress::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::string shown = engine::escape_for_terminal(host);
  return "redis://" + (is_ipv6 ? "[" + shown + "]" : shown) + ":" + std::to_string(port) + "/" +
         std::to_string(database);
}

StoreResult<RedisAddress> parse_redis_address(std::string_view text) {
  RedisAddress address;
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    HEDDLE_TRY(parse_login(text.substr(0, at), address));
    text.remove_prefix(at + 1);
  }
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    const auto number = database.empty() ? 0 : parse_number<uint32_t>(database);
    if (!number) return fault("has a database that is no number");
    address.database = *number;
    text = text.substr(0, slash);
  }
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return fault("has a bracket that nothing closes");
  if (const size_t colon = text.find(':', bracket); colon != std::string_view::npos) {
    const auto port = parse_number<uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) return fault("has a port that is no number from 1 to 65535");
    address.port = *port;
    text = text.substr(0, colon);
  }
  address.host = bracket == 0 ? text : text.substr(1, bracket - 1);
  if (address.host.empty()) return fault("names no host");
  return address;
}

}  // namespace heddle::threads
