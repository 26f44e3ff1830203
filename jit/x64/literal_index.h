// SPDX-License-Identifier: Apache-2.0
// LiteralIndex: literals in memory by their bits, so that equal ones are one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "jit/x64/machine.h"

namespace heddle::jit::x64 {

class LiteralIndex {
 public:
  /// The number that the literal was first given; `next` if this is the first time.
  uint32_t find_or_add(const Literal& literal, uint32_t next) {
    return numbers_.try_emplace(Key{literal.low, literal.high, literal.width}, next).first->second;
  }

 private:
  struct Key {
    uint64_t low;
    uint64_t high;
    uint8_t width;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      const uint64_t hash = (key.low * 0x9e3779b97f4a7c15u ^ key.high * 0xbf58476d1ce4e5b9u) + key.width;
      return static_cast<size_t>(hash ^ hash >> 32);
    }
  };
  std::unordered_map<Key, uint32_t, Hash> numbers_;
};

}  // namespace heddle::jit::x64
