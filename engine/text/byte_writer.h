// SPDX-License-Identifier: Apache-2.0
// ByteWriter: appends the binary format's primitives to a growing vector of bytes. (Spec 5.2)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/opcodes/opcode.h"

namespace heddle::engine {

class ByteWriter {
 public:
  void byte(uint8_t value) { bytes_.push_back(value); }
  void append(std::span<const uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }

  /// Unsigned LEB128, shortest; u32 and u64 alike.
  void unsigned_leb(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(value));
  }

  /// Signed LEB128, shortest; s32, s33 and s64 alike.
  void signed_leb(int64_t value) {
    while (value < -64 || value > 63) {
      bytes_.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(value & 0x7f));
  }

  /// `count` bytes of `bits`, the lowest first.
  void fixed(uint64_t bits, unsigned count) {
    for (unsigned i = 0; i < count; ++i) bytes_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  }

  /// vec(byte): the length, then the bytes.
  void sized(std::span<const uint8_t> bytes) {
    unsigned_leb(bytes.size());
    append(bytes);
  }
  void sized(std::string_view text) {
    unsigned_leb(text.size());
    append(text);
  }

  void opcode(Opcode opcode) {
    const uint32_t code = info(opcode).code;
    if (code > 0xff) {
      byte(static_cast<uint8_t>(code >> 16));
      unsigned_leb(code & 0xffff);
    } else {
      byte(static_cast<uint8_t>(code));
    }
  }

  void truncate(size_t size) { bytes_.resize(size); }
  void clear() { bytes_.clear(); }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<const uint8_t> bytes_from(size_t begin) const {
    return std::span(bytes_).subspan(begin);
  }
  [[nodiscard]] std::vector<uint8_t> take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace heddle::engine
