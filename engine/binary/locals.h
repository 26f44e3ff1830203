// SPDX-License-Identifier: Apache-2.0
// The declaration of a function body's locals, which come before its instructions. (Spec 5.5.13)
#pragma once

#include <cstdint>
#include <vector>

#include "engine/binary/cursor.h"
#include "heddle/value_type.h"

namespace heddle::engine {

/// `count` locals of one raw type.
struct LocalRun {
  uint32_t count = 0;
  ValueType type;
};

/// Reads the runs at the start of a body into `runs` (replacing what they held, empty runs left out) and
/// returns the number of all locals, parameters included, which must fit 32 bits: else "too many locals".
/// Allocates by runs, never by counts.
uint64_t read_locals(Cursor& cursor, uint64_t parameters, std::vector<LocalRun>& runs);

}  // namespace heddle::engine
