// SPDX-License-Identifier: Apache-2.0
// Bulk operations on memories and tables, shared by all tiers and by instantiation. (Spec 4.4.7, 4.4.6)
//
// Bounds are checked once, before anything is written. Sizes are those at the start: a concurrent grow of a shared
// memory is not noticed. On shared memories bytes are written unordered, as the threads proposal allows.
// Each returns TrapKind::none on success. A long fill or copy looks for an interrupt between chunks of 16 MiB
// and may therefore stop half way with TrapKind::interrupted.
#pragma once

#include <cstdint>

#include "engine/runtime/instance.h"
#include "heddle/trap.h"

namespace heddle::engine {

[[nodiscard]] TrapKind fill_memory(Memory& memory, uint64_t address, uint8_t value, uint64_t count,
                                   const ExecContext& context) noexcept;
/// The memories may be the same, and the ranges may overlap.
[[nodiscard]] TrapKind copy_memory(Memory& to, uint64_t to_address, Memory& from, uint64_t from_address, uint64_t count,
                                   const ExecContext& context) noexcept;
/// memory.init: from data segment `segment` of the instance's module; a dropped segment has no bytes.
[[nodiscard]] TrapKind init_memory(Instance& instance, uint32_t memory, uint32_t segment, uint64_t to, uint64_t from,
                                   uint64_t count) noexcept;

[[nodiscard]] TrapKind fill_table(Table& table, uint64_t index, Slot value, uint64_t count) noexcept;
[[nodiscard]] TrapKind copy_table(Table& to, uint64_t to_index, Table& from, uint64_t from_index, uint64_t count) noexcept;
/// table.init: from element segment `segment` of the instance's module; a dropped segment has no elements.
[[nodiscard]] TrapKind init_table(Instance& instance, uint32_t table, uint32_t segment, uint64_t to, uint64_t from,
                                  uint64_t count) noexcept;

}  // namespace heddle::engine
