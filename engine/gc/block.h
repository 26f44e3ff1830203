// SPDX-License-Identifier: Apache-2.0
// Block: 64 KiB, aligned to its size, of cells of one size, with their mark bits; a large object has one of
// its own.
//
// A cell whose first word is null is free; its second word links it to the next free one. Everything else
// begins with an Object's layout.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/gc/object.h"
#include "engine/support/sanitizers.h"

#if HEDDLE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace heddle::engine::gc {

inline constexpr uint64_t kBlockBytes = uint64_t{64} << 10;
inline constexpr uint64_t kGranule = 16;  ///< cells are multiples of it
inline constexpr uint32_t kGreatestCell = 8192;

/// Size classes: multiples of 16 up to 256, then four to each doubling.
inline constexpr unsigned kFineClasses = 16;
inline constexpr unsigned kSizeClasses = kFineClasses + 4 * 5;

/// REQUIRES: 0 < bytes <= kGreatestCell.
[[nodiscard]] constexpr unsigned size_class_of(uint32_t bytes) {
  if (bytes <= 256) return (bytes + 15) / 16 - 1;
  const unsigned log2 = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;  // 2^log2 <= bytes - 1
  const unsigned quarter = ((bytes - 1) >> (log2 - 2)) & 3;
  return kFineClasses + 4 * (log2 - 8) + quarter;
}

[[nodiscard]] constexpr uint32_t cell_bytes(unsigned size_class) {
  if (size_class < kFineClasses) return 16 * (size_class + 1);
  const unsigned log2 = 8 + (size_class - kFineClasses) / 4;
  const unsigned quarter = (size_class - kFineClasses) % 4;
  return (4 + quarter + 1) << (log2 - 2);
}
static_assert(cell_bytes(kSizeClasses - 1) == kGreatestCell &&
              size_class_of(kGreatestCell) == kSizeClasses - 1);

struct FreeCell {
  const TypeLayout* layout;  ///< null
  FreeCell* next;
};

struct Block {
  Block* next = nullptr;  ///< in the list of its state
  uint64_t bytes = 0;     ///< of the whole allocation
  uint32_t cell = 0;      ///< bytes of a cell; of a large object, its own, rounded up to a granule
  uint32_t cells = 0;     ///< 0: an empty block in reserve
  uint32_t size_class = 0;
  bool is_large = false;
  std::array<uint64_t, kBlockBytes / kGranule / 64> marks{};

  static constexpr uint64_t kFirstCell = 640;

  [[nodiscard]] static Block* of(const void* object) {
    return reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(object) & ~(kBlockBytes - 1));
  }
  [[nodiscard]] uint8_t* first() noexcept { return reinterpret_cast<uint8_t*>(this) + kFirstCell; }
  [[nodiscard]] FreeCell* cell_at(uint32_t index) noexcept {
    return reinterpret_cast<FreeCell*>(first() + uint64_t{index} * cell);
  }

  [[nodiscard]] static unsigned granule_of(const void* object) {
    return static_cast<unsigned>((reinterpret_cast<uintptr_t>(object) & (kBlockBytes - 1)) / kGranule);
  }
  [[nodiscard]] bool is_marked(const void* object) const {
    const unsigned bit = granule_of(object);
    return (marks[bit / 64] >> (bit % 64) & 1) != 0;
  }
  /// Marks; false if it was marked already.
  bool mark(const void* object) {
    const unsigned bit = granule_of(object);
    const uint64_t mask = uint64_t{1} << (bit % 64);
    if ((marks[bit / 64] & mask) != 0) return false;
    marks[bit / 64] |= mask;
    return true;
  }
};
static_assert(sizeof(Block) <= Block::kFirstCell && Block::kFirstCell % kGranule == 0);

// Under AddressSanitizer a free cell is poisoned behind its two words.
inline void poison(void* begin, size_t bytes) {
#if HEDDLE_ADDRESS_SANITIZER
  __asan_poison_memory_region(begin, bytes);
#else
  (void)begin, (void)bytes;
#endif
}
inline void unpoison(void* begin, size_t bytes) {
#if HEDDLE_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(begin, bytes);
#else
  (void)begin, (void)bytes;
#endif
}

}  // namespace heddle::engine::gc
