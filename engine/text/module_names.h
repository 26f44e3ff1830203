// SPDX-License-Identifier: Apache-2.0
// ModuleNames: the identifiers that a printer may use, read leniently from a module's custom sections.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/binary/cursor.h"
#include "engine/text/module_state.h"

namespace heddle::engine {

/// Names that are not UTF-8 or empty are passed over, and a name section that is malformed gives what it has
/// up to there. A name that another member of the space has already can't be an identifier: it becomes an
/// annotation.
class ModuleNames {
 public:
  void read_name_section(std::span<const uint8_t> contents);
  void read_branch_hints(std::span<const uint8_t> contents);

  /// Only the first `count` members of a space exist: later ones have no names.
  void set_count(Space space, uint64_t count) { counts_[static_cast<size_t>(space)] = count; }

  /// Identifiers with '$', or empty.
  [[nodiscard]] std::string_view module() const { return module_; }
  [[nodiscard]] std::string_view find(Space space, uint32_t index) const;
  /// What a definition has behind its keyword: its identifier, or its index as a comment; then (@name ...) if
  /// needed.
  [[nodiscard]] std::string binding(Space space, uint32_t index) const;
  [[nodiscard]] std::string_view local(uint32_t function, uint32_t index) const {
    return member(locals_, function, index);
  }
  [[nodiscard]] std::string_view label(uint32_t function, uint32_t index) const {
    return member(labels_, function, index);
  }
  [[nodiscard]] std::string_view field(uint32_t type, uint32_t index) const {
    return member(fields_, type, index);
  }
  /// The hint for the instruction at `offset` of a function's body: 0 or 1, or -1.
  [[nodiscard]] int branch_hint(uint32_t function, uint32_t offset) const;

 private:
  using Members = std::unordered_map<uint64_t, std::string>;
  static uint64_t key(uint32_t owner, uint32_t index) { return uint64_t{owner} << 32 | index; }
  [[nodiscard]] static std::string_view member(const Members& members, uint32_t owner, uint32_t index);
  static constexpr size_t kLongestIdentifier =
      1024;  ///< longer names are used in no text but their definition

  void read_names(Cursor& cursor, Members& members, uint32_t owner, Members* duplicates);
  void read_indirect_names(Cursor& cursor, Members& members, Members* duplicates);

  std::string module_;
  std::array<Members, kSpaceCount> spaces_;
  std::array<Members, kSpaceCount> duplicates_;  ///< string literals
  std::array<uint64_t, kSpaceCount> counts_{};
  Members locals_;
  Members labels_;
  Members fields_;
  std::unordered_set<std::string> taken_;  ///< names of the map being read, with their owner before them
  std::unordered_map<uint64_t, uint8_t> branch_hints_;
};

}  // namespace heddle::engine
