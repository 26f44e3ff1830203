// SPDX-License-Identifier: Apache-2.0
// Cursor: bounds-checked reading of a binary module's primitives, with a sticky first error.
//
// After an error every read returns zero, at_end() holds and failed() stays true, so that callers may check
// once per construct. No read allocates. Not thread-safe; one per decoding thread. (Spec 5.1, 5.2)
//
// A type of a feature outside of the accepted ones is refused (ErrorKind::unsupported), here and by the
// InstructionReader on top. By default all that is built is accepted: who judges a module narrows that to
// what its engine has enabled, and tools which only look at one widen it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/opcodes/opcode.h"
#include "heddle/result.h"
#include "heddle/value_type.h"

namespace heddle::engine {

class Cursor {
 public:
  static constexpr uint64_t kNoIndex = UINT64_MAX;

  /// Reads `bytes`; `base` is the offset of bytes[0] in the whole module, for error messages.
  explicit Cursor(std::span<const uint8_t> bytes, uint64_t base = 0)
      : begin_(bytes.data()),
        position_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        horizon_(end_),
        base_(base) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return position_ == end_; }
  [[nodiscard]] uint64_t remaining() const { return static_cast<uint64_t>(end_ - position_); }
  /// Offset of the next byte in the whole module.
  [[nodiscard]] uint64_t offset() const { return base_ + static_cast<uint64_t>(position_ - begin_); }

  uint8_t read_byte() {
    if (position_ != end_) [[likely]]
      return *position_++;
    return static_cast<uint8_t>(fail_end());
  }
  uint8_t peek_byte() { return position_ != end_ ? *position_ : static_cast<uint8_t>(fail_end()); }
  /// LEB128, at most 5 bytes, unused bits checked.
  uint32_t read_u32() {
    if (position_ != end_ && *position_ < 0x80) [[likely]]
      return *position_++;
    return static_cast<uint32_t>(read_unsigned(32));
  }
  /// LEB128, at most 10 bytes.
  uint64_t read_u64() {
    if (position_ != end_ && *position_ < 0x80) [[likely]]
      return *position_++;
    return read_unsigned(64);
  }
  int32_t read_s32() { return static_cast<int32_t>(read_signed_inline(32)); }
  int64_t read_s33() { return read_signed_inline(33); }
  int64_t read_s64() { return read_signed_inline(64); }
  uint32_t read_fixed32();  ///< little-endian bytes (f32)
  uint64_t read_fixed64();
  std::span<const uint8_t> read_bytes(uint64_t count);
  /// vec(byte) that must be UTF-8.
  std::string_view read_name();
  /// A vector's length: refused if fewer than `least_bytes_each` bytes per element remain.
  uint32_t read_count(uint32_t least_bytes_each = 1);

  ValueType read_value_type();    ///< raw; storage types refused
  ValueType read_storage_type();  ///< raw; i8 and i16 allowed
  ValueType read_reference_type();
  HeapType read_heap_type();

  /// False after refusing a feature that is not accepted, at `offset`.
  bool require(Feature feature, uint64_t offset) {
    if (features_.has(feature)) [[likely]]
      return true;
    refuse(feature, offset);
    return false;
  }
  bool require(Feature feature) { return require(feature, offset()); }
  void accept(FeatureSet features) { features_ = features; }

  /// What is being read, for errors: a static name and, where there are several, which one: "code[3]".
  void set_section(const char* name, uint64_t index = kNoIndex) {
    section_ = name;
    section_index_ = index;
  }
  /// How many bytes behind the cursor's own end belong to the same module. They are never part of a value,
  /// but an integer that runs over the end is judged whole: one that is too long is called so.
  void set_bytes_beyond(uint64_t count) { horizon_ = end_ + count; }
  /// Records the first error; later ones are ignored.
  void fail(ErrorKind kind, std::string message) { fail_at(offset(), kind, std::move(message)); }
  void fail_at(uint64_t offset, ErrorKind kind, std::string message);
  /// The first error. REQUIRES: failed().
  [[nodiscard]] Error error() const { return error_; }

 private:
  int64_t read_signed_inline(uint32_t bits) {
    if (position_ != end_ && *position_ < 0x80) [[likely]] {
      return static_cast<int8_t>(static_cast<uint8_t>(*position_++ << 1)) >> 1;
    }
    return read_signed(bits);
  }
  uint32_t read_groups(uint32_t most, uint64_t& groups);
  uint64_t read_unsigned(uint32_t bits);
  int64_t read_signed(uint32_t bits);
  uint32_t fail_end();
  void refuse(Feature feature, uint64_t offset);
  ValueType read_type(bool allow_packed, bool references_only);
  HeapType read_exact_type();

  const uint8_t* begin_;
  const uint8_t* position_;
  const uint8_t* end_;
  const uint8_t* horizon_;
  uint64_t base_;
  bool failed_ = false;
  FeatureSet features_ = FeatureSet::built();
  const char* section_ = "";
  uint64_t section_index_ = kNoIndex;
  Error error_;
};

}  // namespace heddle::engine
