// SPDX-License-Identifier: Apache-2.0
// Matching of results: exact bits, classes of NaN, lanes, references, alternatives.
#include "spec-tests/match_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace heddle::spec {

namespace {

/// Is a float of these bits a NaN of the class?
bool is_nan_of(NanClass wanted, unsigned bytes, uint64_t bits) {
  const uint64_t sign = bytes == 4 ? 0x80000000u : 0x8000000000000000u;
  const uint64_t quiet = bytes == 4 ? 0x7fc00000u : 0x7ff8000000000000u;
  if (wanted == NanClass::canonical) return (bits & ~sign) == quiet;
  return (bits & quiet) == quiet;
}

bool matches_vector(const Pattern& pattern, const Value& value) {
  const auto& lanes = *pattern.shape;
  for (unsigned lane = 0; lane < lanes.lanes; ++lane) {
    const unsigned begin = lane * lanes.bytes_per_lane;
    const NanClass wanted = lanes.is_float ? pattern.nan[lane] : NanClass::none;
    if (wanted == NanClass::none) {
      if (std::memcmp(&pattern.value.bytes[begin], &value.bytes[begin], lanes.bytes_per_lane) != 0)
        return false;
      continue;
    }
    uint64_t bits = 0;
    for (unsigned i = 0; i < lanes.bytes_per_lane; ++i) {
      bits |= static_cast<uint64_t>(value.bytes[begin + i]) << (8 * i);
    }
    if (!is_nan_of(wanted, lanes.bytes_per_lane, bits)) return false;
  }
  return true;
}

bool matches_reference(const Pattern& pattern, const Value& value) {
  const ReferenceKind got = value.reference;
  switch (pattern.reference) {
    case ReferencePattern::null: return got == ReferenceKind::null;
    case ReferencePattern::kind_only: return got == pattern.value.reference;
    case ReferencePattern::same: return got == pattern.value.reference && value.low() == pattern.value.low();
    case ReferencePattern::eq:
      return got == ReferenceKind::i31 || got == ReferenceKind::struct_ || got == ReferenceKind::array;
    case ReferencePattern::any:
      return got != ReferenceKind::null && got != ReferenceKind::func && got != ReferenceKind::exn &&
             got != ReferenceKind::extern_;
  }
  return false;
}

const char* nan_name(NanClass nan) { return nan == NanClass::canonical ? "nan:canonical" : "nan:arithmetic"; }

std::string print_lanes(const Pattern& pattern) {
  const auto& shape = *pattern.shape;
  std::string out = fmt::format("v128 {}", shape.name);
  for (unsigned lane = 0; lane < shape.lanes; ++lane) {
    if (shape.is_float && pattern.nan[lane] != NanClass::none) {
      out += fmt::format(" {}", nan_name(pattern.nan[lane]));
      continue;
    }
    uint64_t bits = 0;
    for (unsigned i = 0; i < shape.bytes_per_lane; ++i) {
      bits |= static_cast<uint64_t>(pattern.value.bytes[lane * shape.bytes_per_lane + i]) << (8 * i);
    }
    out += ' ' + print_number(shape.is_float, shape.bytes_per_lane, bits);
  }
  return out;
}

}  // namespace

bool matches(const Pattern& pattern, const Value& value) {
  if (pattern.value.kind != value.kind) return false;
  switch (value.kind) {
    case ValueKind::v128: return matches_vector(pattern, value);
    case ValueKind::reference: return matches_reference(pattern, value);
    case ValueKind::f32:
    case ValueKind::f64:
      if (pattern.nan[0] != NanClass::none) {
        return is_nan_of(pattern.nan[0], value.kind == ValueKind::f32 ? 4 : 8, value.low());
      }
      break;
    case ValueKind::i32:
    case ValueKind::i64: break;
  }
  return pattern.value.low() == value.low();
}

std::string to_string(const Pattern& pattern) {
  const ValueKind kind = pattern.value.kind;
  if (kind == ValueKind::v128) {
    const bool exact = std::ranges::count(pattern.nan, NanClass::none) == std::ssize(pattern.nan);
    return exact ? to_string(pattern.value, pattern.shape) : print_lanes(pattern);
  }
  if (kind == ValueKind::reference) {
    switch (pattern.reference) {
      case ReferencePattern::any: return "ref.any";
      case ReferencePattern::eq: return "ref.eq";
      case ReferencePattern::null: return "ref.null";
      case ReferencePattern::kind_only: return to_string(pattern.value.reference);
      case ReferencePattern::same: break;
    }
  }
  if (pattern.nan[0] == NanClass::none) return to_string(pattern.value);
  return fmt::format("{} {}", kind == ValueKind::f32 ? "f32" : "f64", nan_name(pattern.nan[0]));
}

std::string to_string(const Expected& expected) {
  if (expected.size() == 1) return to_string(expected[0]);
  std::string out = "either";
  for (size_t i = 0; i < expected.size(); ++i) out += (i == 0 ? " " : " or ") + to_string(expected[i]);
  return out;
}

std::optional<std::string> mismatch(std::span<const Expected> expected, std::span<const Value> values) {
  std::string why;
  if (expected.size() != values.size()) {
    why = fmt::format("expected {} result{}, got {}:", expected.size(), expected.size() == 1 ? "" : "s",
                      values.size());
    for (const Value& value : values) why += ' ' + to_string(value);
    return why;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const Expected& alternatives = expected[i];
    const auto fits = [&](const Pattern& pattern) { return matches(pattern, values[i]); };
    if (std::ranges::any_of(alternatives, fits)) continue;
    if (!why.empty()) why += "; ";
    if (values.size() > 1) why += fmt::format("result {}: ", i);
    const engine::LaneShape* shape = alternatives.empty() ? nullptr : alternatives[0].shape;
    why += fmt::format("expected {}, got {}", to_string(alternatives), to_string(values[i], shape));
  }
  if (why.empty()) return std::nullopt;
  return why;
}

}  // namespace heddle::spec
