// SPDX-License-Identifier: Apache-2.0
// RootTable: the objects that a host holds references to, each until its handle is gone.
//
// Threads: any; handles may be dropped wherever they are.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/gc/heap.h"
#include "engine/support/thread_annotations.h"

namespace heddle::engine::gc {

class RootTable {
 public:
  /// Keeps what the slot refers to alive until remove() of the number returned.
  [[nodiscard]] size_t add(uint64_t slot) HEDDLE_EXCLUDES(mutex_);
  void remove(size_t number) HEDDLE_EXCLUDES(mutex_);
  void show(Marker& marker) const HEDDLE_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::vector<uint64_t> slots_ HEDDLE_GUARDED_BY(mutex_);
  std::vector<size_t> free_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::engine::gc
