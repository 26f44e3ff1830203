// SPDX-License-Identifier: Apache-2.0
// Explicit bounds checks of handlers, for memories without guard pages and for atomic accesses.
#pragma once

#include <cstdint>

#include "engine/runtime/memory.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

/// Adds the address in `slot` (of C++ type A, uint32_t or uint64_t) and `offset`; false if the sum overflows.
template <class A>
[[nodiscard, gnu::always_inline]] inline bool effective_address(const Slot* slot, uint64_t offset,
                                                                uint64_t& address) {
  return !__builtin_add_overflow(uint64_t{read_slot<A>(slot)}, offset, &address);
}

/// The effective address of an access of kSize bytes; false if it leaves the memory.
template <class A, unsigned kSize>
[[nodiscard, gnu::always_inline]] inline bool checked_address(const Memory& memory, const Slot* slot,
                                                              uint64_t offset, uint64_t& address) {
  return effective_address<A>(slot, offset, address) && memory.contains(address, kSize);
}

}  // namespace heddle::engine
