// SPDX-License-Identifier: Apache-2.0
// Reading the structures and arrays that a guest made, through Values that refer to them.
#pragma once

#include <cstdint>

#include <heddle/export.h>
#include <heddle/result.h>
#include <heddle/value.h>

namespace heddle {

// Each takes a reference of ReferenceKind::structure (or array) that is not null, also one that was converted
// to externref. Errors: usage (another kind of value, an index beyond the end, the store is gone).
// Threads: the store's. i8 and i16 fields and elements read as i32, zero-extended.

[[nodiscard]] HEDDLE_API Result<uint32_t> field_count(const Value& structure);
[[nodiscard]] HEDDLE_API Result<Value> field(const Value& structure, uint32_t index);
[[nodiscard]] HEDDLE_API Result<uint32_t> array_length(const Value& array);
[[nodiscard]] HEDDLE_API Result<Value> element(const Value& array, uint32_t index);

}  // namespace heddle
