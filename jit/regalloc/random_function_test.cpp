// SPDX-License-Identifier: Apache-2.0
// Random machine functions: each is allocated, and the checker proves the allocation.
//
// HEDDLE_RANDOM_FUNCTIONS=n runs n of them instead of the few of the unit test; HEDDLE_RANDOM_SEED=n starts
// at seed n.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <vector>

#include "jit/regalloc/checker.h"
#include "jit/regalloc/intervals.h"
#include "jit/regalloc/linear_scan.h"
#include "jit/regalloc/liveness.h"
#include "jit/regalloc/machine_builder.h"
#include "jit/regalloc/print_allocation.h"
#include "jit/x64/calling_convention.h"

namespace heddle::jit::regalloc {

namespace {

using x64::Operand;
using x64::Policy;
using x64::Register;
using x64::RegisterClass;
using x64::RegisterSet;
using x64::Role;
using x64::VirtualRegister;

constexpr auto kPinned = RegisterSet::of(Register::rsp, Register::rbp, Register::r11, Register::r14,
                                         Register::r15, Register::xmm15);

RegisterSet all_registers() {
  RegisterSet all;
  for (unsigned reg = 0; reg < x64::kRegisterCount; ++reg) all.add(static_cast<Register>(reg));
  return all.without(kPinned);
}

/// Structured control flow with values that are in scope; all choices come from the seed.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {
    pressure_ = 3 + below(60);
    wanted_ = 5 + below(chance(10) ? 600 : 100);
  }

  x64::MachineFunction run() {
    builder_.block();
    arguments();
    region(0);
    std::vector<Operand> results;
    RegisterSet taken;
    for (unsigned i = below(4); i-- > 0;) add_fixed_use(results, taken);
    builder_.instruction(results);
    return builder_.finish();
  }

 private:
  struct Known {
    VirtualRegister reg;
    RegisterClass register_class;
    uint8_t width;
  };

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool chance(uint32_t percent) { return below(100) < percent; }

  Known fresh() {
    const bool vector = chance(30);
    Known known{0, vector ? RegisterClass::vector : RegisterClass::general,
                static_cast<uint8_t>(vector && chance(50) ? 16 : 8)};
    known.reg = builder_.value(known.register_class, known.width);
    return known;
  }
  void know(const Known& known) { scope_.push_back(known); }
  /// Some value in scope, rather a young one; values that nobody takes any more end the pressure they make.
  const Known& pick() {
    const auto size = static_cast<uint32_t>(scope_.size());
    return scope_[size - 1 - below(std::min(size, chance(80) ? pressure_ : size))];
  }
  const Known& pick_of(RegisterClass register_class) {
    for (unsigned i = 0; i < 20; ++i) {
      const Known& known = pick();
      if (known.register_class == register_class) return known;
    }
    return *std::ranges::find(scope_, register_class, &Known::register_class);
  }

  void arguments() {
    std::vector<Operand> operands;
    for (const Register reg : x64::kGeneralArguments)
      define_in(operands, {builder_.value(), RegisterClass::general, 8}, reg);
    const VirtualRegister vector = builder_.value(RegisterClass::vector, 16);
    define_in(operands, {vector, RegisterClass::vector, 16}, Register::xmm0);
    builder_.instruction(operands);
  }
  void define_in(std::vector<Operand>& operands, const Known& known, Register reg) {
    operands.push_back(MachineBuilder::define_in(known.reg, reg));
    know(known);
  }
  void add_fixed_use(std::vector<Operand>& operands, RegisterSet& taken) {
    const Known known = pick();
    const bool general = known.register_class == RegisterClass::general;
    const Register reg = general ? x64::kGeneralArguments[below(8)] : x64::kVectorRegisters[below(8)];
    if (taken.has(reg)) return;
    taken.add(reg);
    operands.push_back(MachineBuilder::use_in(known.reg, reg));
  }

  void plain();
  void move();
  void shift();
  void divide();
  void call(bool clobbers_all);
  void temporaries();
  void step();
  void region(uint32_t depth);
  void branch(uint32_t depth);
  void loop(uint32_t depth);
  void invoke(uint32_t depth);
  void end_with_jumps(BlockId block, const std::vector<BlockId>& targets);
  void jump_with_arguments(BlockId target);
  void add_parameters(BlockId block, std::vector<Known>& parameters, uint32_t most);

  std::mt19937_64 random_;
  MachineBuilder builder_;
  std::vector<Known> scope_;
  std::vector<std::pair<BlockId, std::vector<Known>>> parameters_;
  uint32_t pressure_ = 0;
  uint32_t wanted_ = 0;
  uint32_t made_ = 0;
};

