// SPDX-License-Identifier: Apache-2.0
// Parsers of durations and sizes.
#include "tools/quantities.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>

namespace heddle::tools {

namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr Unit kDurations[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6},  {"s", 1e9},
                               {"", 1e9}, {"m", 60e9}, {"h", 3600e9}};

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [rest, status] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (status != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view unit(rest, static_cast<size_t>(text.data() + text.size() - rest));
  for (const Unit& each : kDurations) {
    if (unit != each.name) continue;
    const double nanoseconds = number * each.nanoseconds;
    if (nanoseconds >= 9e18) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds));
  }
  return std::nullopt;
}

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc()) return std::nullopt;
  std::string unit(rest, static_cast<size_t>(text.data() + text.size() - rest));
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::tolower(c); });
  unsigned shift = 0;
  if (!unit.empty() && unit != "b") {
    const size_t power = std::string_view("kmg").find(unit[0]);
    const std::string_view tail = std::string_view(unit).substr(1);
    if (power == std::string_view::npos || (!tail.empty() && tail != "b" && tail != "ib"))
      return std::nullopt;
    shift = static_cast<unsigned>(power + 1) * 10;
  }
  if (number > UINT64_MAX >> shift) return std::nullopt;
  return number << shift;
}

}  // namespace heddle::tools
