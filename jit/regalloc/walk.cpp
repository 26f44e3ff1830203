// SPDX-License-Identifier: Apache-2.0
// Walk: the order of intervals, which of them are in a register at the moment, and free registers.
#include "jit/regalloc/walk.h"

#include <algorithm>
#include <bit>

namespace heddle::jit::regalloc {

using x64::Register;
using x64::RegisterClass;
using x64::RegisterSet;
using x64::VirtualRegister;

namespace {

/// Intervals in a hole are compared with each new one, so their number is bounded: further ones are cut at
/// their hole.
constexpr size_t kMostInactive = 48;
/// How many affinities of affinities are asked for a vote.
constexpr unsigned kMostVoters = 24;

constexpr size_t index_of(Register reg) { return static_cast<size_t>(reg); }

/// By register: where it stands in the order of preference.
constexpr auto kRanks = [] {
  std::array<uint8_t, x64::kRegisterCount> ranks{};
  uint8_t rank = 0;
  for (const Register reg : x64::kGeneralRegisters) ranks[index_of(reg)] = rank++;
  for (const Register reg : x64::kVectorRegisters) ranks[index_of(reg)] = rank++;
  return ranks;
}();

}  // namespace

bool Walk::run(const x64::MachineFunction& function, const Layout& layout, Intervals& intervals) {
  function_ = &function;
  layout_ = &layout;
  all_ = &intervals;
  sort_intervals();
  return run(RegisterClass::general) && run(RegisterClass::vector);
}

bool Walk::run(RegisterClass register_class) {
  class_ = register_class;
  if (register_class == RegisterClass::general) {
    registers_ = x64::kGeneralRegisters;
  } else {
    registers_ = x64::kVectorRegisters;
  }
  active_.fill(kNone);
  active_until_.fill(kNever);
  free_ = {};
  for (const Register reg : registers_) free_.add(reg);
  soonest_end_ = soonest_return_ = kNever;
  quiet_until_ = 0;
  inactive_.clear();
  fixed_cursor_.fill({});
  shared_cursor_.assign(all_->shared.size(), {});
  first_ = sorted_[static_cast<size_t>(register_class)];
  next_first_ = 0;
  rests_.clear();
  for (Id id = next_unhandled(); id != kNone; id = next_unhandled()) {
    position_ = interval(id).start;
    advance();
    if (!place(id)) return false;
  }
  return true;
}

/// By the instructions they start at, which is nearly all there is to do.
void Walk::sort_intervals() {
  const auto& intervals = all_->intervals;
  first_at_.assign(function_->instructions.size() + 2, 0);
  for (const Interval& it : intervals) ++first_at_[instruction_at(it.start)];
  uint32_t sum = 0;
  for (uint32_t& first : first_at_) first = sum += first;
  unsorted_.resize(intervals.size());
  for (size_t id = intervals.size(); id-- > 0;) {
    const Position start = intervals[id].start;
    unsorted_[--first_at_[instruction_at(start)]] = {start, static_cast<Id>(id)};
  }
  for (auto& list : sorted_) list.clear();
  for (const Start& start : unsorted_) {
    const VirtualRegister value = interval(start.interval).value;
    auto& list = sorted_[static_cast<size_t>(function_->registers[value].register_class)];
    list.push_back(start);
    for (size_t i = list.size() - 1; i > 0 && list[i - 1] < list[i]; --i) std::swap(list[i - 1], list[i]);
  }
}

Walk::Id Walk::next_unhandled() {
  const bool has_first = next_first_ < first_.size();
  if (rests_.empty()) return has_first ? first_[next_first_++].interval : kNone;
  if (has_first && !(first_[next_first_] < rests_.front())) return first_[next_first_++].interval;
  std::pop_heap(rests_.begin(), rests_.end());
  const Id id = rests_.back().interval;
  rests_.pop_back();
  return id;
}

void Walk::enqueue(Id id) {
  rests_.push_back({interval(id).start, id});
  std::push_heap(rests_.begin(), rests_.end());
}

void Walk::advance() {
  if (soonest_end_ <= position_) {
    soonest_end_ = kNever;
    for (const Register reg : registers_) {
      if (active_until_[index_of(reg)] <= position_) advance_active(reg);
      soonest_end_ = std::min(soonest_end_, active_until_[index_of(reg)]);
    }
  }
  advance_inactive();
}

void Walk::advance_active(Register reg) {
  const Id id = active_[index_of(reg)];
  Interval& it = interval(id);
  while (it.range != kNone && all_->ranges[it.range].to <= position_) it.range = all_->ranges[it.range].next;
  if (it.range != kNone && all_->ranges[it.range].from <= position_) {
    active_until_[index_of(reg)] = all_->ranges[it.range].to;
    return;
  }
  vacate(reg);
  if (it.range == kNone) return;
  if (inactive_.size() < kMostInactive) {
    inactive_.push_back(id);
    soonest_return_ = std::min(soonest_return_, all_->ranges[it.range].from);
  } else {
    enqueue(all_->split(id, position_));
  }
}

void Walk::advance_inactive() {
  if (position_ < soonest_return_) return;
  soonest_return_ = kNever;
  for (size_t i = 0; i < inactive_.size();) {
    Interval& it = interval(inactive_[i]);
    while (it.range != kNone && all_->ranges[it.range].to <= position_)
      it.range = all_->ranges[it.range].next;
    const bool is_over = it.range == kNone;
    if (!is_over && all_->ranges[it.range].from > position_) {
      soonest_return_ = std::min(soonest_return_, all_->ranges[it.range].from);
      ++i;
      continue;
    }
    if (!is_over) occupy(it.reg, inactive_[i]);
    inactive_[i] = inactive_.back();
    inactive_.pop_back();
  }
}

bool Walk::place(Id id) {
  const Position start = interval(id).start;
  const bool comes_by_edge = layout_->starts_block(start) && !value_of(interval(id)).is_in_memory;
  if (gap_at(start) == start && all_->ranges[interval(id).range].to == start + 1 && !comes_by_edge) {
    // It is only read in this gap, where it was before: it needs no place, which might be another's in the
    // same gap.
    if (interval(id).end != start + 1) enqueue(all_->split(id, start + 1));
    return true;
  }
  const Interval& it = interval(id);
  if (first_real_use(it) == kNone) {
    spill(id);
    return true;
  }
  find_votes(id);
  return take_free(id) || take_from_others(id);
}

void Walk::assign(Id id, Register reg) {
  interval(id).reg = reg;
  value_of(interval(id)).latest = id;
  occupy(reg, id);
}

void Walk::occupy(Register reg, Id id) {
  active_[index_of(reg)] = id;
  active_until_[index_of(reg)] = all_->ranges[interval(id).range].to;
  soonest_end_ = std::min(soonest_end_, active_until_[index_of(reg)]);
  free_.remove(reg);
}

void Walk::vacate(Register reg) {
  active_[index_of(reg)] = kNone;
  active_until_[index_of(reg)] = kNever;
  free_.add(reg);
}

// --------------------------------------------------------------------------------------- free registers

/// If a range begins at or before the position, nothing is.
void Walk::find_quiet() {
  quiet_until_ = kNever;
  const auto see = [this](const std::vector<FixedRange>& fixed, FixedCursor& cursor) {
    if (cursor.to <= position_) move_on(fixed, cursor);
    quiet_until_ = std::min(quiet_until_, cursor.from);
  };
  for (size_t i = 0; i < shared_cursor_.size(); ++i) see(all_->shared[i].ranges, shared_cursor_[i]);
  for (const Register reg : registers_) see(all_->fixed[index_of(reg)], fixed_cursor_[index_of(reg)]);
}

/// What is in the way of the interval, but for ranges of one register only.
void Walk::find_obstacles(const Interval& it) {
  obstacles_.clear();
  for (size_t i = 0; i < shared_cursor_.size(); ++i) {
    const Position at = first_in(all_->shared[i].ranges, shared_cursor_[i], it);
    if (at < it.end) obstacles_.push_back({all_->shared[i].registers, at});
  }
  has_inactive_ = {};
  if (!inactive_.empty()) find_inactive_obstacles(it);
}

void Walk::find_inactive_obstacles(const Interval& it) {
  for (const Id other : inactive_) {
    const Register reg = interval(other).reg;
    if (!free_.has(reg)) continue;
    const Position at = first_common(it, interval(other));
    Position& first = inactive_at_[index_of(reg)];
    first = has_inactive_.has(reg) ? std::min(first, at) : at;
    has_inactive_.add(reg);
  }
}

/// REQUIRES, as next_fixed(): find_obstacles() of the interval.
Position Walk::free_until(Register reg, const Interval& it) {
  const Position fixed = next_fixed(reg, it);
  return has_inactive_.has(reg) ? std::min(fixed, inactive_at_[index_of(reg)]) : fixed;
}

Position Walk::next_fixed(Register reg, const Interval& it) {
  Position first = first_in(all_->fixed[index_of(reg)], fixed_cursor_[index_of(reg)], it);
  for (const Obstacle& obstacle : obstacles_) {
    if (obstacle.registers.has(reg)) first = std::min(first, obstacle.at);
  }
  return first;
}

/// Where the interval first meets a range that is not its own value's.
inline Position Walk::first_in(const std::vector<FixedRange>& fixed, FixedCursor& cursor,
                               const Interval& it) const {
  if (cursor.to <= position_) move_on(fixed, cursor);
  return cursor.from >= it.end ? kNever : first_common(fixed, cursor.index, it);
}

void Walk::move_on(const std::vector<FixedRange>& fixed, FixedCursor& cursor) const {
  while (cursor.index < fixed.size() && fixed[cursor.index].to <= position_) ++cursor.index;
  const bool is_over = cursor.index == fixed.size();
  cursor.from = is_over ? kNever : fixed[cursor.index].from;
  cursor.to = is_over ? kNever : fixed[cursor.index].to;
}

Position Walk::first_common(const std::vector<FixedRange>& fixed, uint32_t first, const Interval& it) const {
  auto begin = fixed.begin() + first;
  for (uint32_t i = it.range; i != kNone; i = all_->ranges[i].next) {
    const Range& range = all_->ranges[i];
    if (begin->to <= range.from) {
      begin =
          std::partition_point(begin, fixed.end(), [&](const FixedRange& f) { return f.to <= range.from; });
    }
    for (; begin != fixed.end() && begin->from < range.to; ++begin) {
      if (begin->owner != it.value) return std::max(begin->from, range.from);
    }
    if (begin == fixed.end()) break;
  }
  return kNever;
}

Position Walk::first_common(const Interval& a, const Interval& b) const {
  uint32_t i = a.range;
  uint32_t j = b.range;
  if (i == kNone || j == kNone || all_->ranges[j].from >= a.end) return kNever;
  while (i != kNone && j != kNone) {
    const Range& x = all_->ranges[i];
    const Range& y = all_->ranges[j];
    if (x.to <= y.from) {
      i = x.next;
    } else if (y.to <= x.from) {
      j = y.next;
    } else {
      return std::max(x.from, y.from);
    }
  }
  return kNever;
}

void Walk::vote(const Affinity& affinity, float weight) {
  Register reg = affinity.reg;
  if (affinity.partner != x64::kNoRegister) {
    // Where the partner begins, or where it was last.
    const Value& partner = all_->values[affinity.partner];
    if (partner.latest == kNone) return;
    const Interval& first = interval(partner.first_interval);
    reg = affinity.partner_at < first.end ? first.reg : interval(partner.latest).reg;
  }
  if (reg != Register::none && x64::class_of(reg) == class_) add_votes(reg, weight);
}

void Walk::add_votes(Register reg, float weight) {
  if (!voted_.has(reg)) votes_[index_of(reg)] = 0;
  voted_.add(reg);
  votes_[index_of(reg)] += weight;
}

/// Affinities vote for registers; those that have none yet ask theirs in turn, with less weight.
void Walk::find_votes(Id id) {
  voted_ = {};
  const Interval& it = interval(id);
  if (it.previous != kNone && interval(it.previous).reg != Register::none) {
    // The rest of an interval would like to stay.
    add_votes(interval(it.previous).reg, layout_->frequency_at(gap_at(it.start)) * 0.9F);
  }
  unsigned voters = 0;
  const auto affinities = all_->affinities(it.value);
  auto affinity = std::ranges::lower_bound(affinities, it.start, {}, &Affinity::at);
  for (; affinity != affinities.end() && affinity->at <= it.end && voters < kMostVoters;
       ++affinity, ++voters) {
    vote(*affinity, affinity->weight);
    if (affinity->partner == x64::kNoRegister) continue;
    const auto more = all_->affinities(affinity->partner);
    auto second = std::ranges::lower_bound(more, affinity->partner_at, {}, &Affinity::at);
    for (; second != more.end() && voters < kMostVoters; ++second, ++voters) {
      if (second->partner != it.value) vote(*second, std::min(second->weight, affinity->weight) * 0.25F);
    }
  }
}

/// The register with most votes; of several, the first in the order of preference.
Register Walk::most_wanted(RegisterSet among) const {
  const RegisterSet voted = among & voted_;
  if (voted.is_empty()) {
    const auto first = std::ranges::find_if(registers_, [&](Register reg) { return among.has(reg); });
    return first == registers_.end() ? Register::none : *first;
  }
  size_t wanted = kRanks.size();
  for (uint32_t bits = voted.bits(); bits != 0; bits &= bits - 1) {
    const auto reg = static_cast<size_t>(std::countr_zero(bits));
    if (wanted == kRanks.size() || votes_[reg] > votes_[wanted] ||
        (votes_[reg] == votes_[wanted] && kRanks[reg] < kRanks[wanted]))
      wanted = reg;
  }
  return static_cast<Register>(wanted);
}

/// The one that is free for longest, at most until the interval ends; of several, that with most votes.
Walk::Free Walk::best_free(const Interval& it) {
  if (quiet_until_ <= position_) find_quiet();
  if (it.end <= quiet_until_ && it.end <= soonest_return_) {  // most intervals are that short
    obstacles_.clear();
    has_inactive_ = {};
    return {most_wanted(free_), kNever};
  }
  find_obstacles(it);
  if (free_.is_empty()) return {Register::none, 0};
  // None is better than the first with most votes, if that one is free until the end.
  RegisterSet blocked;
  Position blocked_until = 0;  // none of them is free for longer
  for (const Obstacle& obstacle : obstacles_) {
    blocked = blocked | obstacle.registers;
    blocked_until = std::max(blocked_until, obstacle.at);
  }
  const Register wanted = most_wanted(free_.without(blocked));
  if (wanted != Register::none) {
    if (const Position until = free_until(wanted, it); until >= it.end) return {wanted, until};
  }
  Free best{Register::none, 0};
  for (const Register reg : registers_) {
    if (!free_.has(reg)) continue;
    const bool has_better = best.reg == Register::none || votes_of(reg) > votes_of(best.reg);
    const Position there = std::min(best.until, it.end);
    if (!has_better && (there == it.end || (blocked.has(reg) && there >= blocked_until))) continue;
    const Position until = free_until(reg, it);
    if (until <= it.start) continue;
    const Position here = std::min(until, it.end);
    if (here > there || (here == there && has_better)) best = {reg, until};
  }
  return best;
}

bool Walk::take_free(Id id) {
  const Interval& it = interval(id);
  const auto [reg, until] = best_free(it);
  if (reg == Register::none) return false;
  if (until < it.end) {
    const uint32_t use = first_real_use(it);
    // For one instruction only, and it could do without: it shall compete for a register that lasts.
    if (gap_at(until) <= it.start && !must_be_in_register_now(it)) return false;
    if (until < end_of_use(all_->uses[use]) || !can_cut(it, until)) return false;
    cut_before(id, until);
  }
  assign(id, reg);
  return true;
}

/// Can the interval leave its register before `at`? Within an instruction only by going on in its slot.
bool Walk::can_cut(const Interval& it, Position at) const {
  if (at >= it.end || gap_at(at) > it.start) return true;
  return at == late_of(instruction_at(at)) && at > it.start && !is_used_late(it, instruction_at(at));
}

bool Walk::is_used_late(const Interval& it, uint32_t instruction) const {
  for (uint32_t use = it.first_use; use != kNone && all_->uses[use].at <= late_of(instruction);
       use = all_->uses[use].next) {
    if (all_->uses[use].at == late_of(instruction)) return true;
  }
  return false;
}

/// Cuts off what is at `at` and behind, at a place that is cheap, and queues it. REQUIRES can_cut().
void Walk::cut_before(Id id, Position at) {
  const Interval& it = interval(id);
  const Position gap = gap_at(at);
  Position last = it.start;
  bool is_used_in_between = false;
  for (uint32_t use = it.first_use; use != kNone && all_->uses[use].at < at; use = all_->uses[use].next) {
    if (all_->uses[use].at < gap) {
      last = std::max(last, all_->uses[use].at);
    } else if (all_->uses[use].kind == UseKind::reg) {
      is_used_in_between = true;
    }
  }
  if ((is_used_in_between && !is_used_late(it, instruction_at(at))) || gap <= it.start) {
    spill(all_->split(id, at));  // it is put into its slot in the gap
    return;
  }
  enqueue(all_->split(id, layout_->cheapest_gap(last, gap)));
}

}  // namespace heddle::jit::regalloc