void Generator::plain() {
  const Known result = fresh();
  std::vector<Operand> operands = {chance(10) ? MachineBuilder::early_define(result.reg)
                                              : MachineBuilder::define(result.reg)};
  for (unsigned i = below(4); i-- > 0;) {
    const VirtualRegister used = pick().reg;
    operands.push_back(chance(10) ? MachineBuilder::late_use(used) : MachineBuilder::use(used));
  }
  if (chance(25)) operands.push_back(MachineBuilder::use_or_slot(pick().reg));
  if (chance(4)) operands.push_back(MachineBuilder::use_of_slot(pick().reg));
  if (chance(40)) {
    const Known source = pick_of(result.register_class);
    if (source.width == result.width) {
      operands.push_back(MachineBuilder::use(source.reg));
      operands[0] = MachineBuilder::tied(result.reg, static_cast<uint8_t>(operands.size() - 1));
    }
  }
  builder_.instruction(operands);
  know(result);
}

void Generator::move() {
  const Known source = pick();
  Known result = source;
  result.reg = builder_.value(source.register_class, source.width);
  builder_
      .instruction({MachineBuilder::define(result.reg),
                    chance(30) ? MachineBuilder::use_or_slot(source.reg) : MachineBuilder::use(source.reg)})
      .is_move = true;
  know(result);
}

void Generator::shift() {
  const VirtualRegister result = builder_.value();
  builder_.instruction({MachineBuilder::tied(result, 1),
                        MachineBuilder::use(pick_of(RegisterClass::general).reg),
                        MachineBuilder::use_in(pick_of(RegisterClass::general).reg, Register::rcx)});
  know({result, RegisterClass::general, 8});
}

void Generator::divide() {
  const VirtualRegister quotient = builder_.value();
  const VirtualRegister rest = builder_.value();
  const VirtualRegister dividend = pick_of(RegisterClass::general).reg;
  Operand divisor = MachineBuilder::use(pick_of(RegisterClass::general).reg);
  if (chance(50)) divisor.role = Role::late_use;
  Operand high = MachineBuilder::define_in(chance(50) ? rest : x64::kNoRegister, Register::rdx);
  if (chance(50)) high.role = Role::early_define;
  const bool is_tied = chance(30);
  const Operand low =
      is_tied ? MachineBuilder::tied(quotient, 2) : MachineBuilder::define_in(quotient, Register::rax);
  builder_.instruction({low, high, MachineBuilder::use_in(dividend, Register::rax), divisor});
  know({quotient, RegisterClass::general, 8});
  if (high.reg != x64::kNoRegister) know({rest, RegisterClass::general, 8});
}

void Generator::call(bool clobbers_all) {
  std::vector<Operand> operands;
  std::vector<Known> results;
  RegisterSet results_taken;
  for (unsigned i = below(4); i-- > 0;) {
    const Known result = fresh();
    const bool general = result.register_class == RegisterClass::general;
    const Register reg = general ? x64::kGeneralResults[i] : x64::kVectorRegisters[i];
    if (results_taken.has(reg)) continue;
    results_taken.add(reg);
    operands.push_back(MachineBuilder::define_in(result.reg, reg));
    results.push_back(result);
  }
  RegisterSet taken;
  for (unsigned i = below(10); i-- > 0;) add_fixed_use(operands, taken);
  if (chance(30)) operands.push_back(MachineBuilder::use(pick().reg));
  if (chance(20)) operands.push_back(MachineBuilder::use_of_slot(pick().reg));
  const RegisterSet clobbers = clobbers_all ? all_registers() : all_registers().without(x64::kKeptByCallees);
  builder_.instruction(operands, clobbers).is_call = true;
  for (const Known& result : results) know(result);
}

void Generator::temporaries() {
  std::vector<Operand> operands;
  for (unsigned i = 1 + below(3); i-- > 0;) operands.push_back(MachineBuilder::early_define(fresh().reg));
  for (unsigned i = below(3); i-- > 0;) operands.push_back(MachineBuilder::use(pick().reg));
  if (chance(50)) operands.push_back({x64::kNoRegister, Role::early_define, Policy::fixed, Register::rcx});
  builder_.instruction(operands, chance(30) ? RegisterSet::of(Register::rsi, Register::xmm3) : RegisterSet());
}

void Generator::step() {
  ++made_;
  const uint32_t what = below(100);
  if (what < 60) return plain();
  if (what < 68) return move();
  if (what < 74) return shift();
  if (what < 78) return divide();
  if (what < 84) return call(false);
  if (what < 88) return temporaries();
  const bool vector = chance(30);
  const auto register_class = vector ? RegisterClass::vector : RegisterClass::general;
  const uint8_t width = vector && chance(50) ? 16 : 8;
  know({builder_.constant(register_class, width), register_class, width});
}

