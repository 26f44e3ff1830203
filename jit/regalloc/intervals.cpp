// SPDX-License-Identifier: Apache-2.0
// Intervals: building them from the function's end to its beginning, and cutting them.
#include "jit/regalloc/intervals.h"

#include <algorithm>
#include <bit>

namespace heddle::jit::regalloc {

using x64::Instruction;
using x64::MachineBlock;
using x64::MachineFunction;
using x64::Operand;
using x64::Policy;
using x64::Register;
using x64::Role;
using x64::VirtualRegister;

namespace {

/// Each list of shared ranges is looked at for each interval, so there are few.
constexpr int kFewRegisters = 4;
constexpr size_t kMostShared = 4;

}  // namespace

Register demanded_register(const MachineFunction& function, const Instruction& instruction,
                           const Operand& operand) {
  if (operand.policy == Policy::fixed) return operand.fixed;
  if (operand.policy != Policy::tied) return Register::none;
  const Operand& source = function.operands_of(instruction)[operand.tied_to];
  return source.policy == Policy::fixed ? source.fixed : Register::none;
}

uint32_t tied_result(const MachineFunction& function, const Instruction& instruction,
                     uint32_t operand_index) {
  const auto operands = function.operands_of(instruction);
  const uint32_t index = operand_index - instruction.first_operand;
  if (operands[index].role != Role::use || operands[index].policy == Policy::fixed) return kNone;
  if (operands[index].policy == Policy::slot_only) return kNone;
  uint32_t same_value = kNone;
  for (uint32_t i = 0; i < operands.size(); ++i) {
    if (operands[i].policy != Policy::tied) continue;
    if (operands[i].tied_to == index) return instruction.first_operand + i;
    if (operands[operands[i].tied_to].reg == operands[index].reg) same_value = instruction.first_operand + i;
  }
  return same_value;
}

namespace {

UseKind kind_of(const Operand& operand) {
  switch (operand.policy) {
    case Policy::slot_too: return UseKind::slot_too;
    case Policy::slot_only: return UseKind::slot_only;
    default: return UseKind::reg;
  }
}

}  // namespace

void Intervals::build(const MachineFunction& function, const Layout& layout, const Liveness& liveness) {
  function_ = &function;
  layout_ = &layout;
  liveness_ = &liveness;
  intervals.clear();
  ranges.clear();
  uses.clear();
  pending_.clear();
  values.assign(function.registers.size(), {});
  lists_.assign(function.registers.size(), {});
  for (auto& list : fixed) list.clear();
  shared.clear();
  has_values_in_memory_ = !liveness.is_complete();
  for (VirtualRegister reg = 0; has_values_in_memory_ && reg < values.size(); ++reg) {
    values[reg].is_in_memory = values[reg].is_spilled = liveness.crosses_blocks(reg);
  }
  BlockId next = kNoBlock;
  for (auto id = function.order.rbegin(); id != function.order.rend(); ++id) {
    build_block(*id, next);
    next = *id;
  }
  for (auto& list : fixed) std::ranges::reverse(list);
  for (SharedRanges& list : shared) std::ranges::reverse(list.ranges);
  make_intervals();
  sort_affinities();
}

void Intervals::build_block(BlockId id, BlockId next) {
  block_ = id;
  start_ = layout_->start_of(id);
  loop_ = layout_->loop_of(id);
  build_live_out(id, next);
  build_edges(id);
  const MachineBlock& block = function_->blocks[id];
  for (uint32_t i = block.instruction_count; i-- > 0;) build_instruction(block.first_instruction + i);
  for (const VirtualRegister parameter : block.parameters) {
    values[parameter].is_parameter = true;
    if (values[parameter].is_in_memory) {
      values[parameter].defined_at = start_;
    } else {
      start_at(parameter, start_);
    }
  }
}

/// Ranges that go on into the next block stay open, and are not touched: they get their beginning where the
/// value is defined, or where a hole comes before them.
void Intervals::build_live_out(BlockId id, BlockId next) {
  const MachineBlock& block = function_->blocks[id];
  if (block.successors.size() == 1 && block.successors.front().target == next) return;
  const Position end = layout_->end_of_block(id);
  const ValueSet out = liveness_->live_out(block, live_out_);
  const ValueSet after = next == kNoBlock ? ValueSet() : liveness_->live_in(next);
  liveness_->for_each_only_in(after, out, [&](VirtualRegister value) {
    ranges[lists_[value].range].from = end;
    lists_[value].is_open = false;
  });
  liveness_->for_each_only_in(out, after,
                              [&](VirtualRegister value) { open_range(value, layout_->start_of(id), end); });
}

void Intervals::build_edges(BlockId id) {
  const MachineBlock& block = function_->blocks[id];
  const Position end = layout_->end_of_block(id);
  const Position reading = end_of(layout_->stand_of(id, UINT32_MAX)) - 1;
  for (const x64::MachineEdge& edge : block.successors) {
    const float weight = std::min(layout_->frequency(id), layout_->frequency(edge.target));
    for (uint32_t i = 0; i < edge.argument_count; ++i) {
      const VirtualRegister argument = function_->edge_arguments[edge.first_argument + i];
      const VirtualRegister parameter = function_->blocks[edge.target].parameters[i];
      if (!values[argument].is_in_memory) {
        add_use(argument, reading, kNone, UseKind::copy);
        add_range(argument, start_, end);
      }
      prefer(argument, end - 1, parameter, layout_->start_of(edge.target), weight);
      prefer(parameter, layout_->start_of(edge.target), argument, end - 1, weight);
    }
  }
}

/// In the order of positions, last first: results, what is read until the end, what is read early, what is
/// copied.
void Intervals::build_instruction(uint32_t index) {
  const Instruction& instruction = function_->instructions[index];
  const uint32_t first = instruction.first_operand;
  const auto operands = function_->operands_of(instruction);
  index_ = index;
  stand_ = layout_->stand_of(block_, index);
  bool has_early = false, has_demands = false, has_late = false, reads = false;
  for (uint32_t i = 0; i < operands.size(); ++i) {
    if (operands[i].role == Role::define) build_definition(first + i);
    has_early |= operands[i].role == Role::early_define;
    has_demands |= operands[i].policy == Policy::fixed || operands[i].policy == Policy::tied;
    has_late |= operands[i].role == Role::late_use;
    reads |= !is_definition(operands[i]);
  }
  if (!instruction.clobbers.is_empty()) add_clobbers(instruction.clobbers, index);
  for (uint32_t i = 0; has_early && i < operands.size(); ++i) {
    if (operands[i].role == Role::early_define) build_definition(first + i);
  }
  if (has_demands || has_late) {
    if (reads) build_readings(has_demands);
  } else {
    for (uint32_t i = 0; reads && i < operands.size(); ++i) {
      if (is_definition(operands[i]) || operands[i].reg == x64::kNoRegister) continue;
      build_use({first + i, early_of(stand_), kind_of(operands[i]), false});
    }
  }
  if (has_demands || instruction.is_move) build_affinities_of_instruction();
}

void Intervals::build_readings(bool has_demands) {
  collect_readings(has_demands);
  for (const Position at : {late_of(stand_), early_of(stand_), gap_of(stand_)}) {
    if (at == gap_of(stand_) && !has_demands) return;  // nothing is copied
    for (const Reading& reading : readings_) {
      const bool demands = function_->operands[reading.operand].policy == Policy::fixed;
      if (demands && at == (reading.is_late ? late_of(stand_) : early_of(stand_))) build_demand(reading);
      if (at == reading.at) build_use(reading);
    }
  }
}

void Intervals::build_definition(uint32_t operand_index) {
  const Operand& operand = function_->operands[operand_index];
  const Instruction& instruction = function_->instructions[index_];
  const Register reg = demanded_register(*function_, instruction, operand);
  if (operand.reg != x64::kNoRegister) begin_in_block(operand.reg);
  const bool is_early = operand.role == Role::early_define || operand.policy == Policy::tied;
  const Position from = is_early ? early_of(stand_) : late_of(stand_);
  if (reg != Register::none) {
    add_fixed(reg, from, end_of(index_), operand.reg);
    if (operand.reg == x64::kNoRegister) return;
    values[operand.reg].fixed = reg;
    start_at(operand.reg, end_of(index_));
    prefer(operand.reg, end_of(index_), reg, layout_->frequency(block_));
    return;
  }
  if (operand.reg == x64::kNoRegister) return;
  if (lists_[operand.reg].range == kNone) open_range(operand.reg, from, end_of(index_));
  start_at(operand.reg, from);
  add_use(operand.reg, late_of(stand_), operand_index, UseKind::reg);
}

/// What the instruction reads, and where.
void Intervals::collect_readings(bool has_demands) {
  const Instruction& instruction = function_->instructions[index_];
  const auto operands = function_->operands_of(instruction);
  readings_.clear();
  for (uint32_t i = 0; i < operands.size(); ++i) {
    const Operand& operand = operands[i];
    if (is_definition(operand) || operand.reg == x64::kNoRegister) continue;
    const uint32_t operand_index = instruction.first_operand + i;
    const bool is_late = operand.role == Role::late_use;
    if (operand.policy == Policy::fixed ||
        (has_demands && tied_result(*function_, instruction, operand_index) != kNone)) {
      readings_.push_back({operand_index, gap_of(stand_), UseKind::copy, is_late});
      continue;
    }
    readings_.push_back(
        {operand_index, is_late ? late_of(stand_) : early_of(stand_), kind_of(operand), is_late});
  }
}

/// Of a certain register, from the copy into it on.
void Intervals::build_demand(const Reading& reading) {
  const Operand& operand = function_->operands[reading.operand];
  add_fixed(operand.fixed, early_of(stand_), reading.is_late ? end_of(index_) : late_of(index_), operand.reg);
}

void Intervals::build_use(const Reading& reading) {
  const VirtualRegister reg = function_->operands[reading.operand].reg;
  begin_in_block(reg);
  add_use(reg, reading.at, reading.operand, reading.kind);
  const bool is_copy = reading.kind == UseKind::copy;
  const Position to = is_copy ? early_of(stand_) : reading.is_late ? end_of(index_) : late_of(index_);
  add_range(reg, gap_of(stand_), to);
  if (reading.kind == UseKind::slot_only) values[reg].needs_slot = true;
}

void Intervals::build_affinities_of_instruction() {
  const Instruction& instruction = function_->instructions[index_];
  const auto operands = function_->operands_of(instruction);
  const float weight = layout_->frequency(block_);
  for (const Operand& operand : operands) {
    if (operand.reg == x64::kNoRegister) continue;
    if (operand.policy == Policy::fixed && !is_definition(operand)) {
      prefer(operand.reg, gap_of(stand_), operand.fixed, weight);
    } else if (operand.policy == Policy::tied) {
      const VirtualRegister source = operands[operand.tied_to].reg;
      prefer(operand.reg, early_of(stand_), source, gap_of(stand_), weight);
      prefer(source, gap_of(stand_), operand.reg, early_of(stand_), weight);
    }
  }
  if (!instruction.is_move || operands.size() < 2) return;
  prefer(operands[0].reg, late_of(stand_), operands[1].reg, gap_of(stand_), weight);
  prefer(operands[1].reg, gap_of(stand_), operands[0].reg, late_of(stand_), weight);
}

void Intervals::make_intervals() {
  for (VirtualRegister reg = 0; reg < values.size(); ++reg) {
    Value& value = values[reg];
    const x64::VirtualRegisterInfo& info = function_->registers[reg];
    value.can_remake = info.remat.instruction != UINT32_MAX && !value.needs_slot;
    if (info.hint != x64::kNoRegister) prefer(reg, value.defined_at, info.hint, 0, 0.5F);
    if (lists_[reg].range != kNone) make_interval(reg);
    // What is made anew is never in memory.
    for (uint32_t id = value.can_remake ? value.first_interval : kNone; id != kNone;
         id = intervals[id].next) {
      for (uint32_t use = intervals[id].first_use; use != kNone; use = uses[use].next) {
        if (uses[use].kind == UseKind::slot_too) uses[use].kind = UseKind::reg;
      }
    }
    // What happens in cold blocks shall not matter to the others.
    const Position cold = layout_->cold_start();
    const uint32_t first = value.first_interval;
    if (first == kNone || value.is_in_memory) continue;
    if (intervals[first].start < cold && cold < intervals[first].end) split(first, cold);
  }
}

/// Of the ranges and uses that have been collected; stands before those that the value has already.
void Intervals::make_interval(VirtualRegister reg) {
  Lists& lists = lists_[reg];
  Value& value = values[reg];
  const auto id = static_cast<uint32_t>(intervals.size());
  Interval interval;
  interval.value = reg;
  interval.start = ranges[lists.range].from;
  interval.end = lists.end;
  interval.first_range = interval.range = lists.range;
  interval.first_use = interval.use = lists.use;
  interval.next = value.first_interval;
  intervals.push_back(interval);
  if (value.first_interval != kNone) {
    intervals[value.first_interval].previous = id;
    value.is_split = true;
  }
  value.first_interval = id;
  lists = {};
}

/// A value in memory has intervals within blocks only: this makes one of what was collected in another block.
void Intervals::begin_in_block(VirtualRegister reg) {
  Lists& lists = lists_[reg];
  if (!has_values_in_memory_ || !values[reg].is_in_memory || lists.block == block_) return;
  if (lists.range != kNone) make_interval(reg);
  lists.block = block_;
}

uint32_t Intervals::split(uint32_t id, Position at) {
  const auto rest_id = static_cast<uint32_t>(intervals.size());
  intervals.push_back(intervals[id]);
  Interval& interval = intervals[id];
  Interval& rest = intervals[rest_id];
  uint32_t last = kNone;
  uint32_t range = interval.first_range;
  for (; ranges[range].to <= at; range = ranges[range].next) last = range;
  if (ranges[range].from < at) {
    ranges.push_back({at, ranges[range].to, ranges[range].next});
    ranges[range].to = at;
    last = range;
    range = static_cast<uint32_t>(ranges.size() - 1);
  }
  ranges[last].next = kNone;
  interval.end = ranges[last].to;
  rest.first_range = rest.range = range;
  rest.start = ranges[range].from;
  uint32_t* link = &interval.first_use;
  uint32_t use = interval.first_use;
  while (use != kNone && uses[use].at < at) {
    link = &uses[use].next;
    use = uses[use].next;
  }
  *link = kNone;
  rest.first_use = rest.use = use;
  if (interval.use != kNone && uses[interval.use].at >= at) interval.use = kNone;
  if (rest.next != kNone) intervals[rest.next].previous = rest_id;
  rest.previous = id;
  interval.next = rest_id;
  rest.reg = Register::none;
  rest.in_slot = false;
  values[interval.value].is_split = true;
  return rest_id;
}

void Intervals::open_range(VirtualRegister value, Position from, Position to) {
  Lists& lists = lists_[value];
  if (lists.range == kNone) lists.end = to;
  ranges.push_back({from, to, lists.range});
  lists.range = static_cast<uint32_t>(ranges.size() - 1);
  lists.is_open = true;
}

/// The value is needed in the block at hand until there. In memory, it need not be there before it is loaded.
void Intervals::add_range(VirtualRegister value, Position loaded, Position to) {
  if (!has_values_in_memory_ || !values[value].is_in_memory) {
    if (!lists_[value].is_open) open_range(value, start_, to);
    return;
  }
  if (!lists_[value].is_open) open_range(value, loaded, to);
  Range& range = ranges[lists_[value].range];
  range.from = std::min(range.from, loaded);
}

void Intervals::add_use(VirtualRegister value, Position at, uint32_t operand, UseKind kind) {
  if (loop_ != kNone) add_loop_ends(value);
  uses.push_back({at, operand, lists_[value].use, kind});
  lists_[value].use = static_cast<uint32_t>(uses.size() - 1);
}

/// For loops around a use in the block at hand that the value lives through: it is needed in the next round,
/// whatever stands in the layout.
void Intervals::add_loop_ends(VirtualRegister value) {
  const BlockId block = liveness_->defining_block(value);
  if (block == block_ || block == kNoBlock || values[value].is_in_memory) return;
  const uint32_t instruction = liveness_->defining_instruction(value);
  const Position defined = instruction == UINT32_MAX ? layout_->start_of(block) : gap_of(instruction);
  loop_path_.clear();
  for (uint32_t index = loop_; index != kNone; index = layout_->loop(index).parent) {
    const Loop& loop = layout_->loop(index);
    if (loop.from <= defined) break;
    if (lists_[value].use != kNone && uses[lists_[value].use].at < loop.to) break;
    loop_path_.push_back(index);
  }
  while (!loop_path_.empty()) {
    const Position end = layout_->loop(loop_path_.back()).to;
    loop_path_.pop_back();
    uses.push_back({end - 1, kNone, lists_[value].use, UseKind::loop_end});
    lists_[value].use = static_cast<uint32_t>(uses.size() - 1);
  }
}

void Intervals::add_clobbers(x64::RegisterSet registers, uint32_t index) {
  const FixedRange range{late_of(index), end_of(index), x64::kNoRegister};
  auto list = std::ranges::find(shared, registers.bits(),
                                [](const SharedRanges& each) { return each.registers.bits(); });
  if (list == shared.end() && std::popcount(registers.bits()) >= kFewRegisters &&
      shared.size() < kMostShared) {
    list = shared.insert(list, {registers, {}});
  }
  if (list != shared.end()) {
    list->ranges.push_back(range);
    return;
  }
  for (uint32_t bits = registers.bits(); bits != 0; bits &= bits - 1) {
    fixed[static_cast<size_t>(std::countr_zero(bits))].push_back(range);
  }
}

void Intervals::add_fixed(Register reg, Position from, Position to, VirtualRegister owner) {
  fixed[static_cast<size_t>(reg)].push_back({from, to, owner});
}

void Intervals::start_at(VirtualRegister value, Position at) {
  values[value].defined_at = at;
  Lists& lists = lists_[value];
  if (lists.range != kNone) ranges[lists.range].from = at;
  lists.is_open = false;
}

void Intervals::prefer(VirtualRegister value, Position at, VirtualRegister partner, Position partner_at,
                       float weight) {
  if (value == x64::kNoRegister || partner == x64::kNoRegister) return;
  pending_.push_back({value, {partner, partner_at, at, weight, Register::none}});
}

void Intervals::prefer(VirtualRegister value, Position at, Register reg, float weight) {
  pending_.push_back({value, {x64::kNoRegister, 0, at, weight, reg}});
}

void Intervals::sort_affinities() {
  first_affinity_.assign(values.size() + 1, 0);
  for (const PendingAffinity& pending : pending_) ++first_affinity_[pending.value];
  uint32_t sum = 0;
  for (uint32_t& first : first_affinity_) first = sum += first;
  affinities_.resize(pending_.size());
  for (const PendingAffinity& pending : pending_)
    affinities_[--first_affinity_[pending.value]] = pending.affinity;
  // They were found from the end on; only those of parameters come from elsewhere.
  for (size_t value = 0; value < values.size(); ++value) {
    const auto all =
        std::span(affinities_)
            .subspan(first_affinity_[value], first_affinity_[value + 1] - first_affinity_[value]);
    if (!std::ranges::is_sorted(all, {}, &Affinity::at)) std::ranges::sort(all, {}, &Affinity::at);
  }
}

}  // namespace heddle::jit::regalloc
