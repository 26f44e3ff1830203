// SPDX-License-Identifier: Apache-2.0
// BlockTable: which addresses are blocks of this heap: a hash set that conservative roots are looked up in.
#pragma once

#include <cstdint>

#include "engine/gc/block.h"

namespace heddle::engine::gc {

/// Open addressing, linear probing, at most half full. Nothing in here throws or aborts.
class BlockTable {
 public:
  BlockTable() = default;
  ~BlockTable();
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;

  /// False if the host has no memory for it.
  [[nodiscard]] bool insert(Block* block) noexcept;
  void erase(Block* block) noexcept;

  /// The block that this address lies in the first 64 KiB of, or null.
  [[nodiscard]] Block* find(uint64_t address) const noexcept {
    const uint64_t key = address & ~(kBlockBytes - 1);
    if (key < lowest_ || key > highest_) return nullptr;
    for (uint64_t place = hash(key);; ++place) {
      Block* const block = slots_[place & mask_];
      if (block == nullptr || reinterpret_cast<uint64_t>(block) == key) return block;
    }
  }

 private:
  [[nodiscard]] uint64_t hash(uint64_t key) const noexcept {
    return (key / kBlockBytes * 0x9e3779b97f4a7c15) >> 32;
  }
  [[nodiscard]] bool grow() noexcept;
  void place(Block* block) noexcept;

  Block** slots_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t count_ = 0;
  uint64_t lowest_ = UINT64_MAX;
  uint64_t highest_ = 0;
};

}  // namespace heddle::engine::gc
