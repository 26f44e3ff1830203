// SPDX-License-Identifier: Apache-2.0
// Number literals: ranges of integers, correct rounding of decimal and hexadecimal floats, shortest printing.
#include "engine/text/number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace heddle::engine {

namespace {

/// The IEEE 754 facts that parsing and printing need.
template <class Float>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int kFraction = 23;
  static constexpr int kLeastExponent = -126;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int kFraction = 52;
  static constexpr int kLeastExponent = -1022;
};
template <class Float>
constexpr typename Format<Float>::Bits kSign = typename Format<Float>::Bits{1} << (sizeof(Float) * 8 - 1);
template <class Float>
constexpr typename Format<Float>::Bits kFractionMask =
    (typename Format<Float>::Bits{1} << Format<Float>::kFraction) - 1;
template <class Float>
constexpr typename Format<Float>::Bits kInfinity = (kSign<Float> - 1) & ~kFractionMask<Float>;
template <class Float>
constexpr typename Format<Float>::Bits kQuietBit =
    typename Format<Float>::Bits{1} << (Format<Float>::kFraction - 1);

/// A digit's value in any base, or 255.
constexpr uint8_t digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return 255;
}

/// Takes the sign off; true for '-'.
bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

bool take_hex_prefix(std::string_view& text) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  return true;
}

/// Passes digits with single underscores between them; false if there is no digit or an underscore stands
/// wrong.
bool take_digits(std::string_view& text, unsigned base) {
  size_t i = 0;
  bool after_digit = false;
  for (; i < text.size(); ++i) {
    if (digit_value(text[i]) < base) {
      after_digit = true;
    } else if (text[i] == '_' && after_digit) {
      after_digit = false;
    } else {
      break;
    }
  }
  text.remove_prefix(i);
  return after_digit;
}

/// Digits to a value of at most 64 bits.
std::optional<uint64_t> parse_magnitude(std::string_view text) {
  const unsigned base = take_hex_prefix(text) ? 16 : 10;
  std::string_view rest = text;
  if (!take_digits(rest, base) || !rest.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c == '_') continue;
    if (value > (UINT64_MAX - digit_value(c)) / base) return std::nullopt;
    value = value * base + digit_value(c);
  }
  return value;
}

/// mantissa * 2^exponent (plus a little, if `sticky`) rounded to nearest, ties to even; empty on overflow.
template <class Float>
std::optional<typename Format<Float>::Bits> round_to(uint64_t mantissa, int64_t exponent, bool sticky) {
  using Bits = typename Format<Float>::Bits;
  constexpr int kPrecision = Format<Float>::kFraction + 1;
  if (mantissa == 0) return Bits{0};
  const int leading = std::countl_zero(mantissa);
  mantissa <<= leading;
  const int64_t top = exponent - leading + 63;  // the value lies in [2^top, 2^(top+1))
  if (top > -Format<Float>::kLeastExponent + 1) return std::nullopt;
  const bool subnormal = top < Format<Float>::kLeastExponent;
  const int64_t keep = subnormal ? kPrecision - (Format<Float>::kLeastExponent - top) : kPrecision;
  if (keep < 0) return Bits{0};
  const auto shift = static_cast<unsigned>(64 - keep);
  uint64_t significand = shift == 64 ? 0 : mantissa >> shift;
  const uint64_t half = uint64_t{1} << (shift - 1);
  const uint64_t rest = mantissa & (half | (half - 1));
  if (rest > half || (rest == half && (sticky || (significand & 1) != 0))) ++significand;
  if (subnormal) return static_cast<Bits>(significand);  // a carry makes it the least normal number by itself
  const auto biased = static_cast<Bits>(top - Format<Float>::kLeastExponent);
  const Bits bits = (biased << Format<Float>::kFraction) + static_cast<Bits>(significand);
  if (bits >= kInfinity<Float>) return std::nullopt;
  return bits;
}

/// The value of an exponent's digits, saturated far outside any float's range.
int64_t parse_exponent(std::string_view text) {
  const bool negative = take_sign(text);
  int64_t value = 0;
  for (const char c : text) {
    if (c != '_') value = std::min<int64_t>(value * 10 + (c - '0'), int64_t{1} << 40);
  }
  return negative ? -value : value;
}

/// What stands behind "0x". The form has been checked.
template <class Float>
std::optional<typename Format<Float>::Bits> parse_hex(std::string_view text) {
  const size_t p = text.find_first_of("pP");
  int64_t exponent = p == std::string_view::npos ? 0 : parse_exponent(text.substr(p + 1));
  uint64_t mantissa = 0;
  bool sticky = false;
  bool after_point = false;
  for (const char c : text.substr(0, p)) {
    if (c == '.') after_point = true;
    if (c == '.' || c == '_') continue;
    if (mantissa >> 60 == 0) {
      mantissa = mantissa * 16 + digit_value(c);
      if (after_point) exponent -= 4;
    } else {
      sticky = sticky || c != '0';
      if (!after_point) exponent += 4;
    }
  }
  return round_to<Float>(mantissa, exponent, sticky);
}

/// The power of ten of a decimal literal's first digit that is not zero; only its sign matters to the caller.
int64_t decimal_magnitude(std::string_view text) {
  const size_t e = text.find_first_of("eE");
  const int64_t exponent = e == std::string_view::npos ? 0 : parse_exponent(text.substr(e + 1));
  const std::string_view digits = text.substr(0, e);
  const size_t point = std::min(digits.find('.'), digits.size());
  const size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  return exponent + static_cast<int64_t>(point) - static_cast<int64_t>(first);
}

