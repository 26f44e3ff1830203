// SPDX-License-Identifier: Apache-2.0
// The layout of the interpreter's frames: which slot is whose. Also for the JIT, which takes frames over in
// the middle.
//
// A frame, from its frame pointer up:
//   [0, header)            arguments on entry, results on return; header = max(both)
//   header + 0             return address (word pointer)      written by the caller
//   header + 1             the caller's frame pointer          written by the caller
//   header + 2             the frame's own instance            written by `enter` in functions that call
//   header + 3 ...         other locals, then the operand stack
// A callee's frame begins at its first argument on the caller's operand stack: arguments are never copied.
//
// An operand's home is its place on the operand stack, one slot behind the other. Where a loop begins, all
// operands are in their homes, but for those that a constant instruction or `ref.null` has pushed, or the
// splat of a constant. A legacy catch arm has the exception as its lowest operand, below the tag's values.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/module/types.h"

namespace heddle::engine {

inline constexpr uint32_t kHeaderSlots = 3;

/// Slot of the header in the frames of functions of this type.
[[nodiscard]] inline uint32_t header_slot_of(const TypeDefinition& type) {
  return std::max(type.parameter_slots, type.result_slots);
}

/// Numbers the slots of one frame: of all parameters, then of the other locals, then of operands.
class FrameNumbering {
 public:
  explicit FrameNumbering(const TypeDefinition& type) : header_(header_slot_of(type)) {}

  [[nodiscard]] uint32_t header() const { return header_; }
  /// The slot of the next parameter, local or operand.
  uint32_t add(uint32_t slots) {
    const uint32_t slot = next_;
    next_ += slots;
    return slot;
  }
  /// After the last parameter.
  void skip_header() { next_ = header_ + kHeaderSlots; }
  [[nodiscard]] uint32_t next() const { return next_; }

 private:
  uint32_t header_;
  uint32_t next_ = 0;
};

}  // namespace heddle::engine
