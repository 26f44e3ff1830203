// SPDX-License-Identifier: Apache-2.0
// Stack: a vector of plain values that is pushed to and popped from many times for each instruction.
//
// What std::vector spends on a push, translation would notice: its growth is inlined everywhere, and a value
// is made somewhere else before it is copied in. Here growth is one call away, and push() leaves a place to
// fill in.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>

namespace heddle::engine {

/// Not thread-safe. Without memory it fails as std::vector does.
template <class T>
class Stack {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  /// A new last value, for the caller to fill in: what it holds means nothing.
  [[nodiscard]] T& push() {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return values_[size_++];
  }
  /// Several at once.
  template <size_t kCount>
  [[nodiscard]] std::span<T, kCount> push() {
    if (capacity_ - size_ < kCount) [[unlikely]]
      grow();
    T* const first = &values_[size_];
    size_ += kCount;
    return std::span<T, kCount>(first, kCount);
  }
  void push_back(const T& value) {
    const T copy = value;  // it may be one of these
    push() = copy;
  }
  void pop_back() {
    assert(size_ > 0);
    --size_;
  }
  void clear() { size_ = 0; }
  /// Forgets the last values. REQUIRES: size <= size().
  void shrink_to(size_t size) {
    assert(size <= size_);
    size_ = size;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] T& operator[](size_t index) {
    assert(index < size_);
    return values_[index];
  }
  [[nodiscard]] const T& operator[](size_t index) const {
    assert(index < size_);
    return values_[index];
  }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }
  [[nodiscard]] T* begin() { return values_.get(); }
  [[nodiscard]] T* end() { return values_.get() + size_; }
  [[nodiscard]] const T* begin() const { return values_.get(); }
  [[nodiscard]] const T* end() const { return values_.get() + size_; }
  [[nodiscard]] const T* data() const { return values_.get(); }

 private:
  [[gnu::noinline, gnu::cold]] void grow() {
    const size_t capacity = std::max<size_t>(2 * capacity_, 64);
    auto values = std::make_unique_for_overwrite<T[]>(capacity);
    std::copy_n(values_.get(), size_, values.get());
    values_ = std::move(values);
    capacity_ = capacity;
  }

  std::unique_ptr<T[]> values_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace heddle::engine
