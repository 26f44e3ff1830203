// SPDX-License-Identifier: Apache-2.0
// Superinstructions: handlers that do the work of several instructions that follow each other (see
// handler_body.h), and the table from which the translator picks them.
//
// Which there are is data: superinstructions.def, chosen by `./dev profile-ops` from profiles of programs.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/slot_use.h"

namespace heddle::engine {

/// Files that the superinstructions are spread over, so that they compile side by side.
inline constexpr unsigned kSuperinstructionFiles = 4;

/// Are there rows whose accesses may fault? A fault is resumed in another handler, so the faulting one must
/// have nothing on the native stack (see guarded_access.h). That is how clang's preserve_none handlers are;
/// GCC saves registers in long ones.
#if defined(__clang__)
inline constexpr bool kLongHandlersMayFault = true;
#else
inline constexpr bool kLongHandlersMayFault = false;
#endif

/// One instruction of a superinstruction.
struct SuperinstructionPart {
  const Handler* handler;  ///< where its own handler stands once it is made
  SlotUse use;
  Feeds feeds;
  bool keeps_handler;  ///< its handler's word stands in the code although it is not the first
};

struct Superinstruction {
  std::span<const SuperinstructionPart> parts;
  Handler handler;
  unsigned file;  ///< which of the files has it
};

/// Where a key begins to be looked for in a table of open addressing.
[[nodiscard]] inline size_t hash_of(uint64_t key) { return key * 0x9e3779b97f4a7c15U >> 40; }

/// Puts an entry into such a table, which has room for it.
template <class Entry>
Entry& insert_free(std::vector<Entry>& table, size_t mask, const Entry& entry) {
  size_t i = hash_of(entry.key()) & mask;
  while (!table[i].is_free()) i = (i + 1) & mask;
  return table[i] = entry;
}

/// Makes room in it for one more than `count`: at most half of it is full.
template <class Entry>
void make_room(std::vector<Entry>& table, size_t& mask, size_t count) {
  if (2 * (count + 1) < table.size()) return;
  const std::vector<Entry> old = std::exchange(table, std::vector<Entry>(2 * table.size()));
  mask = table.size() - 1;
  for (const Entry& entry : old) {
    if (!entry.is_free()) insert_free(table, mask, entry);
  }
}

/// A tree of the rows: a path from the root is a sequence of handlers and of what they are fed, and where a
/// row ends stands its handler.
class SuperinstructionTable {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNowhere = UINT32_MAX;

  /// Collects all rows. The handlers of single instructions must have been made before.
  SuperinstructionTable();

  /// A handler that is part of some row. One cache line: translation looks at one for every instruction.
  struct alignas(64) Member {
    Handler handler = nullptr;
    uint64_t bit = 0;       ///< in a node's `next`; others may share it
    Node first = kNowhere;  ///< where rows that begin with it go on
    uint16_t number = 0;
    bool keeps_handler = false;       ///< wherever in a row it is
    uint8_t reads = 0;                ///< a bit for each field that is a slot it reads
    std::array<uint8_t, 4> passes{};  ///< for each field: a bit for each type of a write that it can take
    SlotUse slots;

    [[nodiscard]] uint64_t key() const { return word_of(handler); }
    [[nodiscard]] bool is_free() const { return handler == nullptr; }
  };

  /// The handler as a part of rows; null if it is in none.
  [[nodiscard]] const Member* member(Handler handler) const {
    for (size_t i = hash_of(word_of(handler));; ++i) {
      const Member& member = members_[i & member_mask_];
      if (member.handler == handler) return &member;
      if (member.is_free()) return nullptr;
    }
  }

  /// A node.
  struct Place {
    Handler joined = nullptr;  ///< of the row that ends here, or null
    uint64_t next = 0;         ///< bits of the members that go on from here
    uint8_t length = 0;        ///< instructions up to here
    uint8_t fed = 0;           ///< operands that one of them feeds to another
  };
  [[nodiscard]] const Place& place(Node node) const { return nodes_[node]; }

  /// Where the sequence that led to `node`, and then `next` with these feeds, lead to; kNowhere if no row
  /// begins like that.
  [[nodiscard]] Node step(Node node, const Member& next, Feeds feeds) const {
    if (node == kRoot) return next.first;
    const Edge wanted{node, next.number, feeds, kNowhere};
    for (size_t i = hash_of(wanted.key());; ++i) {
      const Edge& edge = edges_[i & edge_mask_];
      if (edge.key() == wanted.key()) return edge.to;
      if (edge.is_free()) return kNowhere;
    }
  }

  /// Members have the numbers below.
  [[nodiscard]] uint32_t member_count() const { return member_count_; }

  /// The row of a superinstruction's handler; null for any other handler.
  [[nodiscard]] const Superinstruction* find(Handler joined) const {
    const auto found = std::ranges::find(rows_, joined, &Superinstruction::handler);
    return found == rows_.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::span<const Superinstruction> rows() const { return rows_; }

 private:
  struct Edge {
    Node from = 0;
    uint16_t next = 0;  ///< the member's number
    Feeds feeds = 0;
    Node to = kNowhere;

    [[nodiscard]] uint64_t key() const { return Word{from} << 32 | Word{next} << 16 | feeds; }
    [[nodiscard]] bool is_free() const { return to == kNowhere; }
  };

  void add_row(const Superinstruction& row);
  [[nodiscard]] Node grow(Node node, const SuperinstructionPart& part);
  Member& add_member(const SuperinstructionPart& part);

  std::vector<Superinstruction> rows_;
  std::vector<Place> nodes_;
  std::vector<Edge> edges_;      ///< open addressing, at most half full
  std::vector<Member> members_;  ///< likewise
  size_t edge_mask_ = 0;
  size_t member_mask_ = 0;
  uint32_t edge_count_ = 0;
  uint16_t member_count_ = 0;
};

/// The table, filled on first use. Immutable afterwards; any thread.
[[nodiscard]] const SuperinstructionTable& superinstructions();

// run_superinstructions_*.cpp: each adds its part of the rows.
void add_superinstructions_0(std::vector<Superinstruction>& rows);
void add_superinstructions_1(std::vector<Superinstruction>& rows);
void add_superinstructions_2(std::vector<Superinstruction>& rows);
void add_superinstructions_3(std::vector<Superinstruction>& rows);

}  // namespace heddle::engine
