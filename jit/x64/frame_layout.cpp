// SPDX-License-Identifier: Apache-2.0
// Decides what a frame holds, from the top down.
#include "jit/x64/frame_layout.h"

#include <algorithm>

namespace heddle::jit::x64 {

FrameLayout layout_frame(const MachineFunction& function, const Allocation& allocation) {
  const bool catches = std::any_of(function.order.begin(), function.order.end(),
                                   [&](BlockId id) { return function.blocks[id].is_handler; });
  FrameLayout frame;
  uint64_t bytes = function.saves_instance ? 8 : 0;
  for (const Register reg : {Register::rbx, Register::r12, Register::r13}) {
    // Whoever throws leaves nothing in registers, so a handler's function must be able to restore them all.
    if (!catches && !allocation.used.has(reg)) continue;
    bytes += 8;
    frame.saved.push_back({reg, -static_cast<int32_t>(bytes)});
  }
  const auto to_16 = [](uint64_t size) { return (size + 15) & ~uint64_t{15}; };
  bytes = to_16(bytes) + to_16(8 * uint64_t{allocation.slots});
  frame.spill_slots = -static_cast<int32_t>(std::min<uint64_t>(bytes, kMaxFrameBytes + 16));
  bytes += to_16(8 * uint64_t{function.runtime_slots});
  frame.frame_bytes = static_cast<uint32_t>(std::min<uint64_t>(bytes, kMaxFrameBytes + 16));
  frame.has_frame = function.has_frame || bytes != 0;
  return frame;
}

}  // namespace heddle::jit::x64
