// SPDX-License-Identifier: Apache-2.0
// The last step of translation: instructions that always follow each other get one handler for all of them.
//
// The words stay as they are; only the handler of the first is replaced. Between labels, those sequences are
// picked that cost least, from the end backwards: the best for the code from each instruction on.
#include <algorithm>

#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

// What a superinstruction saves: a dispatch for every instruction but its first, and the way through the
// frame for every operand that one of its instructions feeds to another.
constexpr uint32_t kDispatchCost = 2;
constexpr uint32_t kFeedGain = 1;

constexpr unsigned kFields = 4;

/// Those that reach no further back than the instruction at `index` of a superinstruction can.
[[nodiscard]] Feeds within(Feeds feeds, unsigned index) {
  for (unsigned i = 0; i < kFields; ++i) {
    if (distance_in(feeds, i) > index) feeds &= static_cast<Feeds>(~with_distance(0, i, 15));
  }
  return feeds;
}

[[nodiscard]] uint32_t count(Feeds feeds) {
  uint32_t sum = 0;
  for (unsigned i = 0; i < kFields; ++i) sum += distance_in(feeds, i) != 0;
  return sum;
}

/// The rows that the instructions from one place on may become: nodes of the table. An instruction that is
/// fed can also read the frame, so there may be several.
class Walk {
 public:
  explicit Walk(const SuperinstructionTable& table) : table_(table) {
    places_[0][0] = {SuperinstructionTable::kRoot, 0};
  }

  struct Place {
    SuperinstructionTable::Node node;
    uint32_t fed;  ///< operands on the way here
  };

  /// Goes on with the next instruction. False if no row does.
  bool step(const SuperinstructionTable::Member& member, Feeds feeds) {
    std::array<Place, kMost>& next = places_[1 - current_];
    size_t count_next = 0;
    const auto add = [&](const Place& from, Feeds fed) {
      const auto node = table_.step(from.node, member, fed);
      if (node != SuperinstructionTable::kNowhere && count_next < kMost) {
        next[count_next++] = {node, from.fed + count(fed)};
      }
    };
    feeds = within(feeds, length_++);
    for (const Place& place : places()) {
      if (feeds != 0) add(place, feeds);
      add(place, 0);
    }
    current_ = 1 - current_;
    count_ = count_next;
    return count_ != 0;
  }

  [[nodiscard]] std::span<const Place> places() const { return std::span(places_[current_]).first(count_); }

 private:
  static constexpr size_t kMost = 8;

  const SuperinstructionTable& table_;
  std::array<Place, kMost> places_[2];  ///< where it is, and where it is going
  unsigned current_ = 0;
  size_t count_ = 1;
  unsigned length_ = 0;
};

}  // namespace

void Translator::join_instructions() {
  find_feeds();
  for (size_t i = starts_.size(); i-- > 0;) {
    Join& best = joins_[i];
    best.cost = kDispatchCost + joins_[i + 1].cost;
    if (best.member == nullptr) continue;
    Walk walk(superinstructions_);
    for (size_t next = i; joins_[next].member != nullptr && (next == i || !joins_[next].is_label);) {
      if (!walk.step(*joins_[next].member, joins_[next].feeds)) break;
      ++next;
      for (const Walk::Place& place : walk.places()) {
        const Handler joined = superinstructions_.joined_at(place.node);
        const uint32_t cost = kDispatchCost + joins_[next].cost - kFeedGain * place.fed;
        if (joined == nullptr || cost > best.cost) continue;
        best.handler = joined;
        best.length = static_cast<uint32_t>(next - i);
        best.cost = cost;
      }
    }
  }
  for (size_t i = 0; i < starts_.size(); i += joins_[i].length) {
    if (joins_[i].handler != nullptr) code_[starts_[i]] = word_of(joins_[i].handler);
  }
}

/// Fills joins_ with what each instruction is, and where its operands come from.
void Translator::find_feeds() {
  joins_.assign(starts_.size() + 1, Join{});
  // Costs count down from the end, and feeds are subtracted: an offset keeps them above zero.
  joins_.back().cost = static_cast<uint32_t>(starts_.size()) * kFields * kFeedGain;
  auto label = labels_.begin();
  size_t first = 0;  // since the last label, or the last instruction that no superinstruction has
  for (size_t i = 0; i < starts_.size(); ++i) {
    Join& join = joins_[i];
    while (label != labels_.end() && *label < starts_[i]) ++label;
    join.is_label = label != labels_.end() && *label == starts_[i];
    join.member = superinstructions_.member(reinterpret_cast<Handler>(code_[starts_[i]]));
    if (join.is_label) first = i;
    if (join.member == nullptr) {
      first = i + 1;
      continue;
    }
    first = std::max(first, i + 1 - std::min(i + 1, superinstructions_.longest()));
    for (unsigned index = 0; index < kFields; ++index) {
      if (join.member->slots.read[index] == SlotType::none) continue;
      join.feeds = with_distance(join.feeds, index, distance_to_writer(first, i, index));
    }
  }
}

/// How many instructions before `reader` the one is that wrote the slot in the reader's field; 0 if that was
/// before `first`, or too far, or if it wrote another type.
unsigned Translator::distance_to_writer(size_t first, size_t reader, unsigned index) const {
  const auto slot_in = [this](size_t instruction, unsigned at) {
    return code_[starts_[instruction] + 1] >> 16 * at & 0xffff;
  };
  const Word slot = slot_in(reader, index);
  for (unsigned distance = 1; distance <= kMostDistance && reader - first >= distance; ++distance) {
    const SlotUse& use = joins_[reader - distance].member->slots;
    if (use.written == SlotType::none || slot_in(reader - distance, 0) != slot) continue;
    return passes_on(use.written, joins_[reader].member->slots.read[index]) ? distance : 0;
  }
  return 0;
}

}  // namespace heddle::engine
