// SPDX-License-Identifier: Apache-2.0
// MarkStack: objects that are marked but not traced yet. Grows as it can and says when it cannot.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/gc/object.h"

namespace heddle::engine::gc {

class MarkStack {
 public:
  MarkStack() = default;
  ~MarkStack() { std::free(static_cast<void*>(entries_)); }
  MarkStack(const MarkStack&) = delete;
  MarkStack& operator=(const MarkStack&) = delete;

  /// False if there is no room and no memory for more.
  [[nodiscard]] bool push(Object* object) noexcept {
    if (size_ == capacity_ && !grow()) return false;
    entries_[size_++] = object;
    return true;
  }
  /// Null when empty.
  [[nodiscard]] Object* pop() noexcept { return size_ == 0 ? nullptr : entries_[--size_]; }

  /// Gives the memory of a deep graph back.
  void shrink() noexcept {
    if (capacity_ <= kKept) return;
    std::free(static_cast<void*>(entries_));
    entries_ = nullptr;
    capacity_ = 0;
  }

  void limit(size_t entries) noexcept { most_ = entries; }

 private:
  static constexpr size_t kKept = 1 << 14;

  [[nodiscard]] bool grow() noexcept {
    const size_t wanted = std::min(most_, std::max<size_t>(256, 2 * capacity_));
    if (wanted <= capacity_) return false;
    void* const bigger = std::realloc(static_cast<void*>(entries_), wanted * sizeof(Object*));
    if (bigger == nullptr) return false;
    entries_ = static_cast<Object**>(bigger);
    capacity_ = wanted;
    return true;
  }

  Object** entries_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t most_ = SIZE_MAX / sizeof(Object*);
};

}  // namespace heddle::engine::gc
