// SPDX-License-Identifier: Apache-2.0
// Validation, decoding and encoding of UTF-8.
#include "engine/support/utf8.h"

#include <cassert>

#include "engine/support/bits.h"

namespace heddle::engine {

namespace {

/// What a lead byte promises. A length of 0 marks bytes that begin no encoding.
struct Lead {
  uint32_t length;
  uint32_t bits;     ///< the lead byte's own part of the code point
  uint32_t minimum;  ///< smaller code points have a shorter encoding
};

Lead classify(uint8_t byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if (byte < 0xc2) return {0, 0, 0};  // continuation bytes, and 0xc0 0xc1, which are never the shortest
  if (byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte < 0xf5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

std::optional<DecodedCodePoint> decode_utf8(std::string_view bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  const Lead lead = classify(static_cast<uint8_t>(bytes[0]));
  if (lead.length == 0 || bytes.size() < lead.length) return std::nullopt;
  uint32_t code_point = lead.bits;
  for (uint32_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if ((byte & 0xc0) != 0x80) return std::nullopt;
    code_point = code_point << 6 | (byte & 0x3f);
  }
  if (code_point < lead.minimum || !is_scalar_value(code_point)) return std::nullopt;
  return DecodedCodePoint{code_point, lead.length};
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (!bytes.empty()) {
    // Most names are ASCII: eight bytes at a time while they are.
    if (bytes.size() >= 8 && (load_little_endian<uint64_t>(bytes.data()) & kHighBits) == 0) {
      bytes.remove_prefix(8);
      continue;
    }
    const auto decoded = decode_utf8(bytes);
    if (!decoded) return false;
    bytes.remove_prefix(decoded->length);
  }
  return true;
}

void append_utf8(std::string& out, uint32_t code_point) {
  assert(is_scalar_value(code_point));
  const auto continuation = [&](int shift) { out += static_cast<char>(0x80 | (code_point >> shift & 0x3f)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xc0 | code_point >> 6);
    continuation(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xe0 | code_point >> 12);
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xf0 | code_point >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

}  // namespace heddle::engine
