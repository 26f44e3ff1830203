// SPDX-License-Identifier: Apache-2.0
// Resolution: collects the moves between the pieces of values, along edges, and to and from registers that
// are demanded.
#include "jit/regalloc/resolution.h"

#include <algorithm>

namespace heddle::jit::regalloc {

using x64::Instruction;
using x64::MachineBlock;
using x64::MachineEdge;
using x64::MachineFunction;
using x64::Operand;
using x64::Register;
using x64::VirtualRegister;

namespace {

/// Steps are looked up one by one, what lives into a block 64 at once.
constexpr size_t kFewSteps = 8;

}  // namespace

void Resolution::run(const MachineFunction& function, const Layout& layout, const Liveness& liveness,
                     const Intervals& intervals, x64::Allocation& allocation) {
  function_ = &function;
  layout_ = &layout;
  liveness_ = &liveness;
  all_ = &intervals;
  allocation_ = &allocation;
  moves_.clear();
  storage_.assign(function.registers.size(), {});
  index_values();
  write_operands();
  copy_to_demanded();
  join_edges();
  choose_storage();
  assign_slots();
  emit_operands();
  emit_moves();
}

void Resolution::index_values() {
  const size_t count = all_->values.size();
  steps_.clear();
  unsorted_.clear();
  begin_.resize(count);
  moving_.clear();
  for (VirtualRegister id = 0; id < count; ++id) {
    const Value& value = all_->values[id];
    const Place place = value.is_in_memory              ? slot_of(id)
                        : value.first_interval == kNone ? kNowhere
                                                        : place_of(all_->intervals[value.first_interval]);
    begin_[id] = {kNever, place, static_cast<uint32_t>(steps_.size())};
    if (value.first_interval == kNone) continue;
    if (value.is_spilled) index_slot(id);
    if (value.fixed != Register::none) join_definition(id);
    if (value.is_in_memory) {
      load_pieces_of(value);
    } else if (value.is_split) {
      index_steps(id);
    }
    if (value.is_split) join_pieces_of(value.first_interval);
  }
}

void Resolution::index_slot(VirtualRegister id) {
  Storage& storage = storage_[id];
  for (uint32_t piece = all_->values[id].first_interval; piece != kNone;
       piece = all_->intervals[piece].next) {
    const Interval& interval = all_->intervals[piece];
    if (!interval.in_slot) continue;
    storage.is_used = true;
    storage.first = std::min(storage.first, gap_at(interval.start));
    storage.last = std::max(storage.last, interval.end);
  }
}

void Resolution::index_steps(VirtualRegister value) {
  Cursor& begin = begin_[value];
  Place place = begin.place;
  for (uint32_t id = all_->values[value].first_interval; id != kNone; id = all_->intervals[id].next) {
    const Interval& interval = all_->intervals[id];
    if (place_of(interval) == place) continue;
    place = place_of(interval);
    steps_.push_back({interval.start, place});
    unsorted_.push_back({value, interval.start});
  }
  if (steps_.size() == begin.next) return;
  steps_.emplace_back();
  begin.next_start = steps_[begin.next].start;
  const uint32_t number = liveness_->number(value);
  if (number == kNone) return;
  if (number / 64 >= moving_.size()) moving_.resize(number / 64 + 1, 0);
  moving_[number / 64] |= uint64_t{1} << (number % 64);
}

/// Where the value is at a position. REQUIRES: positions do not descend since cursor_ was set to begin_.
Resolution::Place Resolution::place_from(VirtualRegister value, Position at) {
  Cursor& cursor = cursor_[value];
  while (cursor.next_start <= at) {
    cursor.place = steps_[cursor.next].place;
    cursor.next_start = steps_[++cursor.next].start;
  }
  return cursor.place;
}

/// Where an interval's value is when the moves of a gap begin.
Resolution::Place Resolution::place_before_gap(const Interval& interval, Position gap) const {
  const Value& value = all_->values[interval.value];
  if (interval.start != gap) return place_of(interval);
  if (layout_->starts_block(gap)) return value.is_in_memory ? slot_of(interval.value) : place_of(interval);
  if (interval.previous != kNone && all_->intervals[interval.previous].end == gap)
    return place_of(all_->intervals[interval.previous]);
  if (value.fixed != Register::none && value.defined_at == gap) return place_of(value.fixed);
  return value.is_in_memory ? slot_of(interval.value) : place_of(interval);
}

void Resolution::add(uint32_t instruction, Phase phase, Place from, Place to, VirtualRegister value) {
  if (from == to || to == kNowhere) return;
  moves_.push_back({uint64_t{instruction} << 2 | phase, from, to, value});
  if (to == slot_of(value) && !is_slot(from)) {
    storage_[value].cost_of_entering += layout_->frequency(layout_->block_at(gap_of(instruction)));
  }
}

// --------------------------------------------------------------------------------------------------------
// operands

void Resolution::write_operands() {
  operand_places_.assign(function_->operands.size(), kNowhere);
  copies_.clear();
  for (uint32_t id = 0; id < all_->intervals.size(); ++id) write_operands_of(id);
  allocation_->used = {};
  for (const Instruction& instruction : function_->instructions) {
    allocation_->used = allocation_->used | instruction.clobbers;
    for (uint32_t i = 0; i < instruction.operand_count; ++i) {
      const Operand& operand = function_->operands[instruction.first_operand + i];
      const Register reg = demanded_register(*function_, instruction, operand);
      if (reg != Register::none) operand_places_[instruction.first_operand + i] = place_of(reg);
    }
  }
}

void Resolution::write_operands_of(uint32_t id) {
  const Interval& interval = all_->intervals[id];
  const Place place = place_of(interval);
  for (uint32_t use_id = interval.first_use; use_id != kNone; use_id = all_->uses[use_id].next) {
    const Use& use = all_->uses[use_id];
    if (use.operand == kNone) continue;
    if (use.kind == UseKind::copy) {
      copies_.push_back({id, use_id});
    } else if (use.kind == UseKind::slot_only) {
      operand_places_[use.operand] = slot_of(interval.value);
      storage_[interval.value].is_used = true;
    } else {
      operand_places_[use.operand] = place;
    }
  }
}

void Resolution::copy_to_demanded() {
  for (const Copy& copy : copies_) {
    const Interval& interval = all_->intervals[copy.interval];
    const Use& use = all_->uses[copy.use];
    const uint32_t index = instruction_at(use.at);
    const uint32_t result = tied_result(*function_, function_->instructions[index], use.operand);
    if (result != kNone) operand_places_[use.operand] = operand_places_[result];
    const Place to = operand_places_[use.operand];
    if (to != place_of(interval)) add(index, kGap, place_before_gap(interval, use.at), to, interval.value);
  }
}

// -----------------------------------------------------------------------------------------------------------
// moves

/// Where one piece ends and the next one begins within a block.
void Resolution::join_pieces_of(uint32_t first) {
  for (uint32_t id = all_->intervals[first].next; id != kNone; id = all_->intervals[id].next) {
    const Interval& to = all_->intervals[id];
    const Interval& from = all_->intervals[to.previous];
    if (from.end != to.start || layout_->starts_block(to.start)) continue;
    const Position gap = gap_at(to.start);
    const Place place = to.start == gap ? place_of(from) : place_before_gap(from, gap);
    add(instruction_at(gap), kGap, place, place_of(to), to.value);
  }
}

/// Pieces of a value in memory that nothing stands in front of begin with a load.
void Resolution::load_pieces_of(const Value& value) {
  Position end = kNever;
  for (uint32_t id = value.first_interval; id != kNone; id = all_->intervals[id].next) {
    const Interval& piece = all_->intervals[id];
    const bool is_joined = piece.start == end && !layout_->starts_block(piece.start);
    const bool is_defined = piece.start == value.defined_at && !value.is_parameter;
    end = piece.end;
    if (is_joined || is_defined || piece.in_slot || gap_at(piece.start) != piece.start) continue;
    add(instruction_at(piece.start), kGap, slot_of(piece.value), place_of(piece), piece.value);
  }
}

/// A result that comes out of a certain register.
void Resolution::join_definition(VirtualRegister id) {
  const Value& value = all_->values[id];
  const Interval& first = all_->intervals[value.first_interval];
  if (first.start != value.defined_at) return;
  add(instruction_at(value.defined_at), kGap, place_of(value.fixed), place_of(first), id);
}

void Resolution::sort_movers() {
  const auto& order = function_->order;
  order_of_.resize(function_->blocks.size());
  for (uint32_t i = 0; i < order.size(); ++i) order_of_[order[i]] = i;
  const auto bucket_of = [this](Position at) {
    return 2 * order_of_[layout_->block_at(at)] + (layout_->starts_block(at) ? 0 : 1);
  };
  first_mover_.assign(2 * order.size() + 1, 0);
  for (const Mover& mover : unsorted_) ++first_mover_[bucket_of(mover.start)];
  uint32_t sum = 0;
  for (uint32_t& first : first_mover_) first = sum += first;
  movers_.resize(unsorted_.size());
  for (const Mover& mover : unsorted_) movers_[--first_mover_[bucket_of(mover.start)]] = mover;
}

/// Steps behind the end of `from`, up to the beginning of `target`, which stands behind.
std::span<const Resolution::Mover> Resolution::movers_between(BlockId from, BlockId target) const {
  const uint32_t first = first_mover_[2 * order_of_[from] + 2];
  return std::span(movers_).subspan(first, first_mover_[2 * order_of_[target] + 1] - first);
}

/// Are there so few of them that they are looked at, instead of all that lives into the target?
bool Resolution::passes_few(BlockId from, BlockId target) const {
  if (order_of_[target] <= order_of_[from] || function_->blocks[target].is_handler) return false;
  return movers_between(from, target).size() <= kFewSteps + liveness_->live_in(target).size();
}

void Resolution::find_arrivals() {
  cursor_ = begin_;
  arrivals_.clear();
  first_arrival_.assign(function_->blocks.size(), kNone);
  for (const BlockId id : function_->order) {
    for (const MachineEdge& edge : function_->blocks[id].successors) {
      if (!passes_few(id, edge.target)) first_arrival_[edge.target] = 0;
    }
  }
  for (const BlockId id : function_->order) {
    if (first_arrival_[id] != kNone) find_arrivals_of(id);
  }
}

void Resolution::find_arrivals_of(BlockId id) {
  const Position start = layout_->start_of(id);
  first_arrival_[id] = static_cast<uint32_t>(arrivals_.size());
  const bool wants_all = function_->blocks[id].is_handler;
  for (ValueWord word : liveness_->live_in(id)) {
    if (!wants_all) word.bits &= word.index < moving_.size() ? moving_[word.index] : 0;
    liveness_->for_each_of(
        word, [&](VirtualRegister value) { arrivals_.push_back({value, place_from(value, start)}); });
  }
  arrivals_.push_back({x64::kNoRegister, kNowhere});
}

void Resolution::join_edges() {
  sort_movers();
  find_arrivals();
  cursor_ = begin_;
  for (const BlockId id : function_->order) {
    for (const MachineEdge& edge : function_->blocks[id].successors) join_edge(id, edge);
  }
}

void Resolution::join_edge(BlockId from, const MachineEdge& edge) {
  const MachineBlock& source = function_->blocks[from];
  const MachineBlock& target = function_->blocks[edge.target];
  const bool at_source = source.successors.size() == 1 && target.predecessors.size() != 1;
  const uint32_t instruction =
      at_source ? source.first_instruction + source.instruction_count - 1 : target.first_instruction;
  if (target.is_handler) {
    join_handler(from, edge, instruction);
    return;
  }
  const Phase phase = at_source ? kEdgeOut : kEdgesIn;
  const Position start = layout_->start_of(edge.target);
  const Position end = layout_->end_of_block(from) - 1;
  if (passes_few(from, edge.target)) {
    for (const Mover& mover : movers_between(from, edge.target)) {
      const Place place = place_from(mover.value, end);
      const Cursor& cursor = cursor_[mover.value];
      if (cursor.next_start != mover.start) continue;  // one of its earlier steps tells all
      if (!liveness_->lives_into(mover.value, edge.target)) continue;
      uint32_t step = cursor.next;
      while (steps_[step + 1].start <= start) ++step;
      add(instruction, phase, place, steps_[step].place, mover.value);
    }
  } else {
    for (size_t i = first_arrival_[edge.target]; arrivals_[i].value != x64::kNoRegister; ++i)
      add(instruction, phase, place_from(arrivals_[i].value, end), arrivals_[i].place, arrivals_[i].value);
  }
  for (uint32_t i = 0; i < edge.argument_count; ++i) {
    const VirtualRegister argument = function_->edge_arguments[edge.first_argument + i];
    add(instruction, phase, place_from(argument, end), begin_[target.parameters[i]].place, argument);
  }
}

/// The call before the edge has overwritten all registers: what comes along is in slots.
void Resolution::join_handler(BlockId from, const MachineEdge& edge, uint32_t instruction) {
  const MachineBlock& target = function_->blocks[edge.target];
  const Position end = layout_->end_of_block(from);
  const auto read = [&](VirtualRegister value, Place to) {
    if (to == kNowhere) return;
    storage_[value].is_used = true;
    storage_[value].last = std::max(storage_[value].last, end);
    add(instruction, kEdgesIn, slot_of(value), to, value);
  };
  for (size_t i = first_arrival_[edge.target]; arrivals_[i].value != x64::kNoRegister; ++i)
    read(arrivals_[i].value, arrivals_[i].place);
  for (uint32_t i = 0; i < edge.argument_count; ++i)
    read(function_->edge_arguments[edge.first_argument + i], begin_[target.parameters[i]].place);
}

}  // namespace heddle::jit::regalloc
