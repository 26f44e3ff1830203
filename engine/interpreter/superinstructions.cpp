// SPDX-License-Identifier: Apache-2.0
// The making of the superinstruction table.
#include "engine/interpreter/superinstructions.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/operation_profile.h"

namespace heddle::engine {

namespace {

/// A null handler is a shape that does not exist: nothing is ever joined to it.
[[nodiscard]] bool is_absent(const Superinstruction& row) {
  return std::ranges::any_of(row.parts, [](const auto& part) { return *part.handler == nullptr; });
}

}  // namespace

SuperinstructionTable::SuperinstructionTable() {
  if (!kProfilesOperations) {  // a profile is one of single instructions
    add_superinstructions_0(rows_);
    add_superinstructions_1(rows_);
    add_superinstructions_2(rows_);
    add_superinstructions_3(rows_);
  }
  size_t parts = 0;
  for (const Superinstruction& row : rows_) parts += row.parts.size();
  edges_.resize(std::bit_ceil(2 * parts + 1));
  members_.resize(edges_.size());
  edge_mask_ = member_mask_ = edges_.size() - 1;
  nodes_.emplace_back();
  for (const Superinstruction& row : rows_) add_row(row);
  shrink();
  find_pairs();
}

void SuperinstructionTable::add_row(const Superinstruction& row) {
  if (is_absent(row)) return;
  Node node = kRoot;
  for (const SuperinstructionPart& part : row.parts) node = grow(node, part);
  nodes_[node].joined = row.handler;
  longest_ = std::max(longest_, static_cast<uint32_t>(row.parts.size()));
  places_.emplace(word_of(row.handler), static_cast<size_t>(&row - rows_.data()));
}

/// Steps on, to a new node if need be.
SuperinstructionTable::Node SuperinstructionTable::grow(Node node, const SuperinstructionPart& part) {
  Member& member = add_member(part);
  const Node known = step(node, member, part.feeds);
  if (known != kNowhere) return known;
  const Node made = static_cast<Node>(nodes_.size());
  nodes_.emplace_back();
  if (node == kRoot) return member.first = made;
  nodes_[node].next |= member.bit;
  insert(edges_, edge_mask_, {node, member.number, part.feeds, made});
  ++edge_count_;
  return made;
}

SuperinstructionTable::Member& SuperinstructionTable::add_member(const SuperinstructionPart& part) {
  if (const Member* known = member(*part.handler)) return const_cast<Member&>(*known);
  Member made;
  made.handler = *part.handler;
  made.number = member_count_++;
  made.bit = uint64_t{1} << made.number % 64;
  made.keeps_handler = part.keeps_handler;
  made.slots = part.use;
  for (unsigned index = 0; index < made.passes.size(); ++index) {
    const SlotType read = part.use.read[index];
    if (read == SlotType::none) continue;
    made.read_mask |= Word{0xffff} << 16 * index;
    for (const SlotType written : {SlotType::integer, SlotType::f32, SlotType::f64, SlotType::copied}) {
      const bool passes = passes_on(written, read);
      made.passes[index] |= static_cast<uint8_t>(passes << static_cast<unsigned>(written));
    }
  }
  return insert(members_, member_mask_, made);
}

/// The tables were made for the most there can be; what is looked up often stands closer together.
void SuperinstructionTable::shrink() {
  const auto move = [](auto& table, size_t& mask, size_t count) {
    auto old = std::exchange(table, {});
    table.resize(std::bit_ceil(2 * count + 1));
    mask = table.size() - 1;
    for (const auto& entry : old) {
      if (!entry.is_free()) insert(table, mask, entry);
    }
  };
  move(edges_, edge_mask_, edge_count_);
  move(members_, member_mask_, member_count_);
}

void SuperinstructionTable::find_pairs() {
  const uint32_t words = (member_count_ + 31u) / 32;
  pairs_.resize(size_t{member_count_} * words);
  for (Member& member : members_) member.pairs = member.number * words;
  for (const Superinstruction& row : rows_) {
    if (is_absent(row)) continue;
    for (size_t i = 1; i < row.parts.size(); ++i) {
      const Member* first = member(*row.parts[i - 1].handler);
      const Member* second = member(*row.parts[i].handler);
      const auto adjacency = static_cast<uint64_t>(i == 1 ? Adjacency::begins : Adjacency::some);
      pairs_[first->pairs + second->number / 32u] |= adjacency << second->number % 32 * 2;
    }
  }
}

const SuperinstructionTable& superinstructions() {
  static const SuperinstructionTable table = [] {
    (void)handlers();
    return SuperinstructionTable();
  }();
  return table;
}

}  // namespace heddle::engine
