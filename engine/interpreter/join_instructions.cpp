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

/// The rows that an instruction and those behind it may become: nodes of the table. An instruction that is
/// fed can also read the frame, so there may be several.
class Walk {
 public:
  struct Place {
    SuperinstructionTable::Node node;
    uint32_t fed;  ///< operands on the way here
  };

  Walk(const SuperinstructionTable& table, SuperinstructionTable::Node first) : table_(table) {
    places_[0][0] = {first, 0};
  }

  /// Goes on with the next instruction, `fed` of whose operands are in `feeds`, the farthest from `farthest`
  /// instructions before. False if no row does.
  [[nodiscard]] bool step(const SuperinstructionTable::Member& member, Feeds feeds, uint32_t fed,
                          uint32_t farthest) {
    std::array<Place, kMost>& next = places_[1 - current_];
    size_t count_next = 0;
    const auto add = [&](const Place& from, Feeds feeds_here, uint32_t fed_here) {
      const auto node = table_.step(from.node, member, feeds_here);
      if (node == SuperinstructionTable::kNowhere || count_next == kMost) return;
      next[count_next++] = {node, from.fed + fed_here};
    };
    if (++length_ < farthest) {
      feeds = within(feeds, length_);
      fed = count(feeds);
    }
    for (const Place& place : places()) {
      if (!table_.may_step(place.node, member)) continue;  // so most walks end
      if (feeds != 0) add(place, feeds, fed);
      add(place, 0, 0);
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
  unsigned length_ = 0;  ///< instructions behind the first
};

}  // namespace

void Translator::join_instructions() {
  find_feeds();
  size_t followers = 0;  // instructions behind this one that a row may have, too
  for (size_t i = starts_.size(); i-- > 0;) {
    Join& join = joins_[i];
    join.cost = kDispatchCost + joins_[i + 1].cost;
    if (join.member == nullptr) {
      followers = 0;
      continue;
    }
    if (followers != 0 && superinstructions_.begins(*join.member, *joins_[i + 1].member)) {
      choose_row(i, followers);
    }
    followers = join.is_label ? 0 : followers + 1;
  }
  for (size_t i = 0; i < starts_.size(); i += joins_[i].length) {
    if (joins_[i].handler != nullptr) code_[starts_[i]] = word_of(joins_[i].handler);
  }
}

/// Picks the row that makes the code from the instruction at `index` on cheapest, if one makes it cheaper.
void Translator::choose_row(size_t index, size_t followers) {
  Join& best = joins_[index];
  Walk walk(superinstructions_, best.member->first);
  for (size_t next = index + 1, end = next + followers; next < end;) {
    const Join& join = joins_[next++];
    if (!walk.step(*join.member, join.feeds, join.fed, join.farthest)) return;
    for (const Walk::Place& place : walk.places()) {
      const Handler joined = superinstructions_.joined_at(place.node);
      const uint32_t cost = kDispatchCost + joins_[next].cost - kFeedGain * place.fed;
      if (joined == nullptr || cost > best.cost) continue;
      best.handler = joined;
      best.length = static_cast<uint32_t>(next - index);
      best.cost = cost;
    }
  }
}

/// Fills joins_ with what each instruction is, and where its operands come from.
void Translator::find_feeds() {
  const auto count = static_cast<uint32_t>(starts_.size());
  joins_.assign(count + 1, Join{});
  // Costs count down from the end, and feeds are subtracted: an offset keeps them above zero.
  joins_.back().cost = count * kFields * kFeedGain;
  if (UINT32_MAX - earlier_instructions_ <= count) {
    std::ranges::fill(writers_, 0);
    earlier_instructions_ = 1;
  }
  auto label = labels_.begin();
  uint32_t first = 0;  // since the last label, or the last instruction that no superinstruction has
  for (uint32_t i = 0; i < count; ++i) {
    Join& join = joins_[i];
    while (label != labels_.end() && *label < starts_[i]) ++label;
    join.is_label = label != labels_.end() && *label == starts_[i];
    join.member = superinstructions_.member(reinterpret_cast<Handler>(code_[starts_[i]]));
    if (join.is_label) first = i;
    if (join.member == nullptr) {
      first = i + 1;
      continue;
    }
    const Word operands = code_[starts_[i] + 1];
    find_writers(join, operands, first, i);
    if (join.member->slots.written != SlotType::none) {
      writers_[operands & 0xffff] = earlier_instructions_ + i;
    }
  }
  earlier_instructions_ += count;
}

/// For each slot that the instruction `reader` reads: which one before it wrote that last, unless that was
/// before `first`, or too far, or if it wrote another type.
void Translator::find_writers(Join& join, Word operands, uint32_t first, uint32_t reader) const {
  const uint32_t most = std::min(reader - first, superinstructions_.longest() - 1);
  for (unsigned index = 0; index < kFields; ++index) {
    const SlotType type = join.member->slots.read[index];
    if (type == SlotType::none) continue;
    const uint32_t distance = earlier_instructions_ + reader - writers_[operands >> 16 * index & 0xffff];
    if (distance > most || !passes_on(joins_[reader - distance].member->slots.written, type)) continue;
    join.feeds = with_distance(join.feeds, index, distance);
    join.farthest = std::max(join.farthest, static_cast<uint8_t>(distance));
    ++join.fed;
  }
}

}  // namespace heddle::engine
