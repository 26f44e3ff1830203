// SPDX-License-Identifier: Apache-2.0
// Bodies of jumps, branches, returns, moves, variables and select.
#pragma once

#include <cstring>
#include <type_traits>

#include "engine/interpreter/bodies_numeric.h"

namespace heddle::engine {

template <bool kBackward>
struct Jump {
  HEDDLE_BODY { return take_branch<kBackward>(ip, fp, context, instance); }
};

template <class T, Source kSource, bool kOnZero, bool kBackward>
struct Branch {
  HEDDLE_BODY {
    const T value = read_operand<T, kSource, 0>(ip, fp, a, f, d);
    if ((value == 0) == kOnZero) return take_branch<kBackward>(ip, fp, context, instance);
    ip += 2;
    return Flow::next;
  }
};

struct BranchTable {
  HEDDLE_BODY {
    if (context->interrupt_pending()) [[unlikely]]
      return trap(TrapKind::interrupted, ip, fp, context, instance);
    const uint32_t index = read_slot<uint32_t>(fp + field<0>(ip));
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
  HEDDLE_BODY {
    T value;
    if constexpr (kSource == Source::immediate) {
      std::memcpy(&value, ip + 2, sizeof value);
    } else {
      value = read_operand<T, kSource, 0>(ip, fp, a, f, d);
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
  HEDDLE_BODY {
    const Slot* header = fp + field<1>(ip);
    ip = reinterpret_cast<const Word*>(header[0]);
    fp = reinterpret_cast<Slot*>(header[1]);
    return Flow::jump;
  }
};

// Moves. They leave the accumulators alone.

struct Copy {
  HEDDLE_BODY {
    fp[field<0>(ip)] = fp[field<1>(ip)];
    ip += 2;
    return Flow::next;
  }
};

struct CopyF32 {
  HEDDLE_BODY {
    std::memcpy(fp + field<0>(ip), fp + field<1>(ip), sizeof(float));
    ip += 2;
    return Flow::next;
  }
};

template <class T>
struct StoreAccumulator {
  HEDDLE_BODY {
    const T value = read_accumulator<T>(a, f, d);
    std::memcpy(fp + field<0>(ip), &value, sizeof value);
    ip += 2;
    return Flow::next;
  }
};

struct Constant {
  HEDDLE_BODY {
    fp[field<0>(ip)] = immediate32(ip);
    ip += 2;
    return Flow::next;
  }
};

struct Constant64 {
  HEDDLE_BODY {
    fp[field<0>(ip)] = ip[2];
    ip += 3;
    return Flow::next;
  }
};

// Variables.

template <class T>
struct GlobalGet {
  HEDDLE_BODY {
    const T value = read_slot<T>(instance->globals[immediate32(ip)]->value);
    write_result<Target::slot>(value, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

template <class T, Source kSource>
struct GlobalSet {
  HEDDLE_BODY {
    write_slot(instance->globals[immediate32(ip)]->value, read_operand<T, kSource, 1>(ip, fp, a, f, d));
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
  HEDDLE_BODY {
    const uint32_t condition = read_operand<uint32_t, kCondition, 1>(ip, fp, a, f, d);
    // Both are read, so that neither waits for the condition.
    T chosen = read_slot<T>(fp + field<2>(ip));
    T otherwise = read_slot<T>(fp + field<3>(ip));
    keep(chosen);
    keep(otherwise);
    write_result<Target::slot>(condition != 0 ? chosen : otherwise, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

}  // namespace heddle::engine
