// SPDX-License-Identifier: Apache-2.0
// The interpreter's code: words, how an instruction packs its operands, and the layout of a frame.
//
// An instruction is
//   word 0   address of its handler
//   word 1   up to four 16-bit fields, or two and a 32-bit immediate in the upper half
//   word 2.. 64-bit extras, as the handler's family says
// but for a return right behind a direct call, which has word 0 only and reads the call's word 1.
// Fields are slot numbers relative to the frame pointer, unless said otherwise; an instruction that produces
// a value has its destination slot in field 0. Branch targets are signed word distances from the branch's
// word 0, so code can be copied. Nothing in here points into an instance: code is shared.
//
// Where what lies in a frame is told in frame_layout.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/interpreter/frame_layout.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

using Word = uint64_t;

/// Frames larger than this trap with "call stack exhausted": fields are 16 bits wide.
inline constexpr uint32_t kMaxFrameSlots = 65'000;
/// Functions that call nothing and need no more than this skip the stack check; stacks keep as much in
/// reserve.
inline constexpr uint32_t kLeafSlots = 256;
static_assert(kLeafSlots <= ExecContext::kReserveSlots);
/// Words of a direct call.
inline constexpr uint32_t kCallWords = 3;
/// Words of the `reload` instruction that follows calls: a callee of another instance returns to it.
inline constexpr uint32_t kReloadWords = 2;
/// Field 3 of a call that has no reload behind it: no address has that in its highest bits, so who looks for
/// the reload's handler there sees that it is none.
inline constexpr uint32_t kNoSite = 0xffff;
static_assert(kNoSite >= kMaxFrameSlots);

[[nodiscard]] constexpr Word pack(uint32_t field0, uint32_t field1 = 0, uint32_t field2 = 0,
                                  uint32_t field3 = 0) {
  return Word{field0 & 0xffff} | Word{field1 & 0xffff} << 16 | Word{field2 & 0xffff} << 32 |
         Word{field3 & 0xffff} << 48;
}

[[nodiscard]] constexpr Word pack_immediate(uint32_t field0, uint32_t field1, uint32_t immediate) {
  return Word{field0 & 0xffff} | Word{field1 & 0xffff} << 16 | Word{immediate} << 32;
}

template <unsigned kField>
[[nodiscard]] inline uint32_t field(const Word* ip) {
  static_assert(kField < 4);
  uint16_t value;
  std::memcpy(&value, reinterpret_cast<const char*>(ip) + 8 + 2 * kField, sizeof value);
  return value;
}

[[nodiscard]] inline uint32_t immediate32(const Word* ip) {
  uint32_t value;
  std::memcpy(&value, reinterpret_cast<const char*>(ip) + 12, sizeof value);
  return value;
}

/// The branch distance kept in the upper half of word 1.
[[nodiscard]] inline int32_t distance(const Word* ip) { return static_cast<int32_t>(immediate32(ip)); }

}  // namespace heddle::engine
