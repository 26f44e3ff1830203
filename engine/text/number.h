// SPDX-License-Identifier: Apache-2.0
// Number literals of the text format: parsing with exact ranges and rounding, and printing that parses back.
//
// Parsers take the token's text (sign, underscores, hexadecimal and all). An empty optional means that the
// text is not such a literal or that its value does not fit. (Spec 6.3.1, 6.3.2)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::engine {

/// Unsigned integer of at most `bits` bits; no sign allowed.
[[nodiscard]] std::optional<uint64_t> parse_unsigned(std::string_view text, unsigned bits);

/// Integer of `bits` bits as the xN.const instructions take it: -2^(bits-1) .. 2^bits-1. The result is the
/// value modulo 2^bits, sign-extended to 64 bits.
[[nodiscard]] std::optional<int64_t> parse_integer(std::string_view text, unsigned bits);

/// The bits of a float; every literal that is a float or integer token is accepted, NaNs with payloads too.
/// Correctly rounded to nearest, ties to even; a value that would round to infinity is refused.
[[nodiscard]] std::optional<uint32_t> parse_f32(std::string_view text);
[[nodiscard]] std::optional<uint64_t> parse_f64(std::string_view text);

/// Whether `text` has the form of an integer or float literal, regardless of range.
[[nodiscard]] bool is_integer_literal(std::string_view text);
[[nodiscard]] bool is_float_literal(std::string_view text);

/// The lanes of a v128 literal: what "i32x4" and the like stand for.
struct LaneShape {
  std::string_view name;
  uint8_t lanes;
  uint8_t bytes_per_lane;
  bool is_float;
};
/// The shape of that name, or null.
[[nodiscard]] const LaneShape* find_lane_shape(std::string_view name);
/// Stores one lane literal, little-endian, at its place in `bytes`. False if it does not fit the shape.
[[nodiscard]] bool parse_lane(std::string_view text, const LaneShape& shape, unsigned lane,
                              std::array<uint8_t, 16>& bytes);

/// The shortest decimal literal that parses back to the same bits; NaNs keep sign and payload.
[[nodiscard]] std::string print_f32(uint32_t bits);
[[nodiscard]] std::string print_f64(uint64_t bits);

}  // namespace heddle::engine
