// SPDX-License-Identifier: Apache-2.0
// IdentifierMap: names to numbers, cleared in constant time, for the index spaces and scopes of the text
// format.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace heddle::engine {

/// An open-addressing hash map. The names' characters are not copied: they must outlive the map or its
/// clear().
class IdentifierMap {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  /// The number of `name` in `scope`, or kAbsent. Scopes keep apart what has equal names, e.g. the fields of
  /// types.
  [[nodiscard]] uint32_t find(std::string_view name, uint32_t scope = 0) const;
  /// Gives `name` a number, in place of any it has; kAbsent takes the name away.
  void set(std::string_view name, uint32_t number, uint32_t scope = 0);
  /// Forgets everything, and keeps the memory.
  void clear();

 private:
  struct Entry {
    uint32_t generation = 0;
    uint32_t hash = 0;
    uint32_t scope = 0;
    uint32_t number = kAbsent;
    std::string_view name;
  };
  [[nodiscard]] size_t slot_of(std::string_view name, uint32_t scope, uint32_t hash) const;
  void grow();

  std::vector<Entry> entries_;  ///< a power of two of them, or none
  size_t used_ = 0;             ///< entries of this generation
  uint32_t generation_ = 1;
};

}  // namespace heddle::engine
