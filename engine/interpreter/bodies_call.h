// SPDX-License-Identifier: Apache-2.0
// Bodies of direct calls and of function entry. (What a frame holds is told in code.h.)
#pragma once

#include "engine/interpreter/handler_body.h"
#include "engine/runtime/function.h"

namespace heddle::engine {

[[nodiscard]] inline const Word* entry_of(const FunctionCode* code) {
  return code->entry.load(std::memory_order_acquire);
}

/// Zeroes locals four at a time: what lies behind them is dead on entry, or the stack's reserve.
[[gnu::always_inline]] inline void zero_slots(Slot* slots, uint32_t count) {
  using Four [[gnu::vector_size(4 * sizeof(Slot)), gnu::aligned(sizeof(Slot)), gnu::may_alias]] = Slot;
  for (Slot* const end = slots + count; slots < end; slots += 4) {
    *reinterpret_cast<Four*>(slots) = Four{};
    asm volatile("" : "+r"(slots));  // a call of memset would cost more than most frames
  }
}

struct Enter {
  static constexpr bool kPolls = true;
  static constexpr SlotUse kUse{};
  HEDDLE_BODY {
    if (fp + field<0>(ip) > context->stack_limit.load(std::memory_order_relaxed)) [[unlikely]] {
      const bool fits = fp + field<0>(ip) <= context->stack_end;
      const uint32_t asked = context->requests.load(std::memory_order_relaxed);
      if (!context->only_counts(asked) && (fits || asked != 0)) return Flow::poll;
      if (!fits) return trap(TrapKind::call_stack_exhausted, ip, fp, context, instance);
    }
    fp[field<1>(ip) + 2] = reinterpret_cast<Slot>(instance);
    zero_slots(fp + field<2>(ip), field<3>(ip));
    ip += 2;
    return Flow::next;
  }
};

/// Of a function of the same instance. `kReturnWords`: those of the reload behind it, if there is one.
template <uint32_t kReturnWords>
struct CallOwn {
  static constexpr SlotUse kUse{};
  HEDDLE_BODY {
    const FunctionCode* code = reinterpret_cast<const FunctionCode*>(ip[2]);
    Slot* header = fp + field<1>(ip);
    header[0] = reinterpret_cast<Slot>(ip + kCallWords + kReturnWords);
    header[1] = reinterpret_cast<Slot>(fp);
    fp += field<0>(ip);
    a = ip[2];
    ip = entry_of(code);
    return Flow::jump;
  }
};
struct Call : CallOwn<0> {};
struct CallReloading : CallOwn<kReloadWords> {};

}  // namespace heddle::engine
