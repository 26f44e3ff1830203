// SPDX-License-Identifier: Apache-2.0
// Cursor: bounds-checked reading of a binary module's primitives, with a sticky first error.
//
// After an error every read returns zero and failed() stays true, so that callers may check once per
// construct. No read allocates. Not thread-safe; one per decoding thread. (Spec 5.1, 5.2)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "heddle/result.h"
#include "heddle/value_type.h"

namespace heddle::engine {

class Cursor {
 public:
  /// Reads `bytes`; `base` is the offset of bytes[0] in the whole module, for error messages.
  explicit Cursor(std::span<const uint8_t> bytes, uint64_t base = 0)
      : begin_(bytes.data()), position_(bytes.data()), end_(bytes.data() + bytes.size()), base_(base) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return position_ == end_; }
  [[nodiscard]] uint64_t remaining() const { return static_cast<uint64_t>(end_ - position_); }
  /// Offset of the next byte in the whole module.
  [[nodiscard]] uint64_t offset() const { return base_ + static_cast<uint64_t>(position_ - begin_); }

  uint8_t read_byte();
  uint8_t peek_byte();
  uint32_t read_u32();   ///< LEB128, at most 5 bytes, unused bits checked
  uint64_t read_u64();   ///< LEB128, at most 10 bytes
  int32_t read_s32();
  int64_t read_s33();
  int64_t read_s64();
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

  void set_section(std::string section) { section_ = std::move(section); }
  /// Records the first error; later ones are ignored.
  void fail(ErrorKind kind, std::string message) { fail_at(offset(), kind, std::move(message)); }
  void fail_at(uint64_t offset, ErrorKind kind, std::string message);
  /// The first error. REQUIRES: failed().
  [[nodiscard]] Error error() const { return error_; }

 private:
  const uint8_t* begin_;
  const uint8_t* position_;
  const uint8_t* end_;
  uint64_t base_;
  bool failed_ = false;
  Error error_;
  std::string section_;
};

}  // namespace heddle::engine
