// SPDX-License-Identifier: Apache-2.0
// The allocator on programs that ask for something in particular: what stays out of loops, and how much is
// moved.
#include "jit/regalloc/linear_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "jit/regalloc/checker.h"
#include "jit/regalloc/machine_builder.h"
#include "jit/regalloc/print_allocation.h"

namespace heddle::jit::regalloc {

namespace {

using x64::Allocation;
using x64::InsertedMove;
using x64::MachineFunction;
using x64::Operand;
using x64::Register;
using x64::RegisterSet;
using x64::VirtualRegister;

constexpr auto kCallClobbers = RegisterSet::of(Register::rax, Register::rcx, Register::rdx, Register::rsi,
                                               Register::rdi, Register::r8, Register::r9, Register::r10);

class LinearScan : public testing::Test {
 protected:
  void allocate() {
    function_ = b_.finish();
    Allocator allocator;
    ASSERT_TRUE(allocator.allocate(function_, allocation_));
    ASSERT_EQ(check(function_, allocation_), "") << text();
  }
  [[nodiscard]] std::string text() const { return print(function_, allocation_); }

  struct Count {
    unsigned moves = 0;  ///< from register to register
    unsigned loads = 0;  ///< values made anew, too
    unsigned stores = 0;
    unsigned memory_operands = 0;
    friend bool operator==(const Count&, const Count&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Count& count) {
      return out << count.moves << " moves, " << count.loads << " loads, " << count.stores << " stores, "
                 << count.memory_operands << " memory operands";
    }
  };
  /// What happens in the blocks of a loop depth.
  [[nodiscard]] Count count_at(uint32_t depth) const {
    Count count;
    for (const x64::MachineBlock& block : function_.blocks) {
      if (block.loop_depth != depth) continue;
      const uint32_t end = block.first_instruction + block.instruction_count;
      for (const InsertedMove& move : allocation_.moves) {
        if (move.instruction < block.first_instruction || move.instruction >= end) continue;
        const bool loads = move.rematerialize != UINT32_MAX || !move.from.is_register();
        ++(!move.to.is_register() ? count.stores : loads ? count.loads : count.moves);
      }
      for (uint32_t i = block.first_instruction; i < end; ++i) {
        for (uint32_t k = 0; k < function_.instructions[i].operand_count; ++k) {
          const auto location = allocation_.operands[function_.instructions[i].first_operand + k];
          if (!location.is_register()) ++count.memory_operands;
        }
      }
    }
    return count;
  }

  /// Values that nothing can make anew, from nothing.
  std::vector<VirtualRegister> values(unsigned count) {
    std::vector<VirtualRegister> values;
    for (unsigned i = 0; i < count; ++i) values.push_back(b_.compute({}));
    return values;
  }
  /// A loop that runs `body` on its parameters, which become what `body` leaves in them. Goes on behind it.
  template <class Body>
  std::vector<VirtualRegister> loop(std::vector<VirtualRegister> start, Body body) {
    const BlockId before = b_.current();
    const uint32_t depth = b_.block_at(before).loop_depth + 1;
    const BlockId header = b_.block(depth, true);
    std::vector<VirtualRegister> state;
    for (size_t i = 0; i < start.size(); ++i) state.push_back(b_.parameter(header));
    b_.go_to(before);
    b_.instruction(std::initializer_list<Operand>{});
    b_.edge(before, header, start);
    b_.go_to(header);
    body(state);
    const BlockId end = b_.current();
    const BlockId back = b_.block(depth);
    const BlockId exit = b_.block(depth - 1);
    b_.go_to(end);
    b_.jump({back, exit});
    b_.go_to(back);
    b_.instruction(std::initializer_list<Operand>{});
    b_.edge(back, header, state);
    b_.go_to(exit);
    return state;
  }
  void use_all(const std::vector<VirtualRegister>& values) {
    for (const VirtualRegister value : values) b_.instruction({MachineBuilder::use(value)});
  }
  void use_all_from_slots(const std::vector<VirtualRegister>& values) {
    for (const VirtualRegister value : values) b_.instruction({MachineBuilder::use_or_slot(value)});
  }

  MachineBuilder b_;
  MachineFunction function_;
  Allocation allocation_;
};

}  // namespace

TEST_F(LinearScan, AValueStaysWhereItIs) {
  b_.block();
  const VirtualRegister x = b_.value();
  b_.instruction({MachineBuilder::define_in(x, Register::rdi)});
  const VirtualRegister y = b_.compute_tied(b_.compute_tied(x));
  b_.instruction({MachineBuilder::use_in(y, Register::rdi)});
  allocate();
  EXPECT_TRUE(allocation_.moves.empty()) << text();
}

TEST_F(LinearScan, ACountingLoopMovesNothing) {
  b_.block();
  const auto state = loop(values(2), [&](std::vector<VirtualRegister>& s) {
    s[0] = b_.compute_tied(s[0]);
    s[1] = b_.compute_tied(s[1], {s[0]});
  });
  use_all(state);
  allocate();
  EXPECT_EQ(count_at(1), Count{}) << text();
}

TEST_F(LinearScan, EightHotValuesAndTenColdOnes) {
  b_.block();
  const auto cold = values(10);
  const auto hot = values(8);
  use_all(cold);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    s[0] = b_.compute_tied(s[0]);
    use_all(hot);
  });
  use_all(cold);
  use_all(cold);
  allocate();
  EXPECT_EQ(count_at(1), Count{}) << text();
}

