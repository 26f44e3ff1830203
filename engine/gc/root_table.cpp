// SPDX-License-Identifier: Apache-2.0
// RootTable: numbers of dropped handles are used again.
#include "engine/gc/root_table.h"

namespace heddle::engine::gc {

size_t RootTable::add(uint64_t slot) {
  const MutexLock lock(mutex_);
  if (free_.empty()) {
    slots_.push_back(slot);
    free_.reserve(slots_.capacity());  // remove() must not need memory
    return slots_.size() - 1;
  }
  const size_t number = free_.back();
  free_.pop_back();
  slots_[number] = slot;
  return number;
}

void RootTable::remove(size_t number) {
  const MutexLock lock(mutex_);
  slots_[number] = 0;
  free_.push_back(number);
}

void RootTable::show(Marker& marker) const {
  const MutexLock lock(mutex_);
  marker.precise(slots_);
}

}  // namespace heddle::engine::gc