void Generator::region(uint32_t depth) {
  for (unsigned i = 1 + below(8); i-- > 0 && made_ < wanted_;) {
    for (unsigned k = below(6); k-- > 0;) step();
    if (depth >= 5) continue;
    const uint32_t what = below(100);
    if (what < 25) branch(depth);
    if (what >= 25 && what < 45) loop(depth);
    if (what >= 45 && what < 55) invoke(depth);
  }
}

void Generator::add_parameters(BlockId block, std::vector<Known>& parameters, uint32_t most) {
  for (unsigned i = below(most + 1); i-- > 0;) {
    Known known = pick();
    known.reg = builder_.parameter(block, known.register_class, known.width);
    parameters.push_back(known);
  }
  parameters_.emplace_back(block, parameters);
}

void Generator::jump_with_arguments(BlockId target) {
  std::vector<VirtualRegister> arguments;
  const auto entry = std::ranges::find(parameters_, target, &std::pair<BlockId, std::vector<Known>>::first);
  for (const Known& parameter : entry == parameters_.end() ? std::vector<Known>{} : entry->second) {
    VirtualRegister argument = x64::kNoRegister;
    for (unsigned tries = 0; argument == x64::kNoRegister; ++tries) {
      const Known& known = tries < 30 ? pick() : scope_[below(static_cast<uint32_t>(scope_.size()))];
      if (known.register_class == parameter.register_class && known.width == parameter.width)
        argument = known.reg;
    }
    arguments.push_back(argument);
  }
  builder_.edge(builder_.current(), target, arguments);
}

/// Compare and jump, compare and jump, then a jump or one by a table; what is compared is in scope there.
void Generator::end_with_jumps(BlockId block, const std::vector<BlockId>& targets) {
  builder_.go_to(block);
  const bool by_table = chance(40);
  for (size_t i = 0; i + 1 < targets.size(); ++i) {
    if (chance(80)) builder_.instruction({MachineBuilder::use(pick().reg)});
    builder_.jump_if(targets[i]);
    if (by_table) break;
  }
  if (by_table) {
    builder_.instruction({MachineBuilder::early_define(builder_.value()), MachineBuilder::use(pick().reg)});
  } else {
    x64::Instruction& jump = builder_.instruction(std::initializer_list<Operand>{});
    jump.mnemonic = x64::Mnemonic::jmp;
    jump.target = targets.back();
  }
}

void Generator::branch(uint32_t depth) {
  const BlockId from = builder_.current();
  const uint32_t loop_depth = builder_.block_at(from).loop_depth;
  const bool from_cold = builder_.block_at(from).is_cold;
  const size_t scope = scope_.size();
  std::vector<BlockId> ends, targets;
  for (unsigned i = 2 + (chance(20) ? below(4) : 0); i-- > 0;) {
    const BlockId arm = builder_.block(loop_depth, false, from_cold || chance(15));
    builder_.edge(from, arm, {});
    targets.push_back(arm);
    if (chance(80)) region(depth + 1);
    ends.push_back(builder_.current());
    scope_.resize(scope);
  }
  end_with_jumps(from, targets);
  const BlockId join = builder_.block(loop_depth, false, from_cold);
  std::vector<Known> parameters;
  add_parameters(join, parameters, 4);
  for (const BlockId end : ends) {
    builder_.go_to(end);
    builder_.instruction(std::initializer_list<Operand>{});
    jump_with_arguments(join);
  }
  builder_.go_to(join);
  for (const Known& parameter : parameters) know(parameter);
}

void Generator::loop(uint32_t depth) {
  const BlockId from = builder_.current();
  const uint32_t loop_depth = builder_.block_at(from).loop_depth;
  const bool is_cold = builder_.block_at(from).is_cold;
  const BlockId header = builder_.block(loop_depth + 1, true, is_cold);
  std::vector<Known> parameters;
  add_parameters(header, parameters, chance(10) ? 20 : 4);
  builder_.go_to(from);
  builder_.instruction(std::initializer_list<Operand>{});
  jump_with_arguments(header);
  builder_.go_to(header);
  for (const Known& parameter : parameters) know(parameter);
  region(depth + 1);
  const BlockId end = builder_.current();
  const BlockId back = builder_.block(loop_depth + 1, false, is_cold || builder_.block_at(end).is_cold);
  builder_.edge(end, back, {});
  const size_t scope = scope_.size();
  for (unsigned i = below(3); i-- > 0;) step();
  builder_.instruction(std::initializer_list<Operand>{});
  jump_with_arguments(header);
  scope_.resize(scope);
  const BlockId exit = builder_.block(loop_depth, false, is_cold);
  builder_.edge(end, exit, {});
  end_with_jumps(end, chance(50) ? std::vector{back, exit} : std::vector{exit, back});
  builder_.go_to(exit);
}

