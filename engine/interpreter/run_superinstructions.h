// SPDX-License-Identifier: Apache-2.0
// How the rows of superinstructions.def become handlers. Included by run_superinstructions_*.cpp only.
#pragma once

#include "engine/interpreter/bodies_call.h"
#include "engine/interpreter/bodies_control.h"
#include "engine/interpreter/bodies_memory.h"
#include "engine/interpreter/bodies_numeric.h"
#include "engine/interpreter/superinstructions.h"

namespace heddle::engine {

template <class... Parts>
inline constexpr SuperinstructionPart kParts[] = {{&handler_of<typename Part<Parts>::Plain>,
                                                   Part<Parts>::Plain::kUse, Part<Parts>::kFeeds,
                                                   may_poll<typename Part<Parts>::Plain>()}...};

/// May the body's access fault instead of being checked?
template <class Body>
inline constexpr bool kMayFault = requires { Body::kFaults; };

/// Adds the row if it belongs to this file; else instantiates nothing.
template <unsigned kFile, unsigned kIndex, class... Parts>
void add_row(std::vector<Superinstruction>& rows) {
  if constexpr (kIndex % kSuperinstructionFiles == kFile &&
                (kLongHandlersMayFault || !(kMayFault<typename Part<Parts>::Plain> || ...))) {
    rows.push_back({kParts<Parts...>, superinstruction<Parts...>, kFile});
  }
}

template <unsigned kFile>
void add_rows([[maybe_unused]] std::vector<Superinstruction>& rows) {
#define HEDDLE_SUPERINSTRUCTION(index, ...) add_row<kFile, index, __VA_ARGS__>(rows);
#include "engine/interpreter/superinstructions.def"
}

}  // namespace heddle::engine
