// SPDX-License-Identifier: Apache-2.0
// Region: the shared allocator's bookkeeping as hosts work on it, which a guest may have spoiled.
//
// The algorithms are those of threads/guest/heddle/allocator.h, which tells them. What differs: every number
// is read once and an index beyond the region counts as page 0, so that nothing outside is touched; lists are
// followed for at most as many steps as there are pages, so that a circle comes to an end.
#pragma once

#include <cstdint>
#include <optional>

#include "threads/sync/word.h"

namespace heddle::sync {

/// One operation on a region: made for a call, and gone after it.
class Region {
 public:
  Region(const detail::Place& place, uint32_t pages, uint32_t first_page)
      : place_(place),
        header_(place.as<heddle_allocator>()),
        table_(reinterpret_cast<heddle_page*>(&header_ + 1)),
        pages_(pages),
        first_page_(first_page) {}

  /// Writes an empty bookkeeping. REQUIRES: nobody uses the region.
  void initialize() noexcept;

  /// Offsets are in bytes from page 0.
  std::optional<uint64_t> allocate(uint64_t bytes, uint64_t alignment) noexcept;
  bool free(uint64_t offset) noexcept;
  [[nodiscard]] uint64_t block_bytes(uint64_t offset) const noexcept;

 private:
  heddle_page& row(uint32_t page) const noexcept { return table_[page < pages_ ? page : 0]; }
  heddle_size_class& entry(uint32_t size_class) const noexcept { return header_.classes[size_class]; }

  // Of region_pages.cpp: runs of pages. All of them expect the pool's lock.
  uint32_t& bin_of(uint32_t length) const noexcept;
  void mark(uint32_t first, uint32_t length, uint32_t kind) noexcept;
  void insert(uint32_t first, uint32_t length) noexcept;
  void remove(uint32_t first) noexcept;
  [[nodiscard]] std::optional<uint32_t> find(uint32_t length) const noexcept;
  [[nodiscard]] std::optional<uint32_t> take(uint32_t count, uint64_t alignment, uint32_t kind) noexcept;
  void give_back(uint32_t first, uint32_t count) noexcept;
  /// These take the lock.
  [[nodiscard]] std::optional<uint32_t> take_locked(uint32_t count, uint64_t alignment,
                                                    uint32_t kind) noexcept;
  [[nodiscard]] bool free_large(uint32_t page) noexcept;

  // Of region.cpp: blocks of a size class.
  [[nodiscard]] std::optional<uint64_t> allocate_small(uint32_t size_class) noexcept;
  [[nodiscard]] std::optional<uint64_t> take_block(uint32_t page, uint32_t size_class) noexcept;
  bool free_block(uint32_t page, uint32_t within, uint64_t used) noexcept;
  void tend(uint32_t size_class, uint32_t page) noexcept;
  [[nodiscard]] bool refill(uint32_t size_class) noexcept;  ///< expects the class's lock, as the next two
  void list(uint32_t size_class, uint32_t page) noexcept;
  void unlist(uint32_t size_class, uint32_t page) noexcept;

  const detail::Place& place_;
  heddle_allocator& header_;
  heddle_page* const table_;
  const uint32_t pages_;
  const uint32_t first_page_;
};

/// Single accesses to what a lock guards: the lock orders them, but a guest that ignores it must not make
/// them more.
inline uint32_t peek(const uint32_t& field) noexcept { return __atomic_load_n(&field, __ATOMIC_RELAXED); }
inline void poke(uint32_t& field, uint32_t value) noexcept {
  __atomic_store_n(&field, value, __ATOMIC_RELAXED);
}

/// Holds a lock of the region for a scope.
class WordLock {
 public:
  WordLock(const detail::Place& place, heddle_mutex& mutex) noexcept : place_(place), mutex_(mutex) {
    lock_until(place, mutex, kNever);
  }
  ~WordLock() { unlock(place_, mutex_); }
  WordLock(const WordLock&) = delete;
  WordLock& operator=(const WordLock&) = delete;

 private:
  const detail::Place& place_;
  heddle_mutex& mutex_;
};

}  // namespace heddle::sync
