// SPDX-License-Identifier: Apache-2.0
// Bodies of jumps, branches, returns, moves, variables and select.
#pragma once

#include <cstring>
#include <type_traits>

#include "engine/interpreter/bodies_numeric.h"

namespace heddle::engine {

template <bool kBackward>
struct Jump {
  static constexpr bool kPolls = kBackward;
  static constexpr SlotUse kUse{};
  HEDDLE_BODY { return take_branch<kBackward>(ip, context); }
};

template <class T, Source kSource, bool kOnZero, bool kBackward>
struct Branch {
  static constexpr bool kPolls = kBackward;
  static constexpr SlotUse kUse = SlotUse().reads(0, kSlotType<T>, kSource == Source::slot);
  HEDDLE_BODY {
    const T value = read_operand<T, kSource, 0>(slots, ip, fp, a, f, d);
    if ((value == 0) == kOnZero) return take_branch<kBackward>(ip, context);
    ip += 2;
    return Flow::next;
  }
};

struct BranchTable {
  static constexpr bool kPolls = true;
  static constexpr SlotUse kUse = SlotUse().reads(0, kSlotType<uint32_t>);
  HEDDLE_BODY {
    if (context->must_answer()) [[unlikely]]
      return Flow::poll;
    const uint32_t index = slots.template read<uint32_t, 0>(ip, fp);
    const uint32_t last = immediate32(ip);
    int32_t target;
    std::memcpy(&target, reinterpret_cast<const char*>(ip + 2) + 4 * uint64_t{index < last ? index : last},
                sizeof target);
    ip += target;
    return Flow::jump;
  }
};

// Returns. The results already stand, or are put here, at the frame's start, where the caller expects them.

/// T is the result's type as far as registers go: uint64_t, float or double.
template <class T, Source kSource>
struct ReturnOne {
  static constexpr SlotUse kUse = SlotUse().reads(0, kSlotType<T>, kSource == Source::slot);
  HEDDLE_BODY {
    T value;
    if constexpr (kSource == Source::immediate) {
      std::memcpy(&value, ip + 2, sizeof value);
    } else {
      value = read_operand<T, kSource, 0>(slots, ip, fp, a, f, d);
    }
    const Slot* header = fp + field<1>(ip);
    write_slot(fp, value);
    if constexpr (std::is_same_v<T, float>) {
      f = value;
    } else if constexpr (std::is_same_v<T, double>) {
      d = value;
    } else {
      a = value;
    }
    ip = reinterpret_cast<const Word*>(header[0]);
    fp = reinterpret_cast<Slot*>(header[1]);
    return Flow::jump;
  }
};

struct ReturnNothing {
  static constexpr SlotUse kUse{};
  HEDDLE_BODY {
    const Slot* header = fp + field<1>(ip);
    ip = reinterpret_cast<const Word*>(header[0]);
    fp = reinterpret_cast<Slot*>(header[1]);
    return Flow::jump;
  }
};

// Moves. They leave the accumulators alone.

struct Copy {
  static constexpr SlotUse kUse = SlotUse().reads(1, SlotType::copied).writes(SlotType::copied);
  HEDDLE_BODY {
    slots.write(slots.template read<Slot, 1>(ip, fp), ip, fp);
    ip += 2;
    return Flow::next;
  }
};

struct CopyF32 {
  static constexpr SlotUse kUse = SlotUse().reads(1, kSlotType<float>).writes(kSlotType<float>);
  HEDDLE_BODY {
    slots.write(slots.template read<float, 1>(ip, fp), ip, fp);
    ip += 2;
    return Flow::next;
  }
};

template <class T>
struct StoreAccumulator {
  static constexpr SlotUse kUse = SlotUse().writes(kSlotType<T>);
  HEDDLE_BODY {
    slots.write(read_accumulator<T>(a, f, d), ip, fp);
    ip += 2;
    return Flow::next;
  }
};

struct Constant {
  static constexpr SlotUse kUse = SlotUse().writes(SlotType::copied);
  HEDDLE_BODY {
    slots.write(Slot{immediate32(ip)}, ip, fp);
    ip += 2;
    return Flow::next;
  }
};

struct Constant64 {
  static constexpr SlotUse kUse = SlotUse().writes(SlotType::copied);
  HEDDLE_BODY {
    slots.write(ip[2], ip, fp);
    ip += 3;
    return Flow::next;
  }
};

// Variables.

template <class T>
struct GlobalGet {
  static constexpr SlotUse kUse = SlotUse().writes(kSlotType<T>);
  HEDDLE_BODY {
    const T value = read_slot<T>(instance->globals[immediate32(ip)]->value);
    write_result<Target::slot>(slots, value, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

template <class T, Source kSource>
struct GlobalSet {
  static constexpr SlotUse kUse = SlotUse().reads(1, kSlotType<T>, kSource == Source::slot);
  HEDDLE_BODY {
    write_slot(instance->globals[immediate32(ip)]->value,
               read_operand<T, kSource, 1>(slots, ip, fp, a, f, d));
    ip += 2;
    return Flow::next;
  }
};

/// Has the value in a register here.
template <class T>
[[gnu::always_inline]] inline void keep(T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    asm("" : "+x"(value));
  } else {
    asm("" : "+r"(value));
  }
}

template <class T, Source kCondition>
struct Select {
  static constexpr SlotUse kUse = SlotUse()
                                      .reads(1, kSlotType<uint32_t>, kCondition == Source::slot)
                                      .reads(2, kSlotType<T>)
                                      .reads(3, kSlotType<T>)
                                      .writes(kSlotType<T>);
  HEDDLE_BODY {
    const uint32_t condition = read_operand<uint32_t, kCondition, 1>(slots, ip, fp, a, f, d);
    // Both are read, so that neither waits for the condition.
    T chosen = slots.template read<T, 2>(ip, fp);
    T otherwise = slots.template read<T, 3>(ip, fp);
    keep(chosen);
    keep(otherwise);
    write_result<Target::slot>(slots, condition != 0 ? chosen : otherwise, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

}  // namespace heddle::engine
