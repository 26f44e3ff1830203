// SPDX-License-Identifier: Apache-2.0
// DescriptorTable: a guest's numbers for its open files.
#pragma once

#include <memory>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "wasi/descriptor.h"

namespace heddle::wasi {

/// Threads: every function may be called from any thread at any time. Files are closed outside of the lock.
class DescriptorTable {
 public:
  explicit DescriptorTable(uint32_t most) : most_(most) {}

  /// Under the lowest free number. Errors: nfile, if the table is full.
  [[nodiscard]] Expected<Fd> insert(std::shared_ptr<Descriptor> descriptor) HEDDLE_EXCLUDES(mutex_);
  /// Errors: badf, if the number is free.
  [[nodiscard]] Expected<std::shared_ptr<Descriptor>> find(Fd fd) const HEDDLE_EXCLUDES(mutex_);
  /// Takes it out, to be closed by the last who uses it. Errors: badf.
  [[nodiscard]] Expected<std::shared_ptr<Descriptor>> remove(Fd fd) HEDDLE_EXCLUDES(mutex_);
  /// Moves `from` to the number `to`, whose file is closed. Both must be open; onto itself changes nothing.
  [[nodiscard]] Answer renumber(Fd from, Fd to) HEDDLE_EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool is_open(Fd fd) const HEDDLE_REQUIRES(mutex_) {
    return fd < entries_.size() && entries_[fd] != nullptr;
  }

  const uint32_t most_;
  mutable engine::Mutex mutex_;
  std::vector<std::shared_ptr<Descriptor>> entries_ HEDDLE_GUARDED_BY(mutex_);
  Fd lowest_free_ HEDDLE_GUARDED_BY(mutex_) = 0;  ///< nothing below is free
};

}  // namespace heddle::wasi
