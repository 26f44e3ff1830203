// SPDX-License-Identifier: Apache-2.0
// Unchecked accesses of handlers to a guarded memory 0: how they form addresses, and what makes their faults
// traps.
//
// Accesses to a guarded memory 0 check nothing: a stray one faults, and runtime/signals.h resumes at
// landing(). For that a handler must still hold its own ip, and its caller's stack pointer, when it faults:
// the empty asm statements below keep the compiler from advancing ip before the access; the handlers are leaf
// functions. GCC also moves ip to another register, so its handlers first touch the access's last byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "engine/interpreter/handlers.h"

namespace heddle::engine {

/// Puts the ip of the instruction about to access memory where landing() will look for it. Inside a
/// superinstruction ip may otherwise stay at its first instruction.
[[gnu::always_inline]] inline void hold_ip([[maybe_unused]] const Word*& ip) {
#if defined(__x86_64__) && defined(__clang__)
  register const Word* held asm("r12") = ip;
  asm volatile("" : "+r"(held));
  ip = held;
#endif
}

/// Orders the access that produced `value` before any change of ip.
template <class T>
inline void finish_load(const Word*& ip, T& value) {
  if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, Vector>) {
    asm volatile("" : "+r"(ip), "+x"(value));
  } else {
    asm volatile("" : "+r"(ip), "+r"(value));
  }
}

inline void finish_store(const Word*& ip) { asm volatile("" : "+r"(ip) : : "memory"); }

#if defined(__x86_64__) && !defined(__clang__)
/// Gives the place to access back. Faults if an access of `kSize` bytes will, while all registers hold what
/// they held on entry. Only the last byte counts: memories end at the end of a page.
template <size_t kSize>
[[nodiscard, gnu::always_inline]] inline uint8_t* probe(uint8_t* place, HEDDLE_STATE) {
  register ExecContext* r8 asm("r8") = context;
  register Instance* r9 asm("r9") = instance;
  asm volatile("testb $0, %c[last](%[place])"
               : [place] "+r"(place)
               : [last] "i"(kSize - 1), "D"(ip), "S"(fp), "d"(memory), "r"(r8), "r"(r9)
               : "cc");
  return place;
}
#else
template <size_t kSize>
[[nodiscard, gnu::always_inline]] inline uint8_t* probe(uint8_t* place, HEDDLE_STATE) {
  return place;
}
#endif

/// The slots that an address is made of; `base` is the field of the first.
template <Address kAddress>
[[nodiscard]] constexpr SlotUse slots_of_address(unsigned base) {
  constexpr bool has_base =
      kAddress == Address::slot || kAddress == Address::slot_immediate || kAddress == Address::slot_slot;
  return SlotUse()
      .reads(base, kSlotType<uint32_t>, has_base)
      .reads(2, kSlotType<uint32_t>, kAddress == Address::slot_slot);
}

/// The effective address in a guarded memory: at most 2^32 - 1 + 2^32 - 1.
template <Address kAddress, unsigned kBaseField, class Slots>
[[nodiscard, gnu::always_inline]] inline uint64_t effective_address(const Slots& slots, const Word* ip,
                                                                    const Slot* fp, uint64_t a) {
  if constexpr (kAddress == Address::absolute) return immediate32(ip);
  const uint32_t base = kAddress == Address::accumulator || kAddress == Address::accumulator_immediate
                            ? static_cast<uint32_t>(a)
                            : slots.template read<uint32_t, kBaseField>(ip, fp);
  if constexpr (kAddress == Address::slot || kAddress == Address::accumulator) {
    return uint64_t{base} + immediate32(ip);
  } else if constexpr (kAddress == Address::slot_slot) {
    return base + slots.template read<uint32_t, 2>(ip, fp);
  } else {
    return base + immediate32(ip);  // wraps: i32.add
  }
}

}  // namespace heddle::engine
