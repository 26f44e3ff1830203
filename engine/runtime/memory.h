// SPDX-License-Identifier: Apache-2.0
// Memory: one linear memory, reserved once so that its base never moves; shared ones may be used by many
// threads.
//
// Two modes. `guarded`: 4 GiB plus guards are reserved and every 32-bit access with a 32-bit offset that
// leaves the memory hits unmapped pages (see runtime/signals.h). `checked`: accesses compare with byte_size()
// first; used for memory64, custom page sizes, or where address space is short. The mode is a property of the
// memory; code asks needs_checks().
//
// Threads: type, base and mode are immutable. The size is an atomic that only grows; grow() is serialized by
// an internal lock and publishes the size after the pages are usable. (Threads proposal, memory.grow; design
// section 5)
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/module/module.h"
#include "engine/support/thread_annotations.h"
#include "heddle/result.h"

namespace heddle::engine {

enum class MemoryMode : uint8_t { automatic, guarded, checked };

/// What `wanted` means in this process: `guarded` if faults can be turned into traps and the host gave 8 GiB
/// of address space when asked first, else `checked`. Never `automatic`. An engine asks once and uses the
/// answer for all its memories and its code, since code is shared by instances: every memory32 with 64 KiB
/// pages of a guarded engine is guarded, or its creation fails.
[[nodiscard]] MemoryMode resolve_memory_mode(MemoryMode wanted) noexcept;

/// The mode of memories of `type` in an engine whose mode is `engine_mode`; depends on nothing else.
[[nodiscard]] MemoryMode memory_mode_of(const MemoryType& type, MemoryMode engine_mode) noexcept;

/// Asked before a memory or table grows; see Store limits. Called with the owner's lock free.
class GrowthLimiter {
 public:
  virtual ~GrowthLimiter() = default;
  /// May `bytes` more be committed? Accounts for them if so.
  virtual bool reserve_memory(uint64_t bytes) = 0;
  virtual bool reserve_table(uint64_t elements) = 0;
  virtual void release_memory(uint64_t bytes) = 0;
  virtual void release_table(uint64_t elements) = 0;
};

class Memory {
 public:
  /// Bytes beyond the 4 GiB that a guarded memory reserves: covers every 32-bit offset plus the widest
  /// access.
  static constexpr uint64_t kGuardBytes = (uint64_t{4} << 30) + (uint64_t{64} << 10);

  /// Reserves and zeroes. `mode` is the engine's; see memory_mode_of(). `limiter` may be null. A minimum that
  /// the limiter or the host refuses is an Error (resource), never an abort.
  [[nodiscard]] static Result<std::shared_ptr<Memory>> create(const MemoryType& type, MemoryMode mode,
                                                              std::shared_ptr<GrowthLimiter> limiter);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] uint8_t* base() const noexcept { return base_; }
  /// Sequentially consistent, as memory.size demands.
  [[nodiscard]] uint64_t byte_size() const noexcept { return byte_size_.load(std::memory_order_seq_cst); }
  /// Relaxed, as bounds checks of plain accesses may be.
  [[nodiscard]] uint64_t byte_size_relaxed() const noexcept {
    return byte_size_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t pages() const noexcept { return byte_size() >> type_.page_size_log2; }
  [[nodiscard]] const MemoryType& type() const noexcept { return type_; }
  [[nodiscard]] bool needs_checks() const noexcept { return mode_ == MemoryMode::checked; }
  [[nodiscard]] bool is_shared() const noexcept { return type_.is_shared; }

  /// Grows by `delta` pages; the old size in pages, or -1. Never moves the base. Thread-safe.
  int64_t grow(uint64_t delta) noexcept;

  /// Back to the size it was created with, all zero. False if the host refuses, and then what it holds is
  /// undefined. REQUIRES: nobody else uses it.
  [[nodiscard]] bool reset() noexcept;

  /// Where compiled code finds base() and byte_size().
  [[nodiscard]] static constexpr size_t base_offset() noexcept { return offsetof(Memory, base_); }
  [[nodiscard]] static constexpr size_t byte_size_offset() noexcept { return offsetof(Memory, byte_size_); }

  /// Does [address, address + size) lie inside? Overflow-safe.
  [[nodiscard]] bool contains(uint64_t address, uint64_t size) const noexcept {
    const uint64_t length = byte_size_relaxed();
    return address <= length && size <= length - address;
  }

 private:
  Memory() = default;
  [[nodiscard]] bool reserve(uint64_t min_bytes) noexcept;
  [[nodiscard]] bool commit(uint64_t new_byte_size) noexcept HEDDLE_REQUIRES(grow_mutex_);

  uint8_t* base_ = nullptr;
  std::atomic<uint64_t> byte_size_{0};
  MemoryMode mode_ = MemoryMode::guarded;
  MemoryType type_;
  uint64_t reserved_bytes_ = 0;  ///< from reservation_, guards included
  uint64_t max_bytes_ = 0;  ///< grow() stops here: declared maximum, address type, or what could be reserved
  uint8_t* reservation_ = nullptr;
  std::shared_ptr<GrowthLimiter> limiter_;
  Mutex grow_mutex_;
  uint64_t committed_bytes_ HEDDLE_GUARDED_BY(grow_mutex_) = 0;  ///< usable pages of the host; >= byte_size_
};

}  // namespace heddle::engine
