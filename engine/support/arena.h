// SPDX-License-Identifier: Apache-2.0
// Arena: a bump allocator for data that dies together, such as the tables of one compilation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

namespace heddle::engine {

/// Memory that is handed out piece by piece and given back all at once. No destructors run. Not thread-safe.
/// An arena that cannot get memory returns null (an empty span) and stays usable.
class Arena {
 public:
  static constexpr size_t kDefaultAlignment = 16;
  static constexpr size_t kGreatestAlignment = 4096;

  Arena() = default;
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  /// `bytes` uninitialized bytes, aligned to `alignment`; null if the host has no memory. Zero bytes give a
  /// pointer that must not be read. REQUIRES: alignment is a power of two up to kGreatestAlignment.
  [[nodiscard]] void* allocate(size_t bytes, size_t alignment = kDefaultAlignment) noexcept {
    const uintptr_t start = (next_ + alignment - 1) & ~(static_cast<uintptr_t>(alignment) - 1);
    if (next_ == 0 || start > end_ || bytes > end_ - start) return allocate_in_new_chunk(bytes, alignment);
    next_ = start + bytes;
    bytes_used_ += bytes;
    return reinterpret_cast<void*>(start);
  }

  /// `count` value-initialized objects; an empty span if count is 0 or the host has no memory for so many.
  template <class T>
  [[nodiscard]] std::span<T> allocate_array(size_t count) noexcept {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    if (count == 0 || count > SIZE_MAX / sizeof(T)) return {};
    T* const first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    if (first == nullptr) return {};
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }

  /// Forgets all allocations. Keeps the newest chunk for the next ones, unless it is a large one.
  void reset() noexcept;

  /// The sum of all sizes asked for since construction or reset().
  [[nodiscard]] size_t bytes_used() const noexcept { return bytes_used_; }

 private:
  struct Chunk {
    Chunk* older;
    size_t size;  ///< of the whole chunk, this header included
  };

  void* allocate_in_new_chunk(size_t bytes, size_t alignment) noexcept;
  void release() noexcept;
  void release_older(Chunk* chunk) noexcept;
  void open(Chunk* chunk) noexcept;

  Chunk* newest_ = nullptr;
  uintptr_t next_ = 0;  ///< the first free byte of the newest chunk; 0 without a chunk
  uintptr_t end_ = 0;
  size_t bytes_used_ = 0;
};

}  // namespace heddle::engine
