// SPDX-License-Identifier: Apache-2.0
// Resolution: where values are written to their slots, which slots those are, and the moves in their final
// order.
#include <algorithm>

#include "jit/regalloc/resolution.h"

namespace heddle::jit::regalloc {

using x64::Location;
using x64::Register;
using x64::VirtualRegister;

void Resolution::choose_storage() {
  for (VirtualRegister id = 0; id < storage_.size(); ++id) {
    Storage& storage = storage_[id];
    const Value& value = all_->values[id];
    if (value.can_remake) continue;
    if (value.is_in_memory) {
      storage = {0, 0, kNever, UINT32_MAX, true, true};
      if (!value.is_parameter) store_at_definition(id);
      continue;
    }
    if (!storage.is_used || value.first_interval == kNone) continue;
    const bool is_born_there = value.is_parameter && all_->intervals[value.first_interval].in_slot;
    const BlockId block = liveness_->defining_block(id);
    const float cost = block == kNoBlock ? 0 : layout_->frequency(block);
    storage.at_definition = is_born_there || value.needs_slot || cost <= storage.cost_of_entering;
    if (!storage.at_definition) continue;
    if (!is_born_there) store_at_definition(id);
    storage.first = gap_at(value.defined_at);
    uint32_t last = value.first_interval;
    while (all_->intervals[last].next != kNone) last = all_->intervals[last].next;
    storage.last = std::max(storage.last, all_->intervals[last].end);
  }
}

void Resolution::store_at_definition(VirtualRegister id) {
  const Value& value = all_->values[id];
  const Register fixed = value.fixed;
  const Place from =
      fixed != Register::none ? place_of(fixed) : place_of(all_->intervals[value.first_interval]);
  const uint32_t instruction = value.is_parameter || fixed != Register::none
                                   ? instruction_at(value.defined_at)
                                   : instruction_at(value.defined_at) + 1;
  moves_.push_back({uint64_t{instruction} << 2 | kGap, from, slot_of(id), id | kIsDefinition});
}

void Resolution::assign_slots() {
  slots_.reset();
  stored_.clear();
  for (VirtualRegister id = 0; id < storage_.size(); ++id) {
    if (storage_[id].is_used && !all_->values[id].can_remake) stored_.push_back(id);
  }
  std::ranges::sort(stored_, {}, [this](VirtualRegister id) { return std::pair(storage_[id].first, id); });
  for (const VirtualRegister id : stored_) {
    Storage& storage = storage_[id];
    storage.slot =
        slots_.take(storage.first, storage.last, function_->registers[id].width, preferred_slot(id));
  }
  allocation_->slots = slots_.count();
}

/// That of a value with which an edge joins it, so that nothing is moved from slot to slot.
uint32_t Resolution::preferred_slot(VirtualRegister value) const {
  uint32_t best = UINT32_MAX;
  float weight = 0;
  for (const Affinity& affinity : all_->affinities(value)) {
    if (affinity.partner == x64::kNoRegister || affinity.weight <= weight) continue;
    if (storage_[affinity.partner].slot == UINT32_MAX) continue;
    best = storage_[affinity.partner].slot;
    weight = affinity.weight;
  }
  return best;
}

Location Resolution::location(Place place) const {
  if (!is_slot(place)) return {static_cast<Register>(place), UINT32_MAX};
  return {Register::none, storage_[place - kFirstSlot].slot};
}

void Resolution::emit_operands() {
  allocation_->operands.resize(operand_places_.size());
  for (size_t i = 0; i < operand_places_.size(); ++i) {
    allocation_->operands[i] = location(operand_places_[i]);
    if (operand_places_[i] < kNowhere) allocation_->used.add(allocation_->operands[i].reg);
  }
}

/// What a value's slot has held since its definition need not be put there again.
bool Resolution::is_superfluous(const Move& move) const {
  if ((move.value & kIsDefinition) != 0 || move.to != slot_of(move.value)) return false;
  return storage_[move.value].at_definition || all_->values[move.value].can_remake;
}

/// By instruction, then phase, then destination.
void Resolution::sort_moves() {
  first_move_.assign(function_->instructions.size() + 1, 0);
  std::erase_if(moves_, [this](const Move& move) { return is_superfluous(move); });
  for (const Move& move : moves_) ++first_move_[move.key >> 2];
  uint32_t sum = 0;
  for (uint32_t& first : first_move_) first = sum += first;
  sorted_moves_.resize(moves_.size());
  for (const Move& move : moves_) sorted_moves_[--first_move_[move.key >> 2]] = move;
  for (size_t i = 0; i < sorted_moves_.size();) {
    const size_t first = i;
    const uint64_t instruction = sorted_moves_[first].key >> 2;
    while (i < sorted_moves_.size() && sorted_moves_[i].key >> 2 == instruction) ++i;
    std::ranges::sort(std::span(sorted_moves_).subspan(first, i - first), {},
                      [](const Move& move) { return std::pair(move.key, move.to); });
  }
}

void Resolution::emit_moves() {
  allocation_->moves.clear();
  sort_moves();
  for (size_t i = 0; i < sorted_moves_.size(); ++i) {
    const Move& move = sorted_moves_[i];
    const VirtualRegister value = move.value & ~kIsDefinition;
    const x64::VirtualRegisterInfo& info = function_->registers[value];
    const bool is_remade = move.from == slot_of(value) && all_->values[value].can_remake;
    // A value that two operands want in the same register goes there once.
    const bool is_repeated =
        i != 0 && sorted_moves_[i - 1].key == move.key && sorted_moves_[i - 1].to == move.to;
    if (!is_repeated) {
      parallel_.add(location(move.from), location(move.to), info.width, info.register_class,
                    is_remade ? info.remat.instruction : UINT32_MAX);
    }
    if (i + 1 == sorted_moves_.size() || sorted_moves_[i + 1].key != move.key) {
      parallel_.resolve(static_cast<uint32_t>(move.key >> 2), allocation_->moves);
    }
  }
  for (const x64::InsertedMove& move : allocation_->moves) {
    if (move.to.is_register()) allocation_->used.add(move.to.reg);
  }
}

}  // namespace heddle::jit::regalloc
