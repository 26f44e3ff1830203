// SPDX-License-Identifier: Apache-2.0
// Resolution: where values are and when they change their places, the moves that this takes within blocks,
// and those to and from registers that are demanded.
#include "jit/regalloc/resolution.h"

#include <algorithm>

namespace heddle::jit::regalloc {

using x64::Instruction;
using x64::MachineFunction;
using x64::Operand;
using x64::Register;
using x64::VirtualRegister;

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

}  // namespace heddle::jit::regalloc
