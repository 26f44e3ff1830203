// SPDX-License-Identifier: Apache-2.0
// Operand access of handlers: where a value comes from and where it goes, as template parameters.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "engine/interpreter/slot_use.h"

namespace heddle::engine {

/// Where an operand comes from.
enum class Source : uint8_t { slot, accumulator, immediate };

/// Where a result goes. Every result goes to its accumulator; `slot` also stores it.
enum class Target : uint8_t { slot, accumulator };

/// The pairs of sources a binary handler may have. Two accumulators cannot meet, and two constants are folded
/// by toolchains; the translator stores one of them if it must.
enum class Pair : uint8_t {
  slot_slot,
  slot_accumulator,
  slot_immediate,
  accumulator_slot,
  accumulator_immediate,
  immediate_slot,
  immediate_accumulator,
};
inline constexpr unsigned kPairs = 7;

[[nodiscard]] constexpr Source left_of(Pair pair) {
  if (pair <= Pair::slot_immediate) return Source::slot;
  return pair <= Pair::accumulator_immediate ? Source::accumulator : Source::immediate;
}

[[nodiscard]] constexpr Source right_of(Pair pair) {
  switch (pair) {
    case Pair::slot_slot:
    case Pair::accumulator_slot:
    case Pair::immediate_slot: return Source::slot;
    case Pair::slot_accumulator:
    case Pair::immediate_accumulator: return Source::accumulator;
    case Pair::slot_immediate:
    case Pair::accumulator_immediate: return Source::immediate;
  }
  return Source::slot;
}

/// By left and right: slot_slot for pairs that do not exist.
inline constexpr auto kPairsOfSources = [] {
  std::array<std::array<Pair, 3>, 3> pairs{};
  for (unsigned i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    pairs[static_cast<unsigned>(left_of(pair))][static_cast<unsigned>(right_of(pair))] = pair;
  }
  return pairs;
}();

[[nodiscard]] constexpr Pair pair_of(Source left, Source right) {
  return kPairsOfSources[static_cast<unsigned>(left)][static_cast<unsigned>(right)];
}

/// The value of type T in the accumulator of its class.
template <class T>
[[nodiscard]] inline T read_accumulator(uint64_t a, float f, double d) {
  if constexpr (std::is_same_v<T, float>) {
    return f;
  } else if constexpr (std::is_same_v<T, double>) {
    return d;
  } else {
    return static_cast<T>(a);
  }
}

/// An immediate that shares word 1 (32 bits, sign-extended to 64-bit integers), or word 2 for a double.
template <class T>
[[nodiscard]] inline T read_immediate(const Word* ip) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(immediate32(ip));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(ip[2]);
  } else {
    return static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(immediate32(ip))));
  }
}

/// Words of an instruction with an immediate of type T.
template <class T>
inline constexpr unsigned kImmediateWords = std::is_same_v<T, double> ? 3 : 2;

template <class T, Source kSource, unsigned kField, class Slots>
[[nodiscard, gnu::always_inline]] inline T read_operand(const Slots& slots, const Word* ip, const Slot* fp,
                                                        uint64_t a, float f, double d) {
  if constexpr (kSource == Source::slot) {
    return slots.template read<T, kField>(ip, fp);
  } else if constexpr (kSource == Source::accumulator) {
    return read_accumulator<T>(a, f, d);
  } else {
    return read_immediate<T>(ip);
  }
}

template <class T, Source kSource, unsigned kField>
[[nodiscard]] inline T read_operand(const Word* ip, const Slot* fp, uint64_t a, float f, double d) {
  return read_operand<T, kSource, kField>(FrameSlots{}, ip, fp, a, f, d);
}

/// Puts a result into its accumulator and, unless the translator proved the slot dead, into field 0's slot.
template <Target kTarget, class T, class Slots>
[[gnu::always_inline]] inline void write_result(Slots&& slots, T value, const Word* ip, Slot* fp, uint64_t& a,
                                                float& f, double& d) {
  if constexpr (std::is_same_v<T, float>) {
    f = value;
  } else if constexpr (std::is_same_v<T, double>) {
    d = value;
  } else {
    a = static_cast<std::make_unsigned_t<T>>(value);
  }
  if constexpr (kTarget == Target::slot) slots.write(value, ip, fp);
}

template <Target kTarget, class T>
inline void write_result(T value, const Word* ip, Slot* fp, uint64_t& a, float& f, double& d) {
  write_result<kTarget>(FrameSlots{}, value, ip, fp, a, f, d);
}

}  // namespace heddle::engine
