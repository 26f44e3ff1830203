// SPDX-License-Identifier: Apache-2.0
// Resolution: the moves along edges, from where values are at the end of a block to where they are at the
// beginning of another.
#include <algorithm>

#include "jit/regalloc/resolution.h"

namespace heddle::jit::regalloc {

using x64::MachineBlock;
using x64::MachineEdge;
using x64::VirtualRegister;

namespace {

/// Steps are looked up one by one, what lives into a block 64 at once.
constexpr size_t kFewSteps = 8;

}  // namespace

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
