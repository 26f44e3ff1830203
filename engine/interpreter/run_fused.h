// SPDX-License-Identifier: Apache-2.0
// Handler templates of fused rows; instantiated by run_fused_integer.cpp and run_fused_float.cpp.
#pragma once

#include <type_traits>
#include <utility>

#include "engine/interpreter/fused.h"
#include "engine/interpreter/semantics.h"

namespace heddle::engine {

/// The immediate of the first (low half) or second (high half) row of a pair; a double takes the whole word.
template <class T, bool kSecond>
[[nodiscard]] inline T read_fused_immediate(const Word* ip) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(ip[2]);
  } else {
    const uint32_t half = static_cast<uint32_t>(kSecond ? ip[2] >> 32 : ip[2]);
    if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(half);
    return static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(half)));
  }
}

template <class T, Source kSource, unsigned kField>
[[nodiscard]] inline T read_first_operand(const Word* ip, const Slot* fp, uint64_t a, float f, double d) {
  if constexpr (kSource == Source::immediate) {
    return read_fused_immediate<T, false>(ip);
  } else {
    return read_operand<T, kSource, kField>(ip, fp, a, f, d);
  }
}

template <Opcode kFirst, Pair kPair, Opcode kSecond, Meeting kMeeting, Target kTarget>
HEDDLE_HANDLER static void chain(HEDDLE_STATE) {
  using First = Semantics<kFirst>;
  using Second = Semantics<kSecond>;
  using T1 = typename First::Left;
  using T2 = typename Second::Left;
  const T1 left = read_first_operand<T1, left_of(kPair), 1>(ip, fp, a, f, d);
  const T1 right = read_first_operand<T1, right_of(kPair), 2>(ip, fp, a, f, d);
  const T2 middle = static_cast<T2>(First::apply(left, right));
  typename Second::Result result;
  if constexpr (kMeeting == Meeting::left_of_immediate) {
    result = Second::apply(middle, read_fused_immediate<T2, true>(ip));
  } else {
    const T2 other = read_slot<T2>(fp + field<3>(ip));
    result = kMeeting == Meeting::left_of_slot ? Second::apply(middle, other) : Second::apply(other, middle);
  }
  write_result<kTarget>(result, ip, fp, a, f, d);
  constexpr bool has_word2 = right_of(kPair) == Source::immediate || kMeeting == Meeting::left_of_immediate;
  constexpr unsigned words = has_word2 ? 3 : 2;
  HEDDLE_NEXT(words);
}

template <Opcode kOpcode>
inline constexpr bool kIsShift =
    info(kOpcode).text.substr(4, 2) == "sh" || info(kOpcode).text.substr(4, 3) == "rot";

template <Opcode kOpcode>
inline constexpr bool kIsSub = info(kOpcode).text.substr(4, 3) == "sub";

/// Shapes that toolchains produce: shifts by constants only, an accumulator on the right only of a
/// subtraction.
template <Opcode kFirst, Pair kPair, Opcode kSecond, Meeting kMeeting>
[[nodiscard]] constexpr bool is_useful() {
  constexpr bool is_double = info(kFirst).signature[0] == 'd';
  if (left_of(kPair) == Source::immediate) return false;
  if (kPair == Pair::slot_accumulator && !kIsSub<kFirst>) return false;
  if (kIsShift<kFirst> && right_of(kPair) != Source::immediate) return false;
  if (kIsShift<kSecond> && kMeeting != Meeting::left_of_immediate) return false;
  if (kMeeting == Meeting::right_of_slot && !kIsSub<kSecond>) return false;
  if (is_double && right_of(kPair) == Source::immediate && kMeeting == Meeting::left_of_immediate)
    return false;
  return true;
}

template <Opcode kFirst, Opcode kSecond, Pair kPair, Meeting kMeeting>
void fill_chain_form(ChainHandlers& row) {
  if constexpr (is_useful<kFirst, kPair, kSecond, kMeeting>()) {
    auto& form = row.form[static_cast<unsigned>(kPair)][static_cast<unsigned>(kMeeting)];
    form[0] = chain<kFirst, kPair, kSecond, kMeeting, Target::slot>;
    form[1] = chain<kFirst, kPair, kSecond, kMeeting, Target::accumulator>;
  }
}

template <Opcode kFirst, Opcode kSecond, unsigned... kPairIndex>
void fill_chain(ChainHandlers& row, std::integer_sequence<unsigned, kPairIndex...>) {
  (fill_chain_form<kFirst, kSecond, static_cast<Pair>(kPairIndex), Meeting::left_of_slot>(row), ...);
  (fill_chain_form<kFirst, kSecond, static_cast<Pair>(kPairIndex), Meeting::left_of_immediate>(row), ...);
  (fill_chain_form<kFirst, kSecond, static_cast<Pair>(kPairIndex), Meeting::right_of_slot>(row), ...);
}

template <const auto& kSet, size_t kFirst, size_t... kSecond, class Rows>
void fill_chains_of(Rows& rows, std::index_sequence<kSecond...>) {
  (fill_chain<kSet[kFirst], kSet[kSecond]>(rows[kFirst][kSecond],
                                           std::make_integer_sequence<unsigned, kPairs>()),
   ...);
}

/// Fills rows[i][j] for every pair of the set.
template <const auto& kSet, size_t... kFirst, class Rows>
void fill_chains(Rows& rows, std::index_sequence<kFirst...> all) {
  (fill_chains_of<kSet, kFirst>(rows, all), ...);
}

}  // namespace heddle::engine
