// SPDX-License-Identifier: Apache-2.0
// Cursor's slow paths: multi-byte LEB128, names, types, and the wording of errors.
#include "engine/binary/cursor.h"

#include <bit>
#include <cstring>

#include "engine/support/bits.h"
#include "engine/support/utf8.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kRefNull = static_cast<uint8_t>(ValueType::Kind::ref_null);
constexpr uint8_t kRef = static_cast<uint8_t>(ValueType::Kind::ref);
constexpr uint8_t kExact = 0x62;

constexpr uint64_t kContinues = 0x8080808080808080;  ///< the bit of each byte that says another one follows

/// The 7-bit groups of eight bytes, put together. REQUIRES: no byte of `groups` has its top bit.
uint64_t join_groups(uint64_t groups) {
  groups = (groups & 0x007f007f007f007f) | (groups & 0x7f007f007f007f00) >> 1;
  groups = (groups & 0x00003fff00003fff) | (groups & 0x3fff00003fff0000) >> 2;
  return (groups & 0x000000000fffffff) | (groups & 0x0fffffff00000000) >> 4;
}

bool is_abstract_heap_type(uint8_t byte) {
  return byte >= static_cast<uint8_t>(HeapType::Kind::exn) &&
         byte <= static_cast<uint8_t>(HeapType::Kind::noexn);
}

}  // namespace

void Cursor::fail_at(uint64_t offset, ErrorKind kind, std::string message) {
  if (!failed_) {
    error_.kind = kind;
    error_.message = std::move(message);
    error_.section = section_;
    if (section_index_ != kNoIndex) error_.section += "[" + std::to_string(section_index_) + "]";
    error_.offset = offset;
  }
  failed_ = true;
  position_ = end_;  // from here on every read finds nothing
}

void Cursor::refuse(Feature feature, uint64_t offset) {
  const FeatureInfo& row = info(feature);
  fail_at(offset, ErrorKind::unsupported,
          "feature " + std::string(row.text) + (row.built ? " is not enabled" : " is not supported yet"));
}

uint32_t Cursor::fail_end() {
  fail(ErrorKind::malformed, *section_ != '\0' ? "unexpected end of section or function" : "unexpected end");
  return 0;
}

/// Where eight bytes can be had at once, integers of all usual lengths are read without a branch on the
/// length. One with fewer than `most` bytes can't be too long or too large; the last one there may be is left
/// to the loop below.
uint32_t Cursor::read_groups(uint32_t most, uint64_t& groups) {
  if (remaining() < sizeof groups) return 0;
  groups = load_little_endian<uint64_t>(position_);
  const uint64_t ends = ~groups & kContinues;
  if (ends == 0) return 0;
  const uint32_t length = (static_cast<uint32_t>(std::countr_zero(ends)) + 1) / 8;
  if (length >= most) return 0;
  groups = join_groups(groups & (ends ^ (ends - 1)) & ~kContinues);
  position_ += length;
  return length;
}

uint64_t Cursor::read_unsigned(uint32_t bits) {
  uint64_t groups;
  if (read_groups((bits + 6) / 7, groups) != 0) [[likely]]
    return groups;
  const uint64_t start = offset();
  uint64_t value = 0;
  const uint8_t* byte_at = position_;
  for (uint32_t shift = 0;; shift += 7) {
    if (byte_at == horizon_) return fail_end();
    const uint8_t byte = *byte_at++;
    const uint32_t room = bits - shift;
    if (room <= 7) {  // the last byte there may be
      if (byte & 0x80) {
        fail_at(start, ErrorKind::malformed, "integer representation too long");
        return 0;
      }
      if (room < 7 && (byte >> room) != 0) {
        fail_at(start, ErrorKind::malformed, "integer too large");
        return 0;
      }
    }
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    if (byte_at > end_) return fail_end();
    position_ = byte_at;
    return value;
  }
}

int64_t Cursor::read_signed(uint32_t bits) {
  uint64_t groups;
  if (const uint32_t length = read_groups((bits + 6) / 7, groups); length != 0) [[likely]] {
    const uint32_t unused = 64 - 7 * length;
    return static_cast<int64_t>(groups << unused) >> unused;
  }
  const uint64_t start = offset();
  uint64_t value = 0;
  const uint8_t* byte_at = position_;
  for (uint32_t shift = 0;; shift += 7) {
    if (byte_at == horizon_) return fail_end();
    const uint8_t byte = *byte_at++;
    const uint32_t room = bits - shift;
    if (room <= 7) {
      if (byte & 0x80) {
        fail_at(start, ErrorKind::malformed, "integer representation too long");
        return 0;
      }
      // The bits beyond the value must repeat its sign.
      const int8_t extended =
          static_cast<int8_t>(static_cast<int8_t>(static_cast<uint8_t>(byte << 1)) >> room);
      if (extended != 0 && extended != -1) {
        fail_at(start, ErrorKind::malformed, "integer too large");
        return 0;
      }
    }
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    if (byte_at > end_) return fail_end();
    position_ = byte_at;
    const uint32_t width = shift + 7;
    return width >= 64 ? static_cast<int64_t>(value)
                       : static_cast<int64_t>(value << (64 - width)) >> (64 - width);
  }
}

