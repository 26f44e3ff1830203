// SPDX-License-Identifier: Apache-2.0
// Superinstructions: handlers that do the work of several instructions that follow each other (see
// handler_body.h), and the table from which the translator picks them.
//
// Which there are is data: superinstructions.def, chosen by `./dev profile-ops` from profiles of programs.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "engine/interpreter/dispatch.h"

namespace heddle::engine {

/// Files that the superinstructions are spread over, so that they compile side by side.
inline constexpr unsigned kSuperinstructionParts = 4;

struct Superinstruction {
  const Handler* prefix;  ///< the handler of all its instructions but the last
  const Handler* last;    ///< the handler of the last one
  Handler handler;
  unsigned part;
};

class SuperinstructionTable {
 public:
  /// Collects all rows. The handlers of single instructions must have been made before.
  SuperinstructionTable();

  /// The handler that does what `first` (perhaps a superinstruction itself) and then `next` do, or null.
  [[nodiscard]] Handler find(Handler first, Handler next) const {
    for (size_t i = hash(first, next) & mask_;; i = (i + 1) & mask_) {
      const Entry& entry = entries_[i];
      if (entry.first == first && entry.next == next) return entry.joined;
      if (entry.first == nullptr) return nullptr;
    }
  }

  /// For a superinstruction: all but its last instruction, which is one too or a plain handler. Else null.
  [[nodiscard]] Handler prefix_of(Handler joined) const {
    const auto found = prefixes_.find(word_of(joined));
    return found == prefixes_.end() ? nullptr : found->second;
  }

  [[nodiscard]] std::span<const Superinstruction> rows() const { return rows_; }

 private:
  struct Entry {
    Handler first = nullptr;
    Handler next = nullptr;
    Handler joined = nullptr;
  };

  [[nodiscard]] static size_t hash(Handler first, Handler next) {
    return (word_of(first) * 0x9e3779b97f4a7c15U ^ word_of(next) * 0xc2b2ae3d27d4eb4fU) >> 32;
  }

  std::vector<Superinstruction> rows_;
  std::vector<Entry> entries_;  ///< open addressing, at most half full
  size_t mask_ = 0;
  std::unordered_map<Word, Handler> prefixes_;
};

/// The table, filled on first use. Immutable afterwards; any thread.
[[nodiscard]] const SuperinstructionTable& superinstructions();

// run_superinstructions_*.cpp: each adds its part of the rows.
void add_superinstructions_0(std::vector<Superinstruction>& rows);
void add_superinstructions_1(std::vector<Superinstruction>& rows);
void add_superinstructions_2(std::vector<Superinstruction>& rows);
void add_superinstructions_3(std::vector<Superinstruction>& rows);

}  // namespace heddle::engine
