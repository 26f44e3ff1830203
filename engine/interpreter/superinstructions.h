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
#include "engine/interpreter/slot_use.h"

namespace heddle::engine {

/// Files that the superinstructions are spread over, so that they compile side by side.
inline constexpr unsigned kSuperinstructionFiles = 4;

/// One instruction of a superinstruction.
struct SuperinstructionPart {
  const Handler* handler;  ///< where its own handler stands once it is made
  SlotUse use;
  Feeds feeds;
};

struct Superinstruction {
  std::span<const SuperinstructionPart> parts;
  Handler handler;
  unsigned file;  ///< which of the files has it
};

/// A tree of the rows: a path from the root is a sequence of handlers and of what they are fed, and where a
/// row ends stands its handler.
class SuperinstructionTable {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNowhere = UINT32_MAX;

  /// Collects all rows. The handlers of single instructions must have been made before.
  SuperinstructionTable();

  /// A handler that is part of some row.
  struct Member {
    Handler handler = nullptr;
    SlotUse slots;
    uint64_t bit = 0;       ///< in a node's `next`; others may share it
    Node first = kNowhere;  ///< where rows that begin with it go on
  };

  /// The handler as a part of rows; null if it is in none.
  [[nodiscard]] const Member* member(Handler handler) const {
    for (size_t i = hash(kRoot, handler, 0) & mask_;; i = (i + 1) & mask_) {
      const Member& member = members_[i];
      if (member.handler == handler) return &member;
      if (member.handler == nullptr) return nullptr;
    }
  }

  /// Where the sequence that led to `node`, and then `next` with these feeds, lead to; kNowhere if no row
  /// begins like that.
  [[nodiscard]] Node step(Node node, const Member& next, Feeds feeds) const {
    if (node == kRoot) return next.first;
    if ((nodes_[node].next & next.bit) == 0) return kNowhere;  // so most walks end
    for (size_t i = hash(node, next.handler, feeds) & mask_;; i = (i + 1) & mask_) {
      const Edge& edge = edges_[i];
      if (edge.next == next.handler && edge.from == node && edge.feeds == feeds) return edge.to;
      if (edge.next == nullptr) return kNowhere;
    }
  }

  /// Instructions of the longest row.
  [[nodiscard]] size_t longest() const { return longest_; }

  /// The handler of the row that ends here, or null.
  [[nodiscard]] Handler joined_at(Node node) const { return nodes_[node].joined; }

  /// The row of a superinstruction's handler; null for any other handler.
  [[nodiscard]] const Superinstruction* find(Handler joined) const {
    const auto found = places_.find(word_of(joined));
    return found == places_.end() ? nullptr : &rows_[found->second];
  }

  [[nodiscard]] std::span<const Superinstruction> rows() const { return rows_; }

 private:
  struct Edge {
    Handler next = nullptr;
    Feeds feeds = 0;
    Node from = 0;
    Node to = 0;
  };
  struct Place {
    Handler joined = nullptr;  ///< of the row that ends here
    uint64_t next = 0;         ///< bits of the members that go on from here
  };

  [[nodiscard]] static size_t hash(Node node, Handler next, Feeds feeds) {
    return ((word_of(next) ^ (Word{node} << 44) ^ (Word{feeds} << 28)) * 0x9e3779b97f4a7c15U) >> 32;
  }

  void add_row(const Superinstruction& row);
  [[nodiscard]] Node grow(Node node, const SuperinstructionPart& part);
  Member& add_member(const SuperinstructionPart& part);

  std::vector<Superinstruction> rows_;
  std::vector<Place> nodes_;
  std::vector<Edge> edges_;  ///< open addressing, at most half full; so are members_, of the same size
  std::vector<Member> members_;
  size_t mask_ = 0;
  size_t longest_ = 0;
  std::unordered_map<Word, size_t> places_;  ///< in rows_
};

/// The table, filled on first use. Immutable afterwards; any thread.
[[nodiscard]] const SuperinstructionTable& superinstructions();

// run_superinstructions_*.cpp: each adds its part of the rows.
void add_superinstructions_0(std::vector<Superinstruction>& rows);
void add_superinstructions_1(std::vector<Superinstruction>& rows);
void add_superinstructions_2(std::vector<Superinstruction>& rows);
void add_superinstructions_3(std::vector<Superinstruction>& rows);

}  // namespace heddle::engine
