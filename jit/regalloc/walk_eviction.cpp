// SPDX-License-Identifier: Apache-2.0
// Walk: who leaves a register when none is free, what it costs, and how values wait in their slots.
#include <algorithm>
#include <limits>

#include "jit/regalloc/walk.h"

namespace heddle::jit::regalloc {

using x64::Register;
using x64::RegisterClass;

namespace {

constexpr size_t index_of(Register reg) { return static_cast<size_t>(reg); }

/// Costs, where a load is 1.
constexpr float kMemoryOperand = 0.6F;
constexpr float kRemade = 0.5F;
constexpr float kInfinite = std::numeric_limits<float>::infinity();

}  // namespace

/// Where the register is no longer needed for that use.
Position Walk::end_of_use(const Use& use) {
  if (use.at == late_of(instruction_at(use.at))) return end_of(instruction_at(use.at));
  return use.at + 1;
}

/// The first at the walk's position or behind. The cursor moves on with the walk.
uint32_t Walk::next_use(Interval& it) const {
  while (it.use != kNone && all_->uses[it.use].at < position_) it.use = all_->uses[it.use].next;
  return it.use;
}

/// The first use that is better served by a register: not one in the gap it starts with, which reads where it
/// was before.
uint32_t Walk::first_real_use(const Interval& it) const {
  for (uint32_t use = it.first_use; use != kNone; use = all_->uses[use].next) {
    const Use& u = all_->uses[use];
    if (u.kind == UseKind::slot_only || u.kind == UseKind::loop_end) continue;
    if (u.kind == UseKind::copy && u.at == it.start && !layout_->starts_block(u.at)) continue;
    return use;
  }
  return kNone;
}

bool Walk::must_be_in_register_now(const Interval& it) const {
  for (uint32_t use = it.first_use; use != kNone; use = all_->uses[use].next) {
    if (instruction_at(all_->uses[use].at) != instruction_at(it.start)) return false;
    if (all_->uses[use].kind == UseKind::reg) return true;
  }
  return false;
}

bool Walk::is_worth_reloading(uint32_t index, Position from, Position gap) const {
  const Use& use = all_->uses[index];
  if (use.kind == UseKind::reg) return true;
  if (use.kind != UseKind::slot_too && use.kind != UseKind::copy) return false;
  const BlockId block = layout_->block_at(use.at);
  if (layout_->frequency_at(gap) < kMemoryOperand * layout_->frequency(block)) return true;
  if (use.next == kNone || gap <= from) return false;
  const Use& second = all_->uses[use.next];
  return second.kind != UseKind::loop_end && second.kind != UseKind::slot_only &&
         layout_->block_at(second.at) == block;
}

/// The first use behind `from` for which a value in its slot should get a register again.
uint32_t Walk::next_worth_reloading(const Interval& it, Position from) const {
  for (uint32_t use = it.first_use; use != kNone; use = all_->uses[use].next) {
    const Use& u = all_->uses[use];
    if (gap_at(u.at) <= from) continue;
    if (is_worth_reloading(use, from, layout_->cheapest_gap(from, gap_at(u.at)))) return use;
  }
  return kNone;
}

/// The interval is in its slot from now on, until a use is worth a register again: what is behind is queued.
void Walk::spill(Id id) {
  Interval& it = interval(id);
  it.in_slot = true;
  it.reg = Register::none;
  value_of(it).is_spilled = true;
  const Position from = std::max(it.start, position_);
  const uint32_t use = next_worth_reloading(it, from);
  if (use == kNone) return;
  const Position gap = layout_->cheapest_gap(from, gap_at(all_->uses[use].at));
  enqueue(all_->split(id, gap));
}

// ----------------------------------------------------------------------------------------------------------
// costs

/// Of a store at the definition, or at `from`, if there has been none yet.
float Walk::cost_of_slot(const Interval& it, Position from) const {
  const Value& value = value_of(it);
  if (value.is_spilled || value.can_remake) return 0;
  const Position defined = std::min(value.defined_at, from);
  const float at_definition = layout_->frequency(layout_->block_at(defined));
  return defined == from ? at_definition : std::min(at_definition, layout_->frequency_at(gap_at(from)));
}

/// Of being in the slot from the walk's position on.
float Walk::cost_of_waiting(Interval& it) const {
  float cost = cost_of_slot(it, position_);
  const uint32_t index = next_use(it);
  if (index == kNone) return cost;
  const Use& use = all_->uses[index];
  const float load = value_of(it).can_remake && class_ == RegisterClass::general ? kRemade : 1.0F;
  const Position gap = gap_at(use.at);
  float reload = frequency_of(use);
  if (use.kind != UseKind::loop_end && gap > position_) {
    reload = layout_->frequency_at(layout_->cheapest_gap(position_, gap));
  }
  reload *= load;
  if (use.kind == UseKind::slot_too || use.kind == UseKind::copy) {
    reload = std::min(reload, frequency_of(use) * kMemoryOperand);
  }
  if (use.kind == UseKind::slot_only) reload = 0;
  return cost + reload;
}

/// Not if it is needed by the instruction at hand.
bool Walk::may_leave(Interval& it) const {
  for (uint32_t use = next_use(it); use != kNone; use = all_->uses[use].next) {
    if (instruction_at(all_->uses[use].at) != instruction_at(position_)) return true;
    if (all_->uses[use].kind == UseKind::reg) return false;
  }
  return true;
}

float Walk::cost_of_leaving(Interval& it) const { return may_leave(it) ? cost_of_waiting(it) : kInfinite; }

bool Walk::take_from_others(Id id) {
  const bool must = must_be_in_register_now(interval(id));
  const Position needed_until = end_of_use(all_->uses[first_real_use(interval(id))]);
  Register best = Register::none;
  float best_cost = kInfinite;
  Position best_next = 0;
  Position best_fixed = kNever;
  std::array<float, x64::kRegisterCount> costs{};
  for (const Id other : inactive_) {
    const size_t reg = index_of(interval(other).reg);
    if (first_common(interval(id), interval(other)) == kNever) continue;
    const uint32_t use = next_use(interval(other));
    if (use != kNone) costs[reg] += frequency_of(all_->uses[use]) * 0.25F;
  }
  for (const Register reg : registers_) {
    const Position fixed = next_fixed(reg, interval(id));
    if (fixed < needed_until || !can_cut(interval(id), fixed)) continue;
    if (!must && gap_at(fixed) <= interval(id).start) continue;
    float cost = costs[index_of(reg)];
    Position next = kNever;
    if (const Id occupant = active_[index_of(reg)]; occupant != kNone) {
      cost += cost_of_leaving(interval(occupant));
      const uint32_t use = next_use(interval(occupant));
      if (use != kNone) next = all_->uses[use].at;
    }
    if (cost == kInfinite) continue;
    if (cost < best_cost || (cost == best_cost && next > best_next)) {
      best = reg;
      best_cost = cost;
      best_next = next;
      best_fixed = fixed;
    }
  }
  if (!must && (best == Register::none || cost_of_waiting(interval(id)) <= best_cost)) {
    spill(id);
    return true;
  }
  if (best == Register::none) return false;
  const Position vacant_since = evict_all(best, id);
  extend_back(id, best, vacant_since);
  if (best_fixed < interval(id).end) cut_before(id, best_fixed);
  assign(id, best);
  return true;
}

/// Since when nobody is in the register.
Position Walk::evict_all(Register reg, Id winner) {
  Position vacant_since = position_;
  if (const Id occupant = active_[index_of(reg)]; occupant != kNone) {
    const Position range_start = all_->ranges[interval(occupant).range].from;
    vacant_since = std::max(range_start, evict(occupant));
  }
  vacate(reg);
  for (size_t i = 0; i < inactive_.size();) {
    const Id other = inactive_[i];
    if (interval(other).reg != reg || first_common(interval(winner), interval(other)) == kNever) {
      ++i;
      continue;
    }
    inactive_[i] = inactive_.back();
    inactive_.pop_back();
    enqueue(all_->split(other, position_));
  }
  return vacant_since;
}

/// An interval that goes on in a register which has been vacant for a while, since before a loop, is there
/// from the loop's beginning on: so it need not change places in the loop.
void Walk::extend_back(Id id, Register reg, Position vacant_since) {
  const Id previous = interval(id).previous;
  if (previous == kNone) return;
  const Position start = interval(previous).start;
  if (interval(previous).reg == Register::none || interval(previous).end != interval(id).start) return;
  const Position at =
      layout_->cheapest_gap(std::max(start, vacant_since == 0 ? 0 : vacant_since - 1), position_);
  if (at >= position_ || at <= start || at < vacant_since) return;
  const auto is_taken = [&](const std::vector<FixedRange>& fixed) {
    const auto first = std::ranges::partition_point(fixed, [at](const FixedRange& f) { return f.to <= at; });
    return first != fixed.end() && first->from < position_;
  };
  if (is_taken(all_->fixed[index_of(reg)])) return;
  for (const SharedRanges& shared : all_->shared) {
    if (shared.registers.has(reg) && is_taken(shared.ranges)) return;
  }
  const Id moved = all_->split(previous, at);
  interval(moved).reg = reg;
}

/// Takes an active interval out of its register, from the cheapest place behind its last use on.
/// That place.
Position Walk::evict(Id id) {
  const Position gap = gap_at(position_);
  Position last = interval(id).start;
  bool has_use = false;
  for (uint32_t use = interval(id).first_use; use != kNone && all_->uses[use].at < position_;
       use = all_->uses[use].next) {
    if (all_->uses[use].at >= gap && all_->uses[use].kind != UseKind::reg) continue;
    has_use = true;
    last = all_->uses[use].at;
  }
  if (last >= gap && has_use) {
    // It is read by this very instruction: in its slot from the middle on.
    spill(all_->split(id, position_));
    return position_;
  }
  const Position start = interval(id).start;
  // One that starts in a gap or with a block, and has not been used since, need not have been in a register
  // at all.
  const bool may_vanish = !has_use && gap_at(start) == start;
  const Position after = may_vanish && start != 0 ? start - 1 : last;
  const Position at = layout_->cheapest_gap(after, gap);
  spill(at <= start ? id : all_->split(id, at));
  return std::max(at, start);
}

}  // namespace heddle::jit::regalloc
