// SPDX-License-Identifier: Apache-2.0
// The table of descriptors: numbers given out, taken back and moved.
#include "wasi/descriptor_table.h"

#include <algorithm>

namespace heddle::wasi {

using engine::MutexLock;

Expected<Fd> DescriptorTable::insert(std::shared_ptr<Descriptor> descriptor) {
  const MutexLock lock(mutex_);
  while (is_open(lowest_free_)) ++lowest_free_;
  if (lowest_free_ >= most_) return Errno::nfile;
  if (lowest_free_ == entries_.size()) entries_.emplace_back();
  entries_[lowest_free_] = std::move(descriptor);
  return lowest_free_++;
}

Expected<std::shared_ptr<Descriptor>> DescriptorTable::find(Fd fd) const {
  const MutexLock lock(mutex_);
  if (!is_open(fd)) return Errno::badf;
  return entries_[fd];
}

Expected<std::shared_ptr<Descriptor>> DescriptorTable::remove(Fd fd) {
  const MutexLock lock(mutex_);
  if (!is_open(fd)) return Errno::badf;
  lowest_free_ = std::min(lowest_free_, fd);
  return std::exchange(entries_[fd], nullptr);
}

Answer DescriptorTable::renumber(Fd from, Fd to) {
  std::shared_ptr<Descriptor> replaced;  // closed when the lock is gone
  const MutexLock lock(mutex_);
  if (!is_open(from) || !is_open(to)) return Errno::badf;
  if (from == to) return {};
  replaced = std::exchange(entries_[to], std::exchange(entries_[from], nullptr));
  lowest_free_ = std::min(lowest_free_, from);
  return {};
}

}  // namespace heddle::wasi