uint32_t Cursor::read_fixed32() {
  const auto bytes = read_bytes(sizeof(uint32_t));
  return bytes.empty() ? 0 : load_little_endian<uint32_t>(bytes.data());
}

uint64_t Cursor::read_fixed64() {
  const auto bytes = read_bytes(sizeof(uint64_t));
  return bytes.empty() ? 0 : load_little_endian<uint64_t>(bytes.data());
}

std::span<const uint8_t> Cursor::read_bytes(uint64_t count) {
  if (count > remaining()) {
    fail_end();
    return {};
  }
  const std::span<const uint8_t> bytes(position_, count);
  position_ += count;
  return bytes;
}

std::string_view Cursor::read_name() {
  const uint64_t start = offset();
  const uint32_t length = read_u32();
  if (length > remaining()) {
    fail_at(start, ErrorKind::malformed, "length out of bounds");
    return {};
  }
  const std::string_view name(reinterpret_cast<const char*>(position_), length);
  position_ += length;
  if (!is_valid_utf8(name)) {
    fail_at(start, ErrorKind::malformed, "malformed UTF-8 encoding");
    return {};
  }
  return name;
}

uint32_t Cursor::read_count(uint32_t least_bytes_each) {
  const uint64_t start = offset();
  const uint32_t count = read_u32();
  if (static_cast<uint64_t>(count) * least_bytes_each > remaining()) {
    const char* reason = *section_ != '\0' ? "unexpected end of section or function" : "unexpected end";
    fail_at(start, ErrorKind::malformed,
            std::string(reason) + ": " + std::to_string(count) + " elements declared, " +
                std::to_string(remaining()) + " bytes left");
    return 0;
  }
  return count;
}

/// Behind the byte that says so: the index is signed as elsewhere in heap types. (Custom descriptors)
HeapType Cursor::read_exact_type() {
  const uint64_t start = offset();
  if (!require(Feature::custom_descriptors)) return {};
  ++position_;
  const int64_t index = read_s32();
  if (failed_) return {};
  if (index >= 0 && index < HeapType::kMaxTypes) return HeapType::exact(static_cast<uint32_t>(index));
  if (index < 0) fail_at(start, ErrorKind::malformed, "malformed heap type");
  if (index >= 0) fail_at(start, ErrorKind::invalid, "unknown type " + std::to_string(index));
  return {};
}

HeapType Cursor::read_heap_type() {
  const uint64_t start = offset();
  const uint8_t first = peek_byte();
  if (is_abstract_heap_type(first)) {
    ++position_;
    return static_cast<HeapType::Kind>(first);
  }
  if (first == kExact) return read_exact_type();
  const int64_t index = read_s33();
  if (failed_) return {};
  if (index < 0) {
    fail_at(start, ErrorKind::malformed, "malformed heap type");
    return {};
  }
  if (index >= HeapType::kMaxTypes) {
    fail_at(start, ErrorKind::invalid, "unknown type " + std::to_string(index));
    return {};
  }
  return HeapType::defined(static_cast<uint32_t>(index));
}

ValueType Cursor::read_type(bool allow_packed, bool references_only) {
  const uint64_t start = offset();
  const uint8_t byte = read_byte();
  if (failed_) return {};
  if (byte == kRefNull || byte == kRef) return ValueType::ref(read_heap_type(), byte == kRefNull);
  if (is_abstract_heap_type(byte)) return ValueType::ref(static_cast<HeapType::Kind>(byte), true);
  const ValueType type(static_cast<ValueType::Kind>(byte));
  if (references_only) {
    fail_at(start, ErrorKind::malformed, "malformed reference type");
    return {};
  }
  if (byte >= static_cast<uint8_t>(ValueType::Kind::v128) &&
      byte <= static_cast<uint8_t>(ValueType::Kind::i32)) {
    if (type == ValueType::Kind::v128 && !require(Feature::simd)) return {};
    return type;
  }
  const bool is_packed = type == ValueType::Kind::i8 || type == ValueType::Kind::i16;
  if (allow_packed && is_packed) return type;
  fail_at(start, ErrorKind::malformed, allow_packed ? "malformed storage type" : "malformed value type");
  return {};
}

ValueType Cursor::read_value_type() { return read_type(false, false); }
ValueType Cursor::read_storage_type() { return read_type(true, false); }
ValueType Cursor::read_reference_type() { return read_type(false, true); }

}  // namespace heddle::engine
