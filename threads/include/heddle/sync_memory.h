// SPDX-License-Identifier: Apache-2.0
// Allocator and batched atomics over a shared memory, for hosts: what the guests' allocator.h and atomics.h
// are there.
//
// Threads: every function may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <heddle/export.h>
#include <heddle/memory.h>
#include <heddle/result.h>
#include <heddle/sync.h>

namespace heddle::sync {

/// Hands out blocks of a region of a shared memory to host and guests; every block begins a cache line.
///
/// The bookkeeping stands in the region, where guests can write. Whatever they write there, the host touches
/// nothing outside of the region and comes to an end; but blocks may then overlap, and a lock that a guest
/// holds when it dies keeps everybody waiting. Where guests are not trusted, let the host alone allocate,
/// elsewhere.
class HEDDLE_API Allocator {
 public:
  /// Makes an allocator of the region. Errors: usage (not in the memory, does not begin a cache line, too
  /// small: 1.5 KiB and 4,128 bytes per page of 4 KiB are needed). REQUIRES: nobody uses the region yet.
  [[nodiscard]] static Result<Allocator> create(const SharedMemory& memory, uint64_t address, uint64_t bytes);
  /// One that a guest or the host has made. Errors: usage, if there is none.
  [[nodiscard]] static Result<Allocator> at(const SharedMemory& memory, uint64_t address);

  /// The address of a block of at least `bytes` bytes, at a multiple of `alignment`, a power of two. None if
  /// there is no room.
  [[nodiscard]] std::optional<uint64_t> allocate(uint64_t bytes, uint64_t alignment = 64) noexcept;
  /// Errors: usage, if no block begins there, or it has been freed already; then nothing happens.
  Result<void> free(uint64_t address);
  /// How much the block may be used for; 0 if there is none.
  [[nodiscard]] uint64_t block_bytes(uint64_t address) const noexcept;

 private:
  Allocator(detail::Place place, uint32_t pages, uint32_t first_page)
      : place_(std::move(place)), pages_(pages), first_page_(first_page) {}
  detail::Place place_;
  uint32_t pages_;  ///< checked when the allocator was opened; what guests write there later has no effect
  uint32_t first_page_;  ///< likewise
};

enum class AtomicOperation : uint8_t { add, bit_and, bit_or, bit_xor, exchange, max, min };

/// Atomically, for every i: the cell at addresses[i] becomes `cell operation operands[i]`, and previous[i],
/// unless `previous` is empty, what it was. Every operation is atomic, the batch is not. Errors: usage (an
/// address outside the memory or not aligned, spans of different sizes); then nothing is done.
HEDDLE_API Result<void> apply_many(const SharedMemory& memory, AtomicOperation operation,
                                   std::span<const uint64_t> addresses, std::span<const uint32_t> operands,
                                   std::span<uint32_t> previous = {});
HEDDLE_API Result<void> apply_many(const SharedMemory& memory, AtomicOperation operation,
                                   std::span<const uint64_t> addresses, std::span<const uint64_t> operands,
                                   std::span<uint64_t> previous = {});
/// The same for `count` cells in a row and one operand.
HEDDLE_API Result<void> apply_range(const SharedMemory& memory, AtomicOperation operation, uint64_t address,
                                    uint64_t count, uint32_t operand);
HEDDLE_API Result<void> apply_range(const SharedMemory& memory, AtomicOperation operation, uint64_t address,
                                    uint64_t count, uint64_t operand);

}  // namespace heddle::sync
