// SPDX-License-Identifier: Apache-2.0
// The allocator's checker: symbolic execution of machine code with its allocation, to a fixed point.
#include "jit/regalloc/checker.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace heddle::jit::regalloc {

using x64::Allocation;
using x64::InsertedMove;
using x64::Instruction;
using x64::Location;
using x64::MachineBlock;
using x64::MachineEdge;
using x64::MachineFunction;
using x64::Operand;
using x64::Policy;
using x64::Register;
using x64::RegisterClass;
using x64::Role;
using x64::VirtualRegister;

namespace {

using Unit = uint32_t;
using Symbol = uint32_t;  ///< 2 * value, plus 1 for the upper half of 16 bytes
using Fact = std::pair<Unit, Symbol>;

constexpr Unit kFirstVectorUnit = 16;
constexpr Unit kFirstSlotUnit = 48;

Unit unit_of(Location location) {
  if (!location.is_register()) return kFirstSlotUnit + location.slot;
  const auto reg = static_cast<uint32_t>(location.reg);
  return reg < kFirstVectorUnit ? reg : kFirstVectorUnit + 2 * (reg - kFirstVectorUnit);
}

std::string name(Location location) {
  if (!location.is_register()) return "slot " + std::to_string(location.slot);
  return "register " + std::to_string(static_cast<unsigned>(location.reg));
}

/// What every unit holds; also counts where each symbol is, so that new values are cheap to define.
class State {
 public:
  State(size_t units, size_t values) : held_(units), count_(2 * values, 0) {}

  void load(const std::vector<Fact>& facts) {
    for (Unit unit = 0; unit < held_.size(); ++unit) clear(unit);
    for (const auto& [unit, symbol] : facts) put(unit, symbol);
  }
  [[nodiscard]] std::vector<Fact> facts() const {
    std::vector<Fact> facts;
    for (Unit unit = 0; unit < held_.size(); ++unit) {
      for (const Symbol symbol : held_[unit]) facts.emplace_back(unit, symbol);
    }
    std::ranges::sort(facts);
    return facts;
  }
  [[nodiscard]] bool holds(Unit unit, Symbol symbol) const {
    return std::ranges::count(held_[unit], symbol) != 0;
  }
  void clear(Unit unit) {
    for (const Symbol symbol : held_[unit]) --count_[symbol];
    held_[unit].clear();
  }
  void put(Unit unit, Symbol symbol) {
    held_[unit].push_back(symbol);
    ++count_[symbol];
  }
  void copy(Unit from, Unit to) {
    if (from == to) return;
    clear(to);
    for (const Symbol symbol : held_[from]) put(to, symbol);
  }
  /// No location holds it any more: it is defined anew.
  void forget(Symbol symbol) {
    for (Unit unit = 0; count_[symbol] != 0 && unit < held_.size(); ++unit) {
      count_[symbol] -= static_cast<uint32_t>(std::erase(held_[unit], symbol));
    }
  }

 private:
  std::vector<std::vector<Symbol>> held_;
  std::vector<uint32_t> count_;
};

class Checker {
 public:
  Checker(const MachineFunction& function, const Allocation& allocation)
      : function_(function),
        allocation_(allocation),
        state_(kFirstSlotUnit + allocation.slots + 1, function.registers.size()),
        entry_(function.blocks.size()),
        is_parameter_(function.registers.size(), false) {}

  std::string run() {
    if (allocation_.operands.size() != function_.operands.size()) return "not every operand has a location";
    check_shapes();
    if (error_.empty()) find_entries();
    for (const BlockId id : function_.order) {
      if (error_.empty() && entry_[id]) run_block(id, true);
    }
    return error_;
  }

 private:
  void fail(uint32_t instruction, const std::string& what) {
    if (error_.empty()) error_ = "instruction " + std::to_string(instruction) + ": " + what;
  }

  // Without values: places and policies.
  void check_shapes();
  void check_move(const InsertedMove& move);
  void check_operand(uint32_t index, const Operand& operand, Location location);
  void check_conflicts(uint32_t index);
  [[nodiscard]] bool is_place(Location location, uint8_t width, RegisterClass register_class) const;
  [[nodiscard]] bool is_in_way(const Instruction& instruction, const Operand& a, const Operand& b) const;

