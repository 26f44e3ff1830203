// SPDX-License-Identifier: Apache-2.0
// FiberStacks: the native stacks of fibers, cut from large mappings and recycled, warmest first.
//
// A mapping per stack would end at the kernel's limit of 65,530 mappings, and guard pages at half of that, so
// there are no guard pages: guest code checks its depth itself (ExecContext::native_stack_limit), and the
// canary at a stack's low end is looked at whenever a fiber stops running. Only pages that were touched take
// memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/support/thread_annotations.h"

namespace heddle::threads {

/// Address space of one stack; [low, low + size).
struct FiberStack {
  uint8_t* low = nullptr;
  size_t size = 0;

  [[nodiscard]] uint8_t* high() const noexcept { return low + size; }
  explicit operator bool() const noexcept { return low != nullptr; }
};

/// Threads: any.
class FiberStacks {
 public:
  explicit FiberStacks(size_t stack_bytes = kDefaultBytes);
  ~FiberStacks();  ///< REQUIRES: nobody uses any of them
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;

  /// A stack; empty if the host has no memory for more.
  [[nodiscard]] FiberStack take() HEDDLE_EXCLUDES(mutex_);
  void give_back(FiberStack stack) HEDDLE_EXCLUDES(mutex_);
  /// Returns the memory of stacks not in use to the host; they stay reserved. How many.
  size_t trim() HEDDLE_EXCLUDES(mutex_);
  /// Returns the memory below `depth` of a stack in use to the host: what ran there is over. REQUIRES: called
  /// on this stack, whose frames from there on are not needed.
  static void release_below(const FiberStack& stack, const void* depth) noexcept;

  /// Clears the canary; done by take().
  static void arm(const FiberStack& stack) noexcept;
  /// Has anything run over the low end?
  [[nodiscard]] static bool intact(const FiberStack& stack) noexcept {
    Canary words;
    std::memcpy(&words, stack.low, sizeof words);
    uint64_t any = 0;
    for (const uint64_t word : words) any |= word;
    return any == 0;
  }

  static constexpr size_t kDefaultBytes = size_t{512} << 10;

 private:
  static constexpr size_t kSlabStacks = 64;
  /// At the low end of a stack, zero as long as nothing has run over it. It is only read, so that its page
  /// takes no memory: the host maps its one page of zeros there.
  using Canary = std::array<uint64_t, 8>;

  [[nodiscard]] bool add_slab() HEDDLE_REQUIRES(mutex_);
  void unmap_slabs() HEDDLE_REQUIRES(mutex_);

  const size_t stack_bytes_;
  engine::Mutex mutex_;
  std::vector<uint8_t*> slabs_ HEDDLE_GUARDED_BY(mutex_);
  std::vector<uint8_t*> free_ HEDDLE_GUARDED_BY(mutex_);  ///< low ends; the one used last is taken first
  size_t cold_ HEDDLE_GUARDED_BY(mutex_) = 0;             ///< of free_, from its front: hold no memory
};

}  // namespace heddle::threads
