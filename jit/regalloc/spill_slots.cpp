// SPDX-License-Identifier: Apache-2.0
// SpillSlots: a heap of ends tells when a slot becomes free.
#include "jit/regalloc/spill_slots.h"

#include <algorithm>

namespace heddle::jit::regalloc {

void SpillSlots::reset() {
  slots_.clear();
  ends_.clear();
  for (auto& list : free_) list.clear();
}

uint32_t SpillSlots::take(Position from, Position to, uint8_t width, uint32_t preferred) {
  uint32_t slot = preferred;
  if (slot >= slots_.size() || slots_[slot].width != width || slots_[slot].busy_until > from) {
    slot = find_free(from, width);
  }
  slots_[slot].busy_until = to;
  ends_.push_back({to, slot});
  std::push_heap(ends_.begin(), ends_.end());
  return slot;
}

uint32_t SpillSlots::find_free(Position from, uint8_t width) {
  while (!ends_.empty() && ends_.front().at <= from) {
    std::pop_heap(ends_.begin(), ends_.end());
    const End end = ends_.back();
    ends_.pop_back();
    if (slots_[end.slot].busy_until == end.at) free_[slots_[end.slot].width == 16].push_back(end.slot);
  }
  std::vector<uint32_t>& free = free_[width == 16];
  while (!free.empty()) {
    const uint32_t slot = free.back();
    free.pop_back();
    if (slots_[slot].busy_until <= from) return slot;
  }
  return add(width);
}

uint32_t SpillSlots::add(uint8_t width) {
  if (width == 16 && slots_.size() % 2 != 0) {
    free_[0].push_back(static_cast<uint32_t>(slots_.size()));
    slots_.push_back({0, 8});
  }
  const auto slot = static_cast<uint32_t>(slots_.size());
  slots_.push_back({0, width});
  if (width == 16) slots_.push_back({kNever, 0});
  return slot;
}

}  // namespace heddle::jit::regalloc
