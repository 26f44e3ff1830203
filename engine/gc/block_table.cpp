// SPDX-License-Identifier: Apache-2.0
// BlockTable: insertion, growth and erasure by backward shift.
#include "engine/gc/block_table.h"

#include <algorithm>
#include <cstdlib>

namespace heddle::engine::gc {

namespace {

uint64_t key_of(const Block* block) { return reinterpret_cast<uint64_t>(block); }

}  // namespace

BlockTable::~BlockTable() { std::free(static_cast<void*>(slots_)); }

bool BlockTable::insert(Block* block) noexcept {
  if (2 * (count_ + 1) > mask_ + 1 || slots_ == nullptr) {
    if (!grow()) return false;
  }
  place(block);
  ++count_;
  lowest_ = std::min(lowest_, key_of(block));
  highest_ = std::max(highest_, key_of(block));
  return true;
}

void BlockTable::place(Block* block) noexcept {
  uint64_t at = hash(key_of(block)) & mask_;
  while (slots_[at] != nullptr) at = (at + 1) & mask_;
  slots_[at] = block;
}

bool BlockTable::grow() noexcept {
  const uint64_t old_size = slots_ == nullptr ? 0 : mask_ + 1;
  const uint64_t size = std::max<uint64_t>(16, 2 * old_size);
  auto** const bigger = static_cast<Block**>(std::calloc(size, sizeof(Block*)));
  if (bigger == nullptr) return false;
  Block** const old = slots_;
  slots_ = bigger;
  mask_ = size - 1;
  for (uint64_t i = 0; i < old_size; ++i) {
    if (old[i] != nullptr) place(old[i]);
  }
  std::free(static_cast<void*>(old));
  return true;
}

void BlockTable::erase(Block* block) noexcept {
  uint64_t hole = hash(key_of(block)) & mask_;
  while (slots_[hole] != block) hole = (hole + 1) & mask_;
  // Whoever was pushed past the hole moves back into it, so that probing never stops early.
  for (uint64_t at = (hole + 1) & mask_; slots_[at] != nullptr; at = (at + 1) & mask_) {
    const uint64_t home = hash(key_of(slots_[at])) & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = nullptr;
  --count_;
}

}  // namespace heddle::engine::gc
