// SPDX-License-Identifier: Apache-2.0
// Bulk operations on memories: fill, copy and init, for every tier.
//
// Bounds are checked against the size read once before the first byte is written, so an operation happens
// whole or not at all (spec 4.6: memory.fill, memory.copy, memory.init). On shared memories bytes may
// interleave with other threads' accesses, as the threads proposal allows.
#pragma once

#include <cstdint>
#include <span>

#include "engine/runtime/memory.h"

namespace heddle::engine {

struct ExecContext;

/// False if out of bounds, and then nothing has been written.
[[nodiscard]] bool memory_fill(Memory& memory, uint64_t address, uint8_t value, uint64_t size) noexcept;
/// The ranges may overlap, and the memories be one.
[[nodiscard]] bool memory_copy(Memory& destination, uint64_t to, const Memory& source, uint64_t from,
                               uint64_t size) noexcept;
/// Copies segment[from, from + size); a dropped segment is an empty one.
[[nodiscard]] bool memory_init(Memory& memory, uint64_t to, std::span<const uint8_t> segment, uint64_t from,
                               uint64_t size) noexcept;

// The same for guest code: false after a trap that has been recorded in `context`, which is
// memory_out_of_bounds, or interrupted if another thread asked for it: noticed between chunks of 16 MiB, each
// of which is written whole.

[[nodiscard]] bool memory_fill(ExecContext& context, Memory& memory, uint64_t address, uint8_t value,
                               uint64_t size) noexcept;
[[nodiscard]] bool memory_copy(ExecContext& context, Memory& destination, uint64_t to, const Memory& source,
                               uint64_t from, uint64_t size) noexcept;
[[nodiscard]] bool memory_init(ExecContext& context, Memory& memory, uint64_t to,
                               std::span<const uint8_t> segment, uint64_t from, uint64_t size) noexcept;

}  // namespace heddle::engine
