// SPDX-License-Identifier: Apache-2.0
// Bulk operations on tables: fill, copy and init, for every tier.
//
// Bounds are checked before the first element is written (spec 4.6: table.fill, table.copy, table.init).
// False means out of bounds, and then nothing has been written; the caller traps with table_out_of_bounds.
#pragma once

#include <cstdint>

#include "engine/runtime/table.h"

namespace heddle::engine {

struct Instance;

[[nodiscard]] bool table_fill(Table& table, uint64_t index, Slot value, uint64_t count) noexcept;
/// The ranges may overlap, and the tables be one.
[[nodiscard]] bool table_copy(Table& destination, uint64_t to, Table& source, uint64_t from,
                              uint64_t count) noexcept;
/// Copies elements [from, from + count) of the instance's segment; a dropped segment is an empty one.
[[nodiscard]] bool table_init(Instance& instance, uint32_t segment, Table& table, uint64_t to, uint64_t from,
                              uint64_t count) noexcept;
/// Makes a segment empty (elem.drop). Dropping twice is fine.
void drop_elements(Instance& instance, uint32_t segment) noexcept;

}  // namespace heddle::engine
