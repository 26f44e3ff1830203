// SPDX-License-Identifier: Apache-2.0
// How the rows of superinstructions.def become handlers. Included by run_superinstructions_*.cpp only.
#pragma once

#include "engine/interpreter/bodies_call.h"
#include "engine/interpreter/bodies_control.h"
#include "engine/interpreter/bodies_memory.h"
#include "engine/interpreter/bodies_numeric.h"
#include "engine/interpreter/superinstructions.h"

namespace heddle::engine {

/// Finds the handlers of Done..., which are all but the last, and of Last.
template <class... Done>
struct Parts {
  template <class Last>
  static Superinstruction split() {
    return {&handler_of<Done...>, &handler_of<Last>, nullptr, 0};
  }
  template <class Next, class After, class... Rest>
  static Superinstruction split() {
    return Parts<Done..., Next>::template split<After, Rest...>();
  }
};

/// May the body's access fault instead of being checked?
template <class Body>
inline constexpr bool kMayFault = requires { Body::kFaults; };

/// A fault is resumed in another handler, so the faulting one must have nothing on the native stack (see
/// guarded_access.h). That is how clang's preserve_none handlers are; GCC saves registers in long ones.
#if defined(__clang__)
inline constexpr bool kLongHandlersMayFault = true;
#else
inline constexpr bool kLongHandlersMayFault = false;
#endif

/// Adds the row if it belongs to this part; else instantiates nothing.
template <unsigned kPart, unsigned kIndex, class... Bodies>
void add_row(std::vector<Superinstruction>& rows) {
  if constexpr (kIndex % kSuperinstructionParts == kPart &&
                (kLongHandlersMayFault || !(kMayFault<Bodies> || ...))) {
    Superinstruction row = Parts<>::split<Bodies...>();
    row.handler = handler_of<Bodies...> = superinstruction<Bodies...>;
    row.part = kPart;
    rows.push_back(row);
  }
}

template <unsigned kPart>
void add_rows([[maybe_unused]] std::vector<Superinstruction>& rows) {
#define HEDDLE_SUPERINSTRUCTION(index, ...) add_row<kPart, index, __VA_ARGS__>(rows);
#include "engine/interpreter/superinstructions.def"
}

}  // namespace heddle::engine
