// SPDX-License-Identifier: Apache-2.0
// The making of the superinstruction table.
#include "engine/interpreter/superinstructions.h"

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
  entries_.resize(std::bit_ceil(2 * rows_.size() + 1));
  mask_ = entries_.size() - 1;
  for (const Superinstruction& row : rows_) {
    // A null handler is a shape that does not exist: nothing is ever joined to it.
    if (*row.prefix == nullptr || *row.last == nullptr) continue;
    size_t i = hash(*row.prefix, *row.last) & mask_;
    while (entries_[i].first != nullptr) i = (i + 1) & mask_;
    entries_[i] = {*row.prefix, *row.last, row.handler};
    prefixes_.emplace(word_of(row.handler), *row.prefix);
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
