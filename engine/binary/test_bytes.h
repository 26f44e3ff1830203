// SPDX-License-Identifier: Apache-2.0
// Tests' way to write binary modules by hand: LEB128 numbers, names, vectors and sections as byte strings.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::engine::test {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes leb(uint64_t value) {
  Bytes bytes;
  do {
    const auto low = static_cast<uint8_t>(value & 0x7f);
    value >>= 7;
    bytes.push_back(value != 0 ? static_cast<uint8_t>(low | 0x80) : low);
  } while (value != 0);
  return bytes;
}

inline Bytes name(std::string_view text) { return leb(text.size()) + Bytes(text.begin(), text.end()); }

/// A vector's length and its elements.
inline Bytes vec(std::initializer_list<Bytes> elements) {
  Bytes bytes = leb(elements.size());
  for (const Bytes& element : elements) bytes = std::move(bytes) + element;
  return bytes;
}

inline Bytes repeat(size_t count, const Bytes& part) {
  Bytes bytes;
  bytes.reserve(count * part.size());
  for (size_t i = 0; i < count; ++i) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

/// `contents` with its size in front.
inline Bytes sized(const Bytes& contents) { return leb(contents.size()) + contents; }
inline Bytes section(uint8_t id, const Bytes& contents) { return Bytes{id} + sized(contents); }

inline Bytes module_of(std::initializer_list<Bytes> sections) {
  Bytes bytes = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};
  for (const Bytes& part : sections) bytes = std::move(bytes) + part;
  return bytes;
}

/// A module with one function of type [] -> []; `body` holds its locals, instructions and `end`.
inline Bytes module_with_body(const Bytes& body) {
  return module_of({section(1, {1, 0x60, 0, 0}), section(3, {1, 0}), section(10, Bytes{1} + sized(body))});
}

}  // namespace heddle::engine::test
