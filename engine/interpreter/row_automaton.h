// SPDX-License-Identifier: Apache-2.0
// RowAutomaton: reads instructions one after the other and says which superinstructions' rows end at each.
//
// A row may begin anywhere, and an operand that an instruction before feeds may be read from the frame as
// well, so several paths through the table of rows are followed at once. The set of places on them is a
// state. States, and the steps between them, are made when code first needs them and kept: large programs
// repeat themselves, and nearly every step is one look-up.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "engine/interpreter/superinstructions.h"

namespace heddle::engine {

/// Not thread-safe. The table must outlive it.
class RowAutomaton {
 public:
  using State = uint32_t;
  using Member = SuperinstructionTable::Member;
  /// No instruction before counts.
  static constexpr State kStart = 0;

  /// A row that ends here.
  struct End {
    Handler handler;
    uint8_t length;  ///< instructions
    uint8_t fed;     ///< operands that one of them feeds to another
  };

  explicit RowAutomaton(const SuperinstructionTable& table);

  /// How many instructions before `next`, if that comes now, are in a row with it: no other feeds matter.
  [[nodiscard]] uint32_t reach(State state, const Member& next) const {
    const Set& set = sets_[state];
    return (set.next & next.bit) != 0 ? set.longest : 0;
  }

  /// The state behind `next`, which has these feeds.
  [[nodiscard]] State step(State state, const Member& next, Feeds feeds) {
    const Step wanted = {state, next.number, feeds, 0};
    for (size_t i = hash_of(wanted.key());; ++i) {
      const Step& step = steps_[i & step_mask_];
      if (step.key() == wanted.key()) return step.to;
      if (step.is_free()) return make_step(wanted, next);
    }
  }
  /// The state behind `next` if that is in no row with what was before.
  [[nodiscard]] State begin(const Member& next) {
    const State known = first_[next.number];
    return known != kNone ? known : first_[next.number] = find(set_from({}, next, 0));
  }

  /// The shortest first; of those of one length only that which is fed most.
  [[nodiscard]] std::span<const End> ends(State state) const {
    const Set& set = sets_[state];
    return {ends_.data() + set.first_end, set.ends};
  }

  /// Forgets what it has made if that has become much: states from before mean nothing then.
  void limit_size();

 private:
  using Node = SuperinstructionTable::Node;
  using Nodes = std::vector<Node>;
  static constexpr State kNone = UINT32_MAX;

  struct Set {
    uint64_t next = 0;  ///< bits of the members that some path goes on with
    uint32_t first_end = 0;
    uint16_t ends = 0;
    uint16_t longest = 0;  ///< instructions on the longest path
    const Nodes* nodes = nullptr;
  };
  struct Step {
    State from = kNone;
    uint16_t next = 0;  ///< the member's number
    Feeds feeds = 0;
    State to = 0;

    [[nodiscard]] uint64_t key() const { return Word{from} << 32 | Word{next} << 16 | feeds; }
    [[nodiscard]] bool is_free() const { return from == kNone; }
  };

  void clear();
  [[nodiscard]] State make_step(Step step, const Member& next);
  [[nodiscard]] Nodes set_from(const Nodes& nodes, const Member& next, Feeds feeds) const;
  [[nodiscard]] State find(Nodes nodes);
  void add_ends(Set& set);
  void grow();

  const SuperinstructionTable& table_;
  std::vector<Set> sets_;
  std::vector<End> ends_;
  std::map<Nodes, State> states_;
  std::vector<State> first_;  ///< by member: what begin() gives
  std::vector<Step> steps_;   ///< open addressing, at most half full
  size_t step_mask_ = 0;
  size_t step_count_ = 0;
};

}  // namespace heddle::engine
