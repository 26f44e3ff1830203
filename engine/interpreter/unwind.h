// SPDX-License-Identifier: Apache-2.0
// Unwinding: from where an exception was thrown to the clause that takes it. (Spec 4.6.5 "throw contexts")
//
// Nothing is executed when a guest enters or leaves a try block: a table says what is caught, and only who
// throws reads it. The places that may throw, called *sites*, are the throw instructions and the `reload`
// behind a call; the upper half of a site's word 1 is the distance to the region that it stands in, 0 for
// none. A call outside all regions needs no site. Regions stand behind the function's code:
//   word 0      address of `catch_region`, which never runs
//   word 1      number of clauses, distance to the region around this one (0: none)
//   then, for every clause, in the order in which they are tried,
//   word 2i+2   distance from the region to where the clause continues
//   word 2i+3   slot of the first value, slot of the exception's reference (kNoReferenceSlot: not wanted),
//   tag
//               (kEveryTag: all)
// A frame's function need not be found for that: the site behind its call, or the call itself, names the slot
// of its header.
// The cost of a throw is linear in the frames and clauses that it passes. No recursion.
#pragma once

#include <cstdint>

#include "engine/interpreter/code.h"
#include "engine/runtime/exec_context.h"

namespace heddle::engine {

inline constexpr uint32_t kEveryTag = UINT32_MAX;
inline constexpr uint32_t kNoReferenceSlot = 0xffff;
static_assert(kNoReferenceSlot >= kMaxFrameSlots);
/// Words of a region before its clauses, and of a clause.
inline constexpr uint32_t kRegionWords = 2;
inline constexpr uint32_t kClauseWords = 2;

/// Throws context.exception at `site` in the frame at `fp` whose header is in slot `header`. True if it is
/// caught before the frame that the host called: the payload is in place then, and context.landing says where
/// to go on.
[[nodiscard, gnu::cold, gnu::noinline]] bool unwind(ExecContext& context, const Word* site, Slot* fp,
                                                    uint32_t header, Instance* instance) noexcept;

/// The same for a host function that throws, whose frame this is: its caller is the first who may catch.
[[nodiscard, gnu::cold, gnu::noinline]] bool unwind_host(ExecContext& context, Slot* fp, uint32_t header,
                                                         Instance* instance) noexcept;

/// Makes an exception of a tag of the instance and puts it into context.exception. False: no room.
[[nodiscard, gnu::cold, gnu::noinline]] bool make_exception(ExecContext& context, const Instance& instance,
                                                            uint32_t tag, const Slot* payload) noexcept;

}  // namespace heddle::engine
