// SPDX-License-Identifier: Apache-2.0
// The last step of translation: instructions that always follow each other get one handler for all of them.
//
// The handler of the first is replaced, those of the others are taken out. Between labels, those sequences
// are picked that cost least, from the end backwards: the best for the code from each instruction on.
#include <algorithm>

#include "engine/interpreter/operation_profile.h"
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

  /// Goes on with the next instruction, which `feeds`. False if no row does.
  [[nodiscard]] bool step(const SuperinstructionTable::Member& member, Feeds feeds) {
    std::array<Place, kMost>& next = places_[1 - current_];
    size_t count_next = 0;
    const auto add = [&](const Place& from, Feeds feeds_here, uint32_t fed_here) {
      const auto node = table_.step(from.node, member, feeds_here);
      if (node == SuperinstructionTable::kNowhere || count_next == kMost) return;
      next[count_next++] = {node, from.fed + fed_here};
    };
    ++length_;
    if (feeds != 0) feeds = within(feeds, length_);
    for (const Place& place : places()) {
      if (!table_.may_step(place.node, member)) continue;  // so most walks end
      if (feeds != 0) add(place, feeds, count(feeds));
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
  if (kProfilesOperations && records_translated()) profile_code();
  find_feeds();
  for (size_t i = starts_.size(), first = skipped_words_ == 0 ? 0 : 1; i-- > first;) {
    Join& join = joins_[i];
    const Join& next = joins_[i + 1];
    join.cost = kDispatchCost + next.cost;
    if (next.adjacency == SuperinstructionTable::Adjacency::begins) choose_row(i);
  }
  close_up();
}

/// Puts the superinstructions' handlers in, takes out the words that nobody needs then, and leads branches to
/// where their targets are now.
void Translator::close_up() {
  const size_t count = starts_.size();
  const auto end = static_cast<uint32_t>(code_.size());
  if (moved_.size() <= end) moved_.resize(2 * size_t{end} + 1);
  starts_.push_back(end);
  (void)code_.push();  // so that two words can always be copied
  Word* const code = code_.begin();
  uint32_t to = starts_[0];
  uint32_t joined = 0;  // instructions of the superinstruction that are still to come
  for (size_t i = 0; i < count; ++i) {
    const uint32_t start = starts_[i];
    const Join& join = joins_[i];
    uint32_t taken_out = 0;
    if (joined > 0) {
      --joined;
      taken_out = join.member->keeps_handler ? 0 : 1;
    } else if (join.handler != nullptr) {
      code[start] = word_of(join.handler);
      joined = join.length - 1u;
    }
    moved_[start] = to - taken_out;
    const Word* from = code + start + taken_out;
    const uint32_t length = starts_[i + 1] - start - taken_out;
    const Word first = from[0];
    const Word second = from[1];
    code[to] = first;
    code[to + 1] = second;
    for (uint32_t word = 2; word < length; ++word) code[to + word] = from[word];
    to += length;
  }
  starts_.pop_back();
  moved_[end] = to;
  code_.shrink_to(to);
  for (const Fixup& fixup : fixups_) {
    if (fixup.entry == kClauseEntry) continue;
    const Fixup moved = {moved_[fixup.instruction], fixup.entry, kNone};
    fill_in(moved, moved_[fixup.instruction + distance_of(moved)]);
  }
}

/// For the operation profile.
void Translator::profile_code() const {
  bool follows = false;
  const uint32_t* label = labels_.begin();
  for (const uint32_t start :
       std::span(starts_.begin(), starts_.end()).subspan(skipped_words_ == 0 ? 0 : 1)) {
    while (label != labels_.end() && *label < start) ++label;
    const bool is_label = label != labels_.end() && *label == start;
    follows = record_translated(code_[start], code_[start + 1], follows && !is_label);
  }
}

/// Picks the row that makes the code from the instruction at `index` on cheapest, if one makes it cheaper.
void Translator::choose_row(size_t index) {
  Join& best = joins_[index];
  Walk walk(superinstructions_, best.member->first);
  for (size_t next = index + 1; joins_[next].may_follow();) {
    const Join& join = joins_[next++];
    if (!walk.step(*join.member, join.feeds)) return;
    for (const Walk::Place& place : walk.places()) {
      const Handler joined = superinstructions_.joined_at(place.node);
      const uint32_t cost = kDispatchCost + joins_[next].cost - kFeedGain * place.fed;
      if (joined == nullptr || cost > best.cost) continue;
      best.handler = joined;
      best.length = static_cast<uint8_t>(next - index);
      best.cost = cost;
    }
  }
}

/// Fills joins_ with what each instruction is, and where its operands come from.
void Translator::find_feeds() {
  const auto count = static_cast<uint32_t>(starts_.size());
  if (joins_.size() <= count) joins_.resize(2 * size_t{count} + 1);
  if (kMostWriters - earlier_instructions_ <= count) {
    std::ranges::fill(writers_, 0);
    earlier_instructions_ = 1;
  }
  const uint32_t most = superinstructions_.longest() - 1;
  const uint32_t* label = labels_.begin();
  const uint32_t* const last_label = labels_.end();
  const SuperinstructionTable::Member* before = nullptr;
  uint32_t behind = 0;  // how many instructions before this one a row with it may have
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t start = starts_[i];
    const SuperinstructionTable::Member* const member =
        superinstructions_.member(reinterpret_cast<Handler>(code_[start]));
    while (label != last_label && *label < start) ++label;
    const bool is_label = label != last_label && *label == start;
    Join& join = joins_[i];
    join = {};
    join.member = member;
    if (!is_label && before != nullptr && member != nullptr) {
      join.adjacency = superinstructions_.adjacency(*before, *member);
    }
    behind = join.may_follow() ? std::min(behind + 1, most) : 0;
    before = member;
    if (member == nullptr) continue;
    const Word operands = code_[start + 1];
    const uint32_t number = earlier_instructions_ + i;
    if (join.may_follow()) join.feeds = feeds_of(*member, operands, number, behind);
    if (member->slots.written != SlotType::none) {
      writers_[operands & 0xffff] = number << kWrittenBits | static_cast<uint32_t>(member->slots.written);
    }
  }
  joins_[count] = {};
  // Costs count down from the end, and feeds are subtracted: an offset keeps them above zero.
  joins_[count].cost = count * kFields * kFeedGain;
  earlier_instructions_ += count;
}

/// For each slot that the instruction with this number reads: which one of the `most` before it wrote that
/// last, unless it wrote another type.
Feeds Translator::feeds_of(const SuperinstructionTable::Member& member, Word operands, uint32_t number,
                           uint32_t most) const {
  const Word slots = operands & member.read_mask;  // other fields may be anything: look at slot 0 for them
  Feeds feeds = 0;
  for (unsigned index = 0; index < kFields; ++index) {
    const uint32_t writer = writers_[slots >> 16 * index & 0xffff];
    const uint32_t distance = number - (writer >> kWrittenBits);
    const bool is_fed = (distance <= most) & (member.passes[index] >> (writer & kWrittenMask) & 1);
    feeds = with_distance(feeds, index, is_fed ? distance : 0);
  }
  return feeds;
}

}  // namespace heddle::engine
