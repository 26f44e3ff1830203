// SPDX-License-Identifier: Apache-2.0
// Bodies of the numeric rows, one per shape of operands, and of the branches that compare.
#pragma once

#include <type_traits>

#include "engine/interpreter/handler_body.h"
#include "engine/interpreter/operands.h"
#include "engine/interpreter/semantics.h"

namespace heddle::engine {

template <class Op, Pair kPair>
inline constexpr unsigned kBinaryWords =
    left_of(kPair) == Source::immediate || right_of(kPair) == Source::immediate
        ? kImmediateWords<typename Op::Left>
        : 2;

// Field 1 holds the left slot, field 2 the right; beside an immediate the one slot is always in field 1.
template <Pair kPair>
inline constexpr unsigned kRightField = left_of(kPair) == Source::immediate ? 1 : 2;

template <class T, Pair kPair, class Slots>
[[nodiscard, gnu::always_inline]] inline T read_right(const Slots& slots, const Word* ip, const Slot* fp,
                                                      uint64_t a, float f, double d) {
  return read_operand<T, right_of(kPair), kRightField<kPair>>(slots, ip, fp, a, f, d);
}

template <Opcode kOpcode, Source kSource, Target kTarget>
struct Unary {
  using Op = Semantics<kOpcode>;
  static constexpr SlotUse kUse = SlotUse()
                                      .reads(1, kSlotType<typename Op::Argument>, kSource == Source::slot)
                                      .writes(kSlotType<typename Op::Result>, kTarget == Target::slot);
  HEDDLE_BODY {
    const auto argument = read_operand<typename Op::Argument, kSource, 1>(slots, ip, fp, a, f, d);
    typename Op::Result result;
    if constexpr (Op::kTraps) {
      const TrapKind kind = Op::apply(argument, result);
      if (kind != TrapKind::none) [[unlikely]]
        return trap(kind, ip, fp, context, instance);
    } else {
      result = Op::apply(argument);
    }
    write_result<kTarget>(slots, result, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

template <Opcode kOpcode, Pair kPair, Target kTarget>
struct Binary {
  using Op = Semantics<kOpcode>;
  static constexpr SlotUse kUse =
      SlotUse()
          .reads(1, kSlotType<typename Op::Left>, left_of(kPair) == Source::slot)
          .reads(kRightField<kPair>, kSlotType<typename Op::Right>, right_of(kPair) == Source::slot)
          .writes(kSlotType<typename Op::Result>, kTarget == Target::slot);
  HEDDLE_BODY {
    const auto left = read_operand<typename Op::Left, left_of(kPair), 1>(slots, ip, fp, a, f, d);
    const auto right = read_right<typename Op::Right, kPair>(slots, ip, fp, a, f, d);
    typename Op::Result result;
    if constexpr (Op::kTraps) {
      const TrapKind kind = Op::apply(left, right, result);
      if (kind != TrapKind::none) [[unlikely]]
        return trap(kind, ip, fp, context, instance);
    } else {
      result = Op::apply(left, right);
    }
    write_result<kTarget>(slots, result, ip, fp, a, f, d);
    ip += kBinaryWords<Op, kPair>;
    return Flow::next;
  }
};

// In a branch word 1's upper half is the distance, so an immediate is in word 2, and fields 0 and 1 are the
// operands.
template <class T, Source kSource, unsigned kField, class Slots>
[[nodiscard, gnu::always_inline]] inline T read_branch_operand(const Slots& slots, const Word* ip,
                                                               const Slot* fp, uint64_t a, float f,
                                                               double d) {
  if constexpr (kSource == Source::immediate) {
    if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<float>(static_cast<uint32_t>(ip[2]));
    } else {
      return std::bit_cast<std::conditional_t<sizeof(T) == 8, T, uint64_t>>(ip[2]);
    }
  } else {
    return read_operand<T, kSource, kField>(slots, ip, fp, a, f, d);
  }
}

/// Goes to the target of the branch at ip.
template <bool kBackward>
[[nodiscard, gnu::always_inline]] inline Flow take_branch(const Word*& ip, ExecContext* context) {
  if constexpr (kBackward) {
    if (context->must_answer()) [[unlikely]]
      return Flow::poll;
  }
  ip += distance(ip);
  return Flow::jump;
}

template <Opcode kOpcode, Pair kPair, bool kWanted, bool kBackward>
struct CompareBranch {
  using Op = Semantics<kOpcode>;
  using T = typename Op::Left;
  static constexpr bool kPolls = kBackward;
  static constexpr SlotUse kUse = SlotUse()
                                      .reads(0, kSlotType<T>, left_of(kPair) == Source::slot)
                                      .reads(1, kSlotType<T>, right_of(kPair) == Source::slot);
  HEDDLE_BODY {
    const T left = read_branch_operand<T, left_of(kPair), 0>(slots, ip, fp, a, f, d);
    const T right = static_cast<T>(read_branch_operand<T, right_of(kPair), 1>(slots, ip, fp, a, f, d));
    if ((Op::apply(left, right) != 0) == kWanted) {
      return take_branch<kBackward>(ip, context);
    }
    ip += right_of(kPair) == Source::immediate ? 3 : 2;
    return Flow::next;
  }
};

}  // namespace heddle::engine
