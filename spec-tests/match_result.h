// SPDX-License-Identifier: Apache-2.0
// Patterns: what a script says a result must be, and whether a value is that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spec-tests/value.h"

namespace heddle::spec {

/// What is expected of a float beyond its bits. (Spec 4.3.3 "NaN propagation")
enum class NanClass : uint8_t {
  none,        ///< these very bits
  canonical,   ///< a NaN whose payload has only the top bit; any sign
  arithmetic,  ///< a NaN whose payload has the top bit; any sign
};

/// Which reference is expected.
enum class ReferencePattern : uint8_t {
  same,       ///< this kind, and for extern and host this number
  kind_only,  ///< (ref.func), (ref.extern), (ref.struct) ...: not null, of this kind
  any,        ///< (ref.any): any non-null reference that is no function and no exception
  eq,         ///< (ref.eq): i31, struct or array
  null,       ///< (ref.null), (ref.null ht)
};

struct Pattern {
  Value value;
  ReferencePattern reference = ReferencePattern::same;
  std::array<NanClass, 4> nan{};             ///< per lane; [0] for scalars
  const engine::LaneShape* shape = nullptr;  ///< v128: how the script wrote it
};

/// One expected result: the alternatives of (either ...), or a single pattern.
using Expected = std::vector<Pattern>;

[[nodiscard]] bool matches(const Pattern& pattern, const Value& value);
[[nodiscard]] std::string to_string(const Pattern& pattern);
[[nodiscard]] std::string to_string(const Expected& expected);

/// Why `values` are not what was expected, or nothing if they are.
[[nodiscard]] std::optional<std::string> mismatch(std::span<const Expected> expected,
                                                  std::span<const Value> values);

}  // namespace heddle::spec
