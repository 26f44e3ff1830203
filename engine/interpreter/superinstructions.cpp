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
  uses_.resize(edges_.size());
  mask_ = edges_.size() - 1;
  joined_.push_back(nullptr);
  for (const Superinstruction& row : rows_) add_row(row);
}

void SuperinstructionTable::add_row(const Superinstruction& row) {
  // A null handler is a shape that does not exist: nothing is ever joined to it.
  const auto is_absent = [](const SuperinstructionPart& part) { return *part.handler == nullptr; };
  if (std::ranges::any_of(row.parts, is_absent)) return;
  Node node = kRoot;
  for (const SuperinstructionPart& part : row.parts) {
    add_use(part);
    node = grow(node, part);
  }
  joined_[node] = row.handler;
  places_.emplace(word_of(row.handler), static_cast<size_t>(&row - rows_.data()));
}

/// Steps on, to a new node if need be.
SuperinstructionTable::Node SuperinstructionTable::grow(Node node, const SuperinstructionPart& part) {
  const Node known = step(node, *part.handler, part.feeds);
  if (known != kNowhere) return known;
  const Node made = static_cast<Node>(joined_.size());
  joined_.push_back(nullptr);
  size_t i = hash(node, *part.handler, part.feeds) & mask_;
  while (edges_[i].next != nullptr) i = (i + 1) & mask_;
  edges_[i] = {*part.handler, part.feeds, node, made};
  return made;
}

void SuperinstructionTable::add_use(const SuperinstructionPart& part) {
  size_t i = hash(kRoot, *part.handler, 0) & mask_;
  while (uses_[i].handler != nullptr && uses_[i].handler != *part.handler) i = (i + 1) & mask_;
  uses_[i] = {*part.handler, part.use};
}

const SuperinstructionTable& superinstructions() {
  static const SuperinstructionTable table = [] {
    (void)handlers();
    return SuperinstructionTable();
  }();
  return table;
}

}  // namespace heddle::engine
