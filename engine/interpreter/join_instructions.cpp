// SPDX-License-Identifier: Apache-2.0
// The last step of translation: instructions that always follow each other get one handler for all of them.
//
// The handler of the first is replaced, those of the others are taken out. Between labels, those sequences
// are picked that cost least: at each instruction it is known which rows end there, and what the cheapest way
// to come to their beginnings costs.
#include <algorithm>
#include <bit>

#include "engine/interpreter/operation_profile.h"
#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

// What a superinstruction saves: a dispatch for every instruction but its first, and the way through the
// frame for every operand that one of its instructions feeds to another.
constexpr int32_t kDispatchCost = 2;
constexpr int32_t kFeedGain = 1;

}  // namespace

void Translator::join_instructions() {
  if (kProfilesOperations && records_translated()) profile_code();
  find_rows();
  close_up();
}

/// Puts the superinstructions' handlers in, takes out the words that nobody needs then, and leads branches to
/// where their targets are now.
void Translator::close_up() {
  const auto count = static_cast<uint32_t>(starts_.size());
  const auto end = static_cast<uint32_t>(code_.size());
  if (moved_.size() <= end) moved_.resize(2 * size_t{end} + 1);
  starts_.push_back(end);
  (void)code_.push();  // so that two words can always be copied
  Word* const code = code_.begin();
  uint32_t to = 0;
  const auto move = [&](uint32_t start, uint32_t next, uint32_t taken_out) {
    moved_[start] = to - taken_out;
    const Word* from = code + start + taken_out;
    const uint32_t length = next - start - taken_out;
    const Word first = from[0];
    const Word second = from[1];
    code[to] = first;
    code[to + 1] = second;
    for (uint32_t word = 2; word < length; ++word) code[to + word] = from[word];
    to += length;
  };
  for (uint32_t i = 0; i < count;) {
    const uint32_t row_end = i + joins_[i].begins;
    if (row_end > i + 1) code[starts_[i]] = word_of(joins_[row_end].row);
    move(starts_[i], starts_[i + 1], 0);
    while (++i < row_end) move(starts_[i], starts_[i + 1], joins_[i].keeps_handler ? 0 : 1);
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
    const Word operands = start + 1 < code_.size() ? code_[start + 1] : 0;
    follows = record_translated(code_[start], operands, follows && !is_label);
  }
}

/// Picks the rows that make the code cheapest: joins_ says where they begin and how long they are.
void Translator::find_rows() {
  const auto count = static_cast<uint32_t>(starts_.size());
  const uint32_t first = skipped_words_ == 0 ? 0 : 1;
  if (joins_.size() <= count) joins_.resize(2 * size_t{count} + 1);
  if (kMostWriters - earlier_instructions_ <= count) {
    std::ranges::fill(writers_, 0);
    earlier_instructions_ = 1;
  }
  automaton_.limit_size();
  labels_.push_back(UINT32_MAX);
  const uint32_t* label = labels_.begin();
  RowAutomaton::State state = RowAutomaton::kStart;
  joins_[first].cost = 0;
  for (uint32_t i = first; i < count; ++i) {
    const uint32_t start = starts_[i];
    const SuperinstructionTable::Member* const member =
        superinstructions_.member(reinterpret_cast<Handler>(code_[start]));
    while (*label < start) ++label;
    if (*label == start) state = RowAutomaton::kStart;
    Join& behind = joins_[i + 1];
    behind.cost = joins_[i].cost + kDispatchCost;
    behind.length = 1;
    if (member == nullptr) {
      state = RowAutomaton::kStart;
      continue;
    }
    joins_[i].keeps_handler = member->keeps_handler;
    const Word operands = code_[start + 1];
    const uint32_t number = earlier_instructions_ + i;
    if (const uint32_t reach = automaton_.reach(state, *member); reach > 0) {
      state = automaton_.step(state, *member, feeds_of(*member, operands, number, reach));
      for (const RowAutomaton::End& end : automaton_.ends(state)) {
        const int32_t cost = joins_[i + 1 - end.length].cost + kDispatchCost - kFeedGain * end.fed;
        if (cost > behind.cost) continue;
        behind.cost = cost;
        behind.length = end.length;
        behind.row = end.handler;
      }
    } else {
      state = automaton_.begin(*member);
    }
    if (member->slots.written != SlotType::none) {
      writers_[operands & 0xffff] = number << kWrittenBits | static_cast<uint32_t>(member->slots.written);
    }
  }
  labels_.pop_back();
  earlier_instructions_ += count;

  joins_[0].begins = 1;
  for (uint32_t i = count; i > first;) {
    const uint8_t length = joins_[i].length;
    i -= length;
    joins_[i].begins = length;
  }
}

/// For each slot that the instruction with this number reads: which one of the `most` before it wrote that
/// last, unless it wrote another type.
Feeds Translator::feeds_of(const SuperinstructionTable::Member& member, Word operands, uint32_t number,
                           uint32_t most) const {
  Feeds feeds = 0;
  for (unsigned left = member.reads; left != 0; left &= left - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(left));
    const uint32_t writer = writers_[operands >> 16 * index & 0xffff];
    const uint32_t distance = number - (writer >> kWrittenBits);
    const bool is_fed = (distance <= most) & (member.passes[index] >> (writer & kWrittenMask) & 1);
    feeds = with_distance(feeds, index, is_fed ? distance : 0);
  }
  return feeds;
}

}  // namespace heddle::engine
