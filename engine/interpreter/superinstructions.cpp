// SPDX-License-Identifier: Apache-2.0
// The making of the superinstruction table.
#include "engine/interpreter/superinstructions.h"

#include <algorithm>
#include <bit>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/operation_profile.h"

namespace heddle::engine {

SuperinstructionTable::SuperinstructionTable() {
  if (!kProfilesOperations) {  // a profile is one of single instructions
    add_superinstructions_0(rows_);
    add_superinstructions_1(rows_);
    add_superinstructions_2(rows_);
    add_superinstructions_3(rows_);
  }
  size_t most_nodes = 1;
  for (const Superinstruction& row : rows_) most_nodes += row.parts.size();
  edges_.resize(std::bit_ceil(2 * most_nodes));
  members_.resize(edges_.size());
  mask_ = edges_.size() - 1;
  nodes_.emplace_back();
  for (const Superinstruction& row : rows_) add_row(row);
}

void SuperinstructionTable::add_row(const Superinstruction& row) {
  // A null handler is a shape that does not exist: nothing is ever joined to it.
  const auto is_absent = [](const SuperinstructionPart& part) { return *part.handler == nullptr; };
  if (std::ranges::any_of(row.parts, is_absent)) return;
  Node node = kRoot;
  for (const SuperinstructionPart& part : row.parts) node = grow(node, part);
  nodes_[node].joined = row.handler;
  longest_ = std::max(longest_, row.parts.size());
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
  size_t i = hash(node, member.handler, part.feeds) & mask_;
  while (edges_[i].next != nullptr) i = (i + 1) & mask_;
  edges_[i] = {member.handler, part.feeds, node, made};
  return made;
}

SuperinstructionTable::Member& SuperinstructionTable::add_member(const SuperinstructionPart& part) {
  size_t i = hash(kRoot, *part.handler, 0) & mask_;
  while (members_[i].handler != nullptr && members_[i].handler != *part.handler) i = (i + 1) & mask_;
  Member& member = members_[i];
  if (member.handler == nullptr) member = {*part.handler, part.use, uint64_t{1} << i % 64, kNowhere};
  return member;
}

const SuperinstructionTable& superinstructions() {
  static const SuperinstructionTable table = [] {
    (void)handlers();
    return SuperinstructionTable();
  }();
  return table;
}

}  // namespace heddle::engine
