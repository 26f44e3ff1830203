// SPDX-License-Identifier: Apache-2.0
// ParallelMoves: every mapping of a few registers and slots, executed move by move.
#include "jit/regalloc/parallel_moves.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <utility>

namespace heddle::jit::regalloc {

namespace {

using x64::InsertedMove;
using x64::Location;
using x64::Register;
using x64::RegisterClass;

constexpr Location in(Register reg) { return {reg, UINT32_MAX}; }
constexpr Location slot(uint32_t index) { return {Register::none, index}; }

/// What every register and slot holds, in units of 8 bytes; a value of 16 bytes is two numbers.
class Machine {
 public:
  void put(Location location, uint8_t width, int value) {
    for (unsigned half = 0; half < width / 8U; ++half)
      held_[unit(location, half)] = value * 2 + static_cast<int>(half);
  }
  [[nodiscard]] bool holds(Location location, uint8_t width, int value) {
    for (unsigned half = 0; half < width / 8U; ++half) {
      if (held_[unit(location, half)] != value * 2 + static_cast<int>(half)) return false;
    }
    return true;
  }
  void run(const InsertedMove& move) {
    EXPECT_TRUE(move.from.is_register() || move.to.is_register() || move.rematerialize != UINT32_MAX);
    if (move.rematerialize != UINT32_MAX)
      return put(move.to, move.width, static_cast<int>(move.rematerialize));
    if (move.to.is_register()) held_[unit(move.to, 1)] = -1;
    for (unsigned half = 0; half < move.width / 8U; ++half)
      held_[unit(move.to, half)] = held_[unit(move.from, half)];
  }

 private:
  static std::pair<unsigned, unsigned> unit(Location location, unsigned half) {
    if (location.is_register()) return {static_cast<unsigned>(location.reg), half};
    return {100 + location.slot + half, 0};
  }
  std::map<std::pair<unsigned, unsigned>, int> held_;
};

struct Kind {
  RegisterClass register_class;
  uint8_t width;
  std::array<Location, 4> places;
};

const Kind kKinds[] = {
    {RegisterClass::general, 8, {in(Register::rax), in(Register::rcx), in(Register::rdx), in(Register::rbx)}},
    {RegisterClass::general, 8, {in(Register::rax), slot(0), in(Register::rdx), slot(1)}},
    {RegisterClass::general, 8, {slot(0), slot(1), slot(2), slot(3)}},
    {RegisterClass::vector, 8, {in(Register::xmm0), slot(0), slot(1), slot(2)}},
    {RegisterClass::vector,
     16,
     {in(Register::xmm0), in(Register::xmm1), in(Register::xmm2), in(Register::xmm3)}},
    {RegisterClass::vector, 16, {in(Register::xmm0), slot(0), slot(2), in(Register::xmm1)}},
    {RegisterClass::vector, 16, {slot(0), slot(2), slot(4), slot(6)}},
};

/// place i receives what place source[i] holds; 4 stands for a value that is made anew.
void try_mapping(const Kind& kind, const std::array<unsigned, 4>& source) {
  ParallelMoves moves;
  Machine machine;
  for (unsigned i = 0; i < 4; ++i) {
    machine.put(kind.places[i], kind.width, static_cast<int>(i));
    const Location from = source[i] < 4 ? kind.places[source[i]] : Location{};
    moves.add(from, kind.places[i], kind.width, kind.register_class, source[i] < 4 ? UINT32_MAX : 77);
  }
  std::vector<InsertedMove> out;
  moves.resolve(5, out);
  for (const InsertedMove& move : out) {
    EXPECT_EQ(move.instruction, 5U);
    machine.run(move);
  }
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_TRUE(machine.holds(kind.places[i], kind.width, source[i] < 4 ? static_cast<int>(source[i]) : 77))
        << "place " << i << " of " << source[0] << source[1] << source[2] << source[3];
  }
}

}  // namespace

TEST(ParallelMoves, EveryMappingOfFourPlaces) {
  for (const Kind& kind : kKinds) {
    for (unsigned code = 0; code < 625; ++code)
      try_mapping(kind, {code % 5, code / 5 % 5, code / 25 % 5, code / 125});
  }
}

TEST(ParallelMoves, RegistersOfBothClassesRotateAtOnce) {
  ParallelMoves moves;
  Machine machine;
  const Location general[] = {in(Register::rax), slot(0), slot(1)};
  const Location vector[] = {slot(2), in(Register::xmm3), slot(4)};
  for (unsigned i = 0; i < 3; ++i) {
    machine.put(general[i], 8, static_cast<int>(i));
    machine.put(vector[i], 16, static_cast<int>(10 + i));
    moves.add(general[i], general[(i + 1) % 3], 8, RegisterClass::general);
    moves.add(vector[i], vector[(i + 1) % 3], 16, RegisterClass::vector);
  }
  std::vector<InsertedMove> out;
  moves.resolve(0, out);
  for (const InsertedMove& move : out) machine.run(move);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_TRUE(machine.holds(general[(i + 1) % 3], 8, static_cast<int>(i)));
    EXPECT_TRUE(machine.holds(vector[(i + 1) % 3], 16, static_cast<int>(10 + i)));
  }
}

TEST(ParallelMoves, AChainTakesOneMoveEach) {
  ParallelMoves moves;
  moves.add(in(Register::rax), in(Register::rcx), 8, RegisterClass::general);
  moves.add(in(Register::rcx), in(Register::rdx), 8, RegisterClass::general);
  moves.add(in(Register::rbx), in(Register::rbx), 8, RegisterClass::general);
  std::vector<InsertedMove> out;
  moves.resolve(0, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].to, in(Register::rdx));
  EXPECT_EQ(out[1].to, in(Register::rcx));
}

}  // namespace heddle::jit::regalloc