template <class Float>
std::optional<typename Format<Float>::Bits> parse_decimal(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  Float value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status == std::errc::result_out_of_range) {
    if (decimal_magnitude(digits) > 0) return std::nullopt;
    return 0;
  }
  if (status != std::errc() || std::isinf(value)) return std::nullopt;
  return std::bit_cast<typename Format<Float>::Bits>(value);
}

template <class Float>
std::optional<typename Format<Float>::Bits> parse_nan(std::string_view text) {
  if (text == "nan") return kInfinity<Float> | kQuietBit<Float>;
  const auto payload = parse_magnitude(text.substr(4));
  if (!payload || *payload == 0 || *payload > kFractionMask<Float>) return std::nullopt;
  return kInfinity<Float> | static_cast<typename Format<Float>::Bits>(*payload);
}

template <class Float>
std::optional<typename Format<Float>::Bits> parse_float(std::string_view text) {
  if (!is_float_literal(text)) return std::nullopt;
  const bool negative = take_sign(text);
  std::optional<typename Format<Float>::Bits> bits;
  if (text == "inf") {
    bits = kInfinity<Float>;
  } else if (text.starts_with("nan")) {
    bits = parse_nan<Float>(text);
  } else if (take_hex_prefix(text)) {
    bits = parse_hex<Float>(text);
  } else {
    bits = parse_decimal<Float>(text);
  }
  if (bits && negative) *bits |= kSign<Float>;
  return bits;
}

template <class Float>
std::string print_float(typename Format<Float>::Bits bits) {
  std::string out = (bits & kSign<Float>) != 0 ? "-" : "";
  const typename Format<Float>::Bits magnitude = bits & ~kSign<Float>;
  if (magnitude == kInfinity<Float>) return out + "inf";
  char buffer[40];
  if (magnitude > kInfinity<Float>) {
    const typename Format<Float>::Bits payload = magnitude & kFractionMask<Float>;
    if (payload == kQuietBit<Float>) return out + "nan";
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, payload, 16).ptr;
    return out + "nan:0x" + std::string(buffer, end);
  }
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::bit_cast<Float>(magnitude)).ptr;
  return out + std::string(buffer, end);
}

constexpr LaneShape kLaneShapes[] = {
    {"i8x16", 16, 1, false}, {"i16x8", 8, 2, false}, {"i32x4", 4, 4, false},
    {"i64x2", 2, 8, false},  {"f32x4", 4, 4, true},  {"f64x2", 2, 8, true},
};

}  // namespace

bool is_integer_literal(std::string_view text) {
  take_sign(text);
  const unsigned base = take_hex_prefix(text) ? 16 : 10;
  return take_digits(text, base) && text.empty();
}

bool is_float_literal(std::string_view text) {
  take_sign(text);
  if (text == "inf" || text == "nan") return true;
  if (text.starts_with("nan:")) {
    text.remove_prefix(4);
    return take_hex_prefix(text) && take_digits(text, 16) && text.empty();
  }
  const bool hex = take_hex_prefix(text);
  const unsigned base = hex ? 16 : 10;
  if (!take_digits(text, base)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!text.empty() && digit_value(text[0]) < base && !take_digits(text, base)) return false;
  }
  if (text.empty()) return true;
  const char exponent = static_cast<char>(text[0] | 0x20);
  if (exponent != (hex ? 'p' : 'e')) return false;
  text.remove_prefix(1);
  take_sign(text);
  return take_digits(text, 10) && text.empty();
}

std::optional<uint64_t> parse_unsigned(std::string_view text, unsigned bits) {
  const auto value = parse_magnitude(text);
  if (!value || (bits < 64 && *value >> bits != 0)) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view text, unsigned bits) {
  const bool negative = take_sign(text);
  const auto magnitude = parse_magnitude(text);
  if (!magnitude) return std::nullopt;
  const uint64_t most = negative ? uint64_t{1} << (bits - 1) : UINT64_MAX >> (64 - bits);
  if (*magnitude > most) return std::nullopt;
  const uint64_t value = negative ? 0 - *magnitude : *magnitude;
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

std::optional<uint32_t> parse_f32(std::string_view text) { return parse_float<float>(text); }
std::optional<uint64_t> parse_f64(std::string_view text) { return parse_float<double>(text); }

const LaneShape* find_lane_shape(std::string_view name) {
  const auto* shape = std::find_if(std::begin(kLaneShapes), std::end(kLaneShapes),
                                   [name](const LaneShape& candidate) { return candidate.name == name; });
  return shape == std::end(kLaneShapes) ? nullptr : shape;
}

bool parse_lane(std::string_view text, const LaneShape& shape, unsigned lane,
                std::array<uint8_t, 16>& bytes) {
  uint64_t bits = 0;
  if (!shape.is_float) {
    const auto value = parse_integer(text, shape.bytes_per_lane * 8u);
    if (!value) return false;
    bits = static_cast<uint64_t>(*value);
  } else if (shape.bytes_per_lane == 4) {
    const auto value = parse_f32(text);
    if (!value) return false;
    bits = *value;
  } else {
    const auto value = parse_f64(text);
    if (!value) return false;
    bits = *value;
  }
  for (unsigned i = 0; i < shape.bytes_per_lane; ++i) {
    bytes[lane * shape.bytes_per_lane + i] = static_cast<uint8_t>(bits >> (8 * i));
  }
  return true;
}

std::string print_f32(uint32_t bits) { return print_float<float>(bits); }
std::string print_f64(uint64_t bits) { return print_float<double>(bits); }

}  // namespace heddle::engine
