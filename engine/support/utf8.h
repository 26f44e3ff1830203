// SPDX-License-Identifier: Apache-2.0
// UTF-8 as names and text use it (spec 5.2.4): validation, and one code point at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::engine {

/// True for code points that UTF-8 may encode: up to U+10FFFF, surrogates excluded.
[[nodiscard]] constexpr bool is_scalar_value(uint32_t code_point) noexcept {
  return code_point < 0xd800 || (code_point >= 0xe000 && code_point <= 0x10ffff);
}

/// True if all of `bytes` is UTF-8: shortest encodings of scalar values only.
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

struct DecodedCodePoint {
  uint32_t code_point;
  uint32_t length;  ///< bytes it took, 1 to 4
};

/// The code point that `bytes` begin with; nothing if they are empty or begin with no valid encoding.
[[nodiscard]] std::optional<DecodedCodePoint> decode_utf8(std::string_view bytes) noexcept;

/// Appends the encoding of a code point. REQUIRES: is_scalar_value(code_point).
void append_utf8(std::string& out, uint32_t code_point);

}  // namespace heddle::engine
