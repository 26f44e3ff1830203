// SPDX-License-Identifier: Apache-2.0
// What options that take a count, a duration or a size refuse, and in which words.
#include "tools/commands.h"
#include "tools/quantities.h"

namespace heddle::tools {

CLI::Validator count_check() {
  const auto check = [](const std::string& text) {
    const bool is_count = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return is_count ? std::string() : "not a count: " + text;
  };
  return {check, "COUNT"};
}

CLI::Validator duration_check() {
  const auto check = [](const std::string& text) {
    return parse_duration(text) ? std::string() : "not a duration, like 500ms, 2s or 1m: " + text;
  };
  return {check, "DURATION"};
}

CLI::Validator size_check() {
  const auto check = [](const std::string& text) {
    return parse_size(text) ? std::string() : "not a size, like 65536, 512K or 64MiB: " + text;
  };
  return {check, "SIZE"};
}

}  // namespace heddle::tools