void Generator::invoke(uint32_t depth) {
  const BlockId from = builder_.current();
  const uint32_t loop_depth = builder_.block_at(from).loop_depth;
  const size_t before = scope_.size();
  const std::vector<Known> known_before(scope_.begin(), scope_.begin() + static_cast<ptrdiff_t>(before));
  call(true);
  std::vector<Known> known_after = scope_;
  builder_.instruction(std::initializer_list<Operand>{});
  const BlockId normal = builder_.block(loop_depth, false, builder_.block_at(from).is_cold);
  builder_.edge(from, normal, {});
  const BlockId handler = builder_.block(loop_depth, false, builder_.block_at(from).is_cold || chance(50));
  builder_.block_at(handler).is_handler = true;
  scope_ = known_before;
  std::vector<Known> parameters;
  add_parameters(handler, parameters, 3);
  builder_.go_to(from);
  jump_with_arguments(handler);
  builder_.go_to(handler);
  for (const Known& parameter : parameters) know(parameter);
  region(depth + 2);
  builder_.instruction({MachineBuilder::use(pick().reg)});
  scope_ = known_after;
  builder_.go_to(normal);
}

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void allocate_all(uint64_t most, size_t most_liveness) {
  const uint64_t first = from_environment("HEDDLE_RANDOM_SEED", 1);
  const uint64_t count = from_environment("HEDDLE_RANDOM_FUNCTIONS", most);
  Allocator allocator(most_liveness);
  x64::Allocation allocation;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const x64::MachineFunction function = Generator(seed).run();
    ASSERT_TRUE(allocator.allocate(function, allocation)) << "seed " << seed;
    ASSERT_EQ(check(function, allocation), "") << "seed " << seed << "\n" << print(function, allocation);
  }
}

/// Blocks that the value lives into, from its uses up to its definition.
std::set<BlockId> blocks_lived_into(const x64::MachineFunction& function, VirtualRegister value) {
  std::set<BlockId> lived_into;
  std::vector<BlockId> work;
  BlockId definer = kNoBlock;
  const auto uses = [&](const x64::MachineBlock& block) {
    bool found = false;
    for (uint32_t i = 0; i < block.instruction_count; ++i) {
      for (const x64::Operand& operand :
           function.operands_of(function.instructions[block.first_instruction + i]))
        found |= operand.reg == value && !is_definition(operand);
    }
    for (const x64::MachineEdge& edge : block.successors) {
      for (uint32_t i = 0; i < edge.argument_count; ++i)
        found |= function.edge_arguments[edge.first_argument + i] == value;
    }
    return found;
  };
  for (const BlockId id : function.order) {
    const x64::MachineBlock& block = function.blocks[id];
    bool defines = std::ranges::count(block.parameters, value) != 0;
    for (uint32_t i = 0; i < block.instruction_count; ++i) {
      for (const x64::Operand& operand :
           function.operands_of(function.instructions[block.first_instruction + i]))
        defines |= operand.reg == value && is_definition(operand);
    }
    if (defines) definer = id;
    if (uses(block)) work.push_back(id);
  }
  while (!work.empty()) {
    const BlockId id = work.back();
    work.pop_back();
    if (id == definer || !lived_into.insert(id).second) continue;
    for (const BlockId predecessor : function.blocks[id].predecessors) work.push_back(predecessor);
  }
  return lived_into;
}

}  // namespace

TEST(RandomFunctions, LivenessIsThatOfEachValueAlone) {
  Liveness liveness;
  size_t crossing = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const x64::MachineFunction function = Generator(seed).run();
    liveness.compute(function, Allocator::kMostLiveness);
    std::vector<std::set<BlockId>> found(function.registers.size());
    for (const BlockId id : function.order) {
      liveness.for_each_only_in(liveness.live_in(id), {},
                                [&](VirtualRegister value) { found[value].insert(id); });
    }
    for (VirtualRegister value = 0; value < found.size(); ++value) {
      ASSERT_EQ(found[value], blocks_lived_into(function, value)) << "seed " << seed << ", v" << value;
      ASSERT_EQ(liveness.crosses_blocks(value), !found[value].empty());
      crossing += liveness.crosses_blocks(value) ? 1 : 0;
    }
  }
  EXPECT_GT(crossing, 1000U);
}

TEST(RandomFunctions, AreAllocatedCorrectly) { allocate_all(2000, Allocator::kMostLiveness); }

TEST(RandomFunctions, AreAllocatedCorrectlyIfTheyAreHuge) { allocate_all(700, 0); }

}  // namespace heddle::jit::regalloc
