// SPDX-License-Identifier: Apache-2.0
// Quantities on the command line: durations like "1.5s" and sizes like "64MiB".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::tools {

/// A number and ns, us, ms, s, m or h; without a unit, seconds. Not negative. Empty if it is none.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// A whole number of bytes and nothing, B, K, KB, KiB, M, MB, MiB, G, GB or GiB (all powers of 1024), in any
/// case.
[[nodiscard]] std::optional<uint64_t> parse_size(std::string_view text);

}  // namespace heddle::tools
