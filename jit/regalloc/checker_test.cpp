// SPDX-License-Identifier: Apache-2.0
// The checker of allocations: a right one passes, and each planted fault is found and named.
#include "jit/regalloc/checker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "jit/regalloc/linear_scan.h"
#include "jit/regalloc/machine_builder.h"

namespace heddle::jit::regalloc {

namespace {

using x64::Allocation;
using x64::Location;
using x64::MachineFunction;
using x64::Register;
using x64::RegisterSet;
using x64::VirtualRegister;

constexpr auto kCallClobbers = RegisterSet::of(Register::rax, Register::rcx, Register::rdx, Register::rsi,
                                               Register::rdi, Register::r8, Register::r9, Register::r10);

/// A loop with two values that change places, one that lives over a call, and one in rcx.
MachineFunction example() {
  MachineBuilder b;
  b.block();
  const VirtualRegister x = b.value(), y = b.value();
  b.instruction({MachineBuilder::define_in(x, Register::rdi), MachineBuilder::define_in(y, Register::rsi)});
  const BlockId entry = b.current();
  const BlockId header = b.block(1, true);
  const VirtualRegister first = b.parameter(header), second = b.parameter(header);
  b.go_to(entry);
  b.jump_with(header, {x, y});
  b.go_to(header);
  b.instruction({MachineBuilder::use_in(first, Register::rcx)}, kCallClobbers).is_call = true;
  b.instruction({MachineBuilder::use(second), MachineBuilder::use(x)});
  const BlockId back = b.block(1);
  const BlockId exit = b.block();
  b.go_to(header);
  b.jump({back, exit});
  b.go_to(back);
  b.jump_with(header, {second, first});
  b.go_to(exit);
  b.instruction({MachineBuilder::use_in(first, Register::rax)});
  return b.finish();
}

Allocation allocated(const MachineFunction& function) {
  Allocator allocator;
  Allocation allocation;
  EXPECT_TRUE(allocator.allocate(function, allocation));
  return allocation;
}

}  // namespace

TEST(AllocationChecker, ARightAllocationPasses) {
  const MachineFunction function = example();
  EXPECT_EQ(check(function, allocated(function)), "");
}

TEST(AllocationChecker, EveryMoveIsNeeded) {
  const MachineFunction function = example();
  const Allocation right = allocated(function);
  ASSERT_GT(right.moves.size(), 3U);
  for (size_t i = 0; i < right.moves.size(); ++i) {
    Allocation wrong = right;
    wrong.moves.erase(wrong.moves.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_NE(check(function, wrong), "") << "without move " << i;
  }
}

TEST(AllocationChecker, MovesInTheWrongOrderAreFound) {
  const MachineFunction function = example();
  const Allocation right = allocated(function);
  unsigned found = 0;
  for (size_t i = 0; i + 1 < right.moves.size(); ++i) {
    Allocation wrong = right;
    if (wrong.moves[i].instruction != wrong.moves[i + 1].instruction) continue;
    std::swap(wrong.moves[i], wrong.moves[i + 1]);
    if (!check(function, wrong).empty()) ++found;
  }
  EXPECT_GT(found, 0U);
}

TEST(AllocationChecker, ExchangedRegistersAreFound) {
  const MachineFunction function = example();
  Allocation wrong = allocated(function);
  // The operands of the instruction behind the call.
  const x64::Instruction& both = function.instructions[3];
  ASSERT_EQ(both.operand_count, 2U);
  std::swap(wrong.operands[both.first_operand], wrong.operands[both.first_operand + 1]);
  EXPECT_NE(check(function, wrong).find("does not hold value"), std::string::npos);
}

TEST(AllocationChecker, ForgottenClobbersAreFound) {
  const MachineFunction function = example();
  MachineFunction forgetful = function;
  forgetful.instructions[2].clobbers = {};
  EXPECT_NE(check(function, allocated(forgetful)), "");
}

TEST(AllocationChecker, RegistersThatAreUsedMustBeTold) {
  const MachineFunction function = example();
  Allocation wrong = allocated(function);
  ASSERT_TRUE(wrong.used.has(Register::rbx));
  wrong.used.remove(Register::rbx);
  EXPECT_NE(check(function, wrong).find("used"), std::string::npos);
}

TEST(AllocationChecker, AFixedRegisterIsDemanded) {
  const MachineFunction function = example();
  Allocation wrong = allocated(function);
  wrong.operands[function.instructions[2].first_operand].reg = Register::rdx;
  EXPECT_NE(check(function, wrong).find("instead of the fixed register"), std::string::npos);
}

TEST(AllocationChecker, AnEarlyResultMayNotShareWithAUse) {
  MachineBuilder b;
  b.block();
  const VirtualRegister x = b.constant(), y = b.value();
  b.instruction({MachineBuilder::early_define(y), MachineBuilder::use(x)});
  b.instruction({MachineBuilder::use(y)});
  const MachineFunction function = b.finish();
  Allocation wrong = allocated(function);
  EXPECT_EQ(check(function, wrong), "");
  wrong.operands[1] = wrong.operands[2];
  wrong.operands[3] = wrong.operands[2];
  EXPECT_NE(check(function, wrong).find("two operands at once"), std::string::npos);
}

TEST(AllocationChecker, HandlersFindNothingInRegisters) {
  MachineBuilder b;
  const BlockId entry = b.block();
  const VirtualRegister x = b.constant();
  const VirtualRegister y = b.compute({x});
  RegisterSet all = kCallClobbers | x64::kKeptByCallees;
  b.instruction({}, all).is_call = true;
  const BlockId normal = b.block();
  const BlockId handler = b.block();
  b.block_at(handler).is_handler = true;
  b.go_to(entry);
  b.jump({normal, handler});
  b.go_to(normal);
  b.instruction({MachineBuilder::use(y)});
  b.go_to(handler);
  b.instruction({MachineBuilder::use(y)});
  const MachineFunction function = b.finish();
  Allocation wrong = allocated(function);
  EXPECT_EQ(check(function, wrong), "");
  // The store behind the call comes too late for the handler.
  for (x64::InsertedMove& move : wrong.moves) {
    if (!move.to.is_register()) move.instruction = 3;
  }
  std::ranges::sort(wrong.moves, {}, &x64::InsertedMove::instruction);
  EXPECT_NE(check(function, wrong), "");
}

}  // namespace heddle::jit::regalloc
