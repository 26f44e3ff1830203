// SPDX-License-Identifier: Apache-2.0
// ExecutableMemory: a range of pages for machine code, which are never writable and executable at one
// address.
//
// The range is mapped twice: at one address it runs, at the other it is written. It is one range, so that a
// signal handler can tell by two comparisons whether a fault is of code in it. Only pages that were used take
// memory. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "engine/support/thread_annotations.h"
#include "heddle/result.h"

namespace heddle::jit::x64 {

class ExecutableMemory {
 public:
  static constexpr size_t kDefaultBytes = size_t{1} << 30;

  /// Address space for so many bytes; if the host refuses, there is room for none.
  explicit ExecutableMemory(size_t capacity = kDefaultBytes) noexcept;
  ~ExecutableMemory();
  ExecutableMemory(const ExecutableMemory&) = delete;
  ExecutableMemory& operator=(const ExecutableMemory&) = delete;

  /// A copy of `code` that can be run. Whoever runs it on another thread must have seen its address by an
  /// acquire.
  [[nodiscard]] Result<const void*> add(std::span<const uint8_t> code) noexcept HEDDLE_EXCLUDES(mutex_);
  /// Gives back what add() gave. Nobody may run it any more.
  void release(const void* code) noexcept HEDDLE_EXCLUDES(mutex_);
  /// Where code is.
  [[nodiscard]] std::span<const uint8_t> range() const noexcept { return {executable_, capacity_}; }
  [[nodiscard]] size_t used_bytes() const noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  size_t capacity_ = 0;
  uint8_t* executable_ = nullptr;
  uint8_t* writable_ = nullptr;
  mutable engine::Mutex mutex_;
  std::map<size_t, size_t> free_ HEDDLE_GUARDED_BY(mutex_);  ///< bytes by offset; neighbours are joined
  std::map<size_t, size_t> used_ HEDDLE_GUARDED_BY(mutex_);
  size_t used_bytes_ HEDDLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace heddle::jit::x64