  // With values.
  void find_entries();
  void run_block(BlockId id, bool is_final);
  void leave(BlockId id, BlockId target, const std::vector<Fact>& after_call);
  void leave(const MachineEdge& edge, std::vector<Fact> facts);
  void run_move(BlockId id, const InsertedMove& move);
  void remake(BlockId id, const InsertedMove& move);
  void run_instruction(uint32_t index, bool is_final);
  void check_use(uint32_t index, const Operand& operand, Location location);
  void define(VirtualRegister value, Location location);
  [[nodiscard]] uint32_t units_of(VirtualRegister value) const {
    return function_.registers[value].width == 16 ? 2 : 1;
  }
  [[nodiscard]] Location location_of(const Instruction& instruction, uint32_t operand) const {
    return allocation_.operands[instruction.first_operand + operand];
  }

  const MachineFunction& function_;
  const Allocation& allocation_;
  State state_;
  std::vector<std::optional<std::vector<Fact>>> entry_;
  std::vector<bool> is_parameter_;
  std::vector<bool> is_dirty_;
  std::string error_;
};

// ----------------------------------------------------------------------------------------------------------
// shapes

bool Checker::is_place(Location location, uint8_t width, RegisterClass register_class) const {
  if (location.is_register()) return x64::class_of(location.reg) == register_class;
  return location.slot + width / 8 <= allocation_.slots && (width != 16 || location.slot % 2 == 0);
}

void Checker::check_shapes() {
  uint32_t last = 0;
  for (const InsertedMove& move : allocation_.moves) {
    if (move.instruction < last || move.instruction >= function_.instructions.size())
      fail(move.instruction, "moves out of order");
    last = move.instruction;
    check_move(move);
    if (!error_.empty()) return;
  }
  for (const BlockId id : function_.order) {
    const MachineBlock& block = function_.blocks[id];
    for (uint32_t i = 0; i < block.instruction_count; ++i) {
      const uint32_t index = block.first_instruction + i;
      const auto operands = function_.operands_of(function_.instructions[index]);
      for (uint32_t k = 0; k < operands.size(); ++k) {
        check_operand(index, operands[k], location_of(function_.instructions[index], k));
      }
      check_conflicts(index);
      if (!error_.empty()) return;
    }
  }
}

void Checker::check_move(const InsertedMove& move) {
  const bool is_remade = move.rematerialize != UINT32_MAX;
  if (!is_remade && !move.from.is_register() && !move.to.is_register())
    return fail(move.instruction, "a move from slot to slot");
  for (const Location location : {is_remade ? move.to : move.from, move.to}) {
    if (!location.is_register() && location.slot + move.width / 8 > allocation_.slots)
      fail(move.instruction, "a slot that is not there");
    if (!location.is_register()) continue;
    if (move.width == 16 && x64::class_of(location.reg) != RegisterClass::vector)
      fail(move.instruction, "16 bytes in a general register");
  }
  if (!move.to.is_register()) return;
  if (!allocation_.used.has(move.to.reg))
    fail(move.instruction, "writes " + name(move.to) + ", which `used` does not tell");
  const auto pinned = x64::RegisterSet::of(Register::rsp, Register::rbp, x64::kInstance, x64::kMemoryBase);
  if (pinned.has(move.to.reg)) fail(move.instruction, "moves to a pinned register");
  if (!is_remade) return;
  for (const Operand& operand : function_.operands_of(function_.instructions[move.rematerialize])) {
    if (!is_definition(operand)) fail(move.instruction, "makes a value anew that depends on others");
  }
}

void Checker::check_operand(uint32_t index, const Operand& operand, Location location) {
  const auto says = [&](const char* what) { fail(index, name(location) + what); };
  if (operand.policy == Policy::fixed && !(location == Location{operand.fixed, UINT32_MAX}))
    return says(" instead of the fixed register");
  if (is_definition(operand) && location.is_register() && !allocation_.used.has(location.reg))
    says(" is not told by `used`");
  if (operand.reg == x64::kNoRegister) return;
  const x64::VirtualRegisterInfo& info = function_.registers[operand.reg];
  if (!is_place(location, info.width, info.register_class)) return says(" is no place for this operand");
  if (operand.policy == Policy::slot_only && location.is_register()) return says(" instead of a slot");
  const bool may_be_slot = operand.policy == Policy::slot_only || operand.policy == Policy::slot_too;
  if (!may_be_slot && !location.is_register()) return says(" instead of a register");
  if (operand.policy != Policy::any || !location.is_register()) return;
  const bool is_general = std::ranges::count(x64::kGeneralRegisters, location.reg) != 0;
  if (!is_general && std::ranges::count(x64::kVectorRegisters, location.reg) == 0)
    says(" may not be given out");
}

/// May `a`, a result, not be in the register of `b`?
bool Checker::is_in_way(const Instruction& instruction, const Operand& a, const Operand& b) const {
  if (is_definition(b)) return true;
  if (a.role == Role::early_define || b.role == Role::late_use) return true;
  // A tied result is in its register from the beginning on; whoever else is read there must be the same
  // value.
  return a.policy == Policy::tied && function_.operands_of(instruction)[a.tied_to].reg != b.reg;
}

void Checker::check_conflicts(uint32_t index) {
  const Instruction& instruction = function_.instructions[index];
  const auto operands = function_.operands_of(instruction);
  for (uint32_t i = 0; i < operands.size(); ++i) {
    const Location location = location_of(instruction, i);
    if (!location.is_register()) continue;
    const bool outlives = is_definition(operands[i]) || operands[i].role == Role::late_use;
    if (outlives && operands[i].policy != Policy::fixed && instruction.clobbers.has(location.reg) &&
        !(operands[i].policy == Policy::tied && operands[operands[i].tied_to].policy == Policy::fixed)) {
      fail(index, name(location) + " is clobbered");
    }
    if (operands[i].role == Role::late_use && instruction.clobbers.has(location.reg))
      fail(index, name(location) + " is clobbered");
    if (!is_definition(operands[i])) continue;
    if (operands[i].policy == Policy::tied && !(location == location_of(instruction, operands[i].tied_to)))
      fail(index, "a result is not where its tied use is");
    for (uint32_t k = 0; k < operands.size(); ++k) {
      if (k == i || !(location_of(instruction, k) == location)) continue;
      if (is_in_way(instruction, operands[i], operands[k]))
        fail(index, name(location) + " is given to two operands at once");
    }
  }
}

// ----------------------------------------------------------------------------------------------------------
// values

void Checker::find_entries() {
  is_dirty_.assign(function_.blocks.size(), false);
  entry_[function_.order.front()].emplace();
  is_dirty_[function_.order.front()] = true;
  for (bool again = true; again;) {
    again = false;
    for (const BlockId id : function_.order) {
      if (!is_dirty_[id]) continue;
      is_dirty_[id] = false;
      again = true;
      run_block(id, false);
    }
  }
}

void Checker::run_block(BlockId id, bool is_final) {
  const MachineBlock& block = function_.blocks[id];
  state_.load(*entry_[id]);
  auto move =
      std::ranges::lower_bound(allocation_.moves, block.first_instruction, {}, &InsertedMove::instruction);
  std::vector<Fact> after_call;
  for (uint32_t i = 0; i < block.instruction_count; ++i) {
    const uint32_t index = block.first_instruction + i;
    for (; move != allocation_.moves.end() && move->instruction == index; ++move) run_move(id, *move);
    if (function_.instructions[index].is_call) after_call = state_.facts();
    run_instruction(index, is_final);
    if (!error_.empty()) return;
    if (!is_final && function_.instructions[index].mnemonic == x64::Mnemonic::jcc) {
      leave(id, function_.instructions[index].target, after_call);
    }
  }
  if (is_final) return;
  const Instruction& last = function_.instructions[block.first_instruction + block.instruction_count - 1];
  const bool is_jump = last.mnemonic == x64::Mnemonic::jmp && last.target != kNoBlock;
  for (const MachineEdge& edge : block.successors) {
    if (!is_jump || edge.target == last.target || function_.blocks[edge.target].is_handler) {
      leave(id, edge.target, after_call);
    }
  }
}

/// The present state goes to one of a block's successors.
void Checker::leave(BlockId id, BlockId target, const std::vector<Fact>& after_call) {
  for (const MachineEdge& edge : function_.blocks[id].successors) {
    if (edge.target != target) continue;
    std::vector<Fact> facts = state_.facts();
    if (function_.blocks[target].is_handler) {
      // It is the call that leads there, and no register survives.
      facts = after_call;
      std::erase_if(facts, [](const Fact& fact) { return fact.first < kFirstSlotUnit; });
    }
    leave(edge, std::move(facts));
  }
}

void Checker::leave(const MachineEdge& edge, std::vector<Fact> facts) {
  const std::vector<VirtualRegister>& parameters = function_.blocks[edge.target].parameters;
  std::vector<std::pair<VirtualRegister, VirtualRegister>> renames;
  for (uint32_t i = 0; i < edge.argument_count; ++i) {
    renames.emplace_back(function_.edge_arguments[edge.first_argument + i], parameters[i]);
  }
  std::ranges::sort(renames);
  for (const VirtualRegister parameter : parameters) is_parameter_[parameter] = true;
  std::vector<Fact> renamed;
  for (const auto& [unit, symbol] : facts) {
    if (!is_parameter_[symbol / 2]) renamed.emplace_back(unit, symbol);
    auto rename = std::ranges::lower_bound(renames, std::pair(symbol / 2, VirtualRegister{0}));
    for (; rename != renames.end() && rename->first == symbol / 2; ++rename) {
      renamed.emplace_back(unit, rename->second * 2 + symbol % 2);
    }
  }
  for (const VirtualRegister parameter : parameters) is_parameter_[parameter] = false;
  std::ranges::sort(renamed);
  std::optional<std::vector<Fact>>& entry = entry_[edge.target];
  if (!entry) {
    entry = std::move(renamed);
    is_dirty_[edge.target] = true;
    return;
  }
  std::vector<Fact> common;
  std::ranges::set_intersection(*entry, renamed, std::back_inserter(common));
  if (common.size() == entry->size()) return;
  *entry = std::move(common);
  is_dirty_[edge.target] = true;
}

/// A block's only edge has renamed arguments already, so what is made anew at its start has the parameters'
/// names, too.
void Checker::remake(BlockId id, const InsertedMove& move) {
  const VirtualRegister value = function_.operands_of(function_.instructions[move.rematerialize]).front().reg;
  const Unit to = unit_of(move.to);
  const MachineBlock& block = function_.blocks[id];
  for (uint32_t i = 0; i < units_of(value); ++i) {
    state_.put(to + i, value * 2 + i);
    if (block.predecessors.size() != 1 || move.instruction != block.first_instruction) continue;
    for (const MachineEdge& edge : function_.blocks[block.predecessors.front()].successors) {
      if (edge.target != id) continue;
      for (uint32_t k = 0; k < edge.argument_count; ++k) {
        const VirtualRegister parameter = block.parameters[k];
        if (function_.edge_arguments[edge.first_argument + k] == value) state_.put(to + i, parameter * 2 + i);
      }
    }
  }
}

void Checker::run_move(BlockId id, const InsertedMove& move) {
  const Unit to = unit_of(move.to);
  const bool to_vector = move.to.is_register() && x64::class_of(move.to.reg) == RegisterClass::vector;
  if (move.rematerialize != UINT32_MAX) {
    state_.clear(to);
    if (to_vector) state_.clear(to + 1);
    return remake(id, move);
  }
  const Unit from = unit_of(move.from);
  state_.copy(from, to);
  if (move.width == 16) {
    state_.copy(from + 1, to + 1);
  } else if (to_vector) {
    state_.clear(to + 1);
  }
}

void Checker::run_instruction(uint32_t index, bool is_final) {
  const Instruction& instruction = function_.instructions[index];
  const auto operands = function_.operands_of(instruction);
  for (uint32_t i = 0; is_final && i < operands.size(); ++i) {
    if (!is_definition(operands[i])) check_use(index, operands[i], location_of(instruction, i));
  }
  for (unsigned reg = 0; reg < x64::kRegisterCount; ++reg) {
    if (!instruction.clobbers.has(static_cast<Register>(reg))) continue;
    const Unit unit = unit_of({static_cast<Register>(reg), UINT32_MAX});
    state_.clear(unit);
    if (unit >= kFirstVectorUnit) state_.clear(unit + 1);
  }
  for (uint32_t i = 0; i < operands.size(); ++i) {
    if (is_definition(operands[i])) define(operands[i].reg, location_of(instruction, i));
  }
}

void Checker::check_use(uint32_t index, const Operand& operand, Location location) {
  if (operand.reg == x64::kNoRegister) return;
  for (uint32_t i = 0; i < units_of(operand.reg); ++i) {
    if (state_.holds(unit_of(location) + i, operand.reg * 2 + i)) continue;
    return fail(index, name(location) + " does not hold value " + std::to_string(operand.reg));
  }
}

void Checker::define(VirtualRegister value, Location location) {
  const Unit unit = unit_of(location);
  state_.clear(unit);
  if (location.is_register() && x64::class_of(location.reg) == RegisterClass::vector) state_.clear(unit + 1);
  if (value == x64::kNoRegister) return;
  for (uint32_t i = 0; i < units_of(value); ++i) {
    state_.forget(value * 2 + i);
    state_.clear(unit + i);
    state_.put(unit + i, value * 2 + i);
  }
}

}  // namespace

std::string check(const MachineFunction& function, const Allocation& allocation) {
  return Checker(function, allocation).run();
}

}  // namespace heddle::jit::regalloc