TEST_F(LinearScan, TwoLoopsWithDifferentHotValues) {
  b_.block();
  const auto first = values(9);
  const auto second = values(9);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    s[0] = b_.compute_tied(s[0]);
    use_all(first);
  });
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    s[0] = b_.compute_tied(s[0]);
    use_all(second);
  });
  use_all(first);
  allocate();
  EXPECT_EQ(count_at(1), Count{}) << text();
}

TEST_F(LinearScan, AnInnerLoopOwnsTheRegisters) {
  b_.block();
  const auto outer = values(14);
  const auto inner = values(6);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    use_all_from_slots(outer);
    loop(values(1), [&](std::vector<VirtualRegister>& t) {
      t[0] = b_.compute_tied(t[0]);
      use_all(inner);
    });
    s[0] = b_.compute_tied(s[0]);
  });
  allocate();
  EXPECT_EQ(count_at(2), Count{}) << text();
}

TEST_F(LinearScan, ACallInALoopWithTenLiveValues) {
  b_.block();
  const auto live = values(10);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    b_.instruction({MachineBuilder::use_in(s[0], Register::rdi)}, kCallClobbers).is_call = true;
    use_all_from_slots(live);
    s[0] = b_.compute_tied(s[0]);
  });
  use_all(live);
  allocate();
  // Three registers are kept by callees. What does not fit is in memory, stored once before the loop and
  // never in it.
  const Count count = count_at(1);
  EXPECT_EQ(count.stores, 0U) << text();
  EXPECT_LE(count.loads + count.memory_operands, 8U) << text();
  EXPECT_LE(count.moves, 2U) << text();
}

TEST_F(LinearScan, TheHotValueGetsTheKeptRegister) {
  b_.block();
  const auto cold = values(3);
  const auto hot = values(2);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    b_.instruction({}, kCallClobbers).is_call = true;
    use_all(hot);
    s[0] = b_.compute_tied(s[0]);
  });
  use_all(cold);
  allocate();
  EXPECT_EQ(count_at(1), Count{}) << text();
}

TEST_F(LinearScan, AHotValueIsInTheKeptRegisterBeforeTheCallToo) {
  b_.block();
  const auto cold = values(3);
  const auto hot = values(2);
  loop(values(1), [&](std::vector<VirtualRegister>& s) {
    use_all(hot);
    b_.instruction({}, kCallClobbers).is_call = true;
    use_all(hot);
    s[0] = b_.compute_tied(s[0]);
  });
  use_all(cold);
  allocate();
  EXPECT_EQ(count_at(1), Count{}) << text();
}

TEST_F(LinearScan, AConstantIsMadeAnewNotStored) {
  b_.block();
  const VirtualRegister constant = b_.constant();
  b_.use_all({constant});
  b_.instruction({}, kCallClobbers | x64::kKeptByCallees).is_call = true;
  b_.use_all({constant});
  allocate();
  EXPECT_EQ(allocation_.slots, 0U);
  EXPECT_EQ(count_at(0), (Count{0, 1, 0, 0})) << text();
}

TEST_F(LinearScan, AColdCallCostsTheHotPathNothing) {
  const BlockId entry = b_.block();
  const auto live = values(8);
  const BlockId header = b_.block(1, true);
  const VirtualRegister counter = b_.parameter(header);
  b_.go_to(entry);
  b_.jump_with(header, {live[0]});
  b_.go_to(header);
  const VirtualRegister next = b_.compute_tied(counter);
  use_all(live);
  const BlockId slow = b_.block(1, false, true);
  b_.instruction({}, kCallClobbers).is_call = true;
  const BlockId middle = b_.block(1);
  const BlockId join = b_.block(1);
  const BlockId back = b_.block(1);
  const BlockId exit = b_.block();
  b_.go_to(header);
  b_.jump({middle, slow});
  b_.go_to(middle);
  b_.jump({join});
  b_.go_to(slow);
  b_.jump({join});
  b_.go_to(join);
  use_all(live);
  b_.jump({back, exit});
  b_.go_to(back);
  b_.jump_with(header, {next});
  b_.go_to(exit);
  use_all(live);
  allocate();
  for (const InsertedMove& move : allocation_.moves) {
    const bool is_hot = move.instruction < function_.blocks[slow].first_instruction;
    EXPECT_TRUE(!is_hot || move.instruction < function_.blocks[header].first_instruction) << text();
  }
}

TEST_F(LinearScan, SlotsAreShared) {
  b_.block();
  for (unsigned round = 0; round < 10; ++round) {
    const auto live = values(14);
    b_.instruction({}, kCallClobbers | x64::kKeptByCallees).is_call = true;
    use_all(live);
  }
  allocate();
  EXPECT_LE(allocation_.slots, 14U);
}

}  // namespace heddle::jit::regalloc
