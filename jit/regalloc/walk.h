// SPDX-License-Identifier: Apache-2.0
// Walk: linear scan. Gives each interval a register or its value's slot, in the order of starts, and splits
// where it must.
//
// When registers run out, the interval gives way whose next use is cheapest to serve: a reload costs as much
// as the place runs where it would stand, which may be in front of a loop. Decisions are only about quality:
// whatever is decided, resolution (resolution.h) joins the pieces with moves.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "jit/regalloc/intervals.h"

namespace heddle::jit::regalloc {

class Walk {
 public:
  /// False if an instruction demands more registers than there are.
  [[nodiscard]] bool run(const x64::MachineFunction& function, const Layout& layout, Intervals& intervals);

 private:
  using Id = uint32_t;
  struct Start {
    Position at;
    Id interval;
    friend bool operator<(const Start& a, const Start& b) {
      return std::pair(a.at, a.interval) >
             std::pair(b.at, b.interval);  // std::push_heap keeps the greatest in front
    }
  };

  [[nodiscard]] bool run(x64::RegisterClass register_class);
  void sort_intervals();
  [[nodiscard]] Id next_unhandled();
  void enqueue(Id interval);
  void advance();
  void advance_active(x64::Register reg);
  void advance_inactive();
  [[nodiscard]] bool place(Id interval);
  void assign(Id interval, x64::Register reg);
  void occupy(x64::Register reg, Id interval);
  void vacate(x64::Register reg);

  // Free registers.
  void find_quiet();
  void find_obstacles(const Interval& interval);
  void find_inactive_obstacles(const Interval& interval);
  [[nodiscard]] Position free_until(x64::Register reg, const Interval& interval);
  [[nodiscard]] Position next_fixed(x64::Register reg, const Interval& interval);
  /// In a list of fixed ranges: the first that ends behind the walk's position; kNever: there is none.
  struct FixedCursor {
    Position from = 0;
    Position to = 0;
    uint32_t index = 0;
  };
  [[nodiscard]] Position first_in(const std::vector<FixedRange>& fixed, FixedCursor& cursor,
                                  const Interval& interval) const;
  void move_on(const std::vector<FixedRange>& fixed, FixedCursor& cursor) const;
  [[nodiscard]] Position first_common(const std::vector<FixedRange>& fixed, uint32_t first,
                                      const Interval& interval) const;
  [[nodiscard]] Position first_common(const Interval& a, const Interval& b) const;
  void find_votes(Id interval);
  void vote(const Affinity& affinity, float weight);
  void add_votes(x64::Register reg, float weight);
  [[nodiscard]] float votes_of(x64::Register reg) const {
    return voted_.has(reg) ? votes_[static_cast<size_t>(reg)] : 0;
  }
  [[nodiscard]] x64::Register most_wanted(x64::RegisterSet among) const;
  [[nodiscard]] bool take_free(Id interval);
  struct Free {
    x64::Register reg;
    Position until;
  };
  [[nodiscard]] Free best_free(const Interval& interval);
  [[nodiscard]] bool can_cut(const Interval& interval, Position at) const;
  [[nodiscard]] bool is_used_late(const Interval& interval, uint32_t instruction) const;
  void cut_before(Id interval, Position at);

  // Registers that others must leave.
  [[nodiscard]] bool take_from_others(Id interval);
  [[nodiscard]] bool may_leave(Interval& interval) const;
  [[nodiscard]] float cost_of_leaving(Interval& interval) const;
  [[nodiscard]] float cost_of_waiting(Interval& interval) const;
  [[nodiscard]] float cost_of_slot(const Interval& interval, Position from) const;
  Position evict_all(x64::Register reg, Id winner);
  Position evict(Id interval);
  void extend_back(Id interval, x64::Register reg, Position vacant_since);
  void spill(Id interval);

  // Uses.
  [[nodiscard]] uint32_t next_use(Interval& interval) const;
  [[nodiscard]] uint32_t first_real_use(const Interval& interval) const;
  [[nodiscard]] uint32_t next_worth_reloading(const Interval& interval, Position from) const;
  [[nodiscard]] bool is_worth_reloading(uint32_t use, Position from, Position gap) const;
  [[nodiscard]] bool must_be_in_register_now(const Interval& interval) const;
  [[nodiscard]] static Position end_of_use(const Use& use);
  [[nodiscard]] float frequency_of(const Use& use) const {
    return layout_->frequency(layout_->block_at(use.at));
  }

  [[nodiscard]] Interval& interval(Id id) { return all_->intervals[id]; }
  [[nodiscard]] const Interval& interval(Id id) const { return all_->intervals[id]; }
  [[nodiscard]] Value& value_of(const Interval& interval) { return all_->values[interval.value]; }
  [[nodiscard]] const Value& value_of(const Interval& interval) const { return all_->values[interval.value]; }

  const x64::MachineFunction* function_ = nullptr;
  const Layout* layout_ = nullptr;
  Intervals* all_ = nullptr;
  x64::RegisterClass class_{};
  std::span<const x64::Register> registers_;
  Position position_ = 0;
  std::array<std::vector<Start>, 2> sorted_;  ///< by class: whole intervals, by start
  std::vector<Start> unsorted_;
  std::vector<uint32_t> first_at_;  ///< by instruction, where sorting puts what starts there
  std::span<const Start> first_;    ///< those of the class at hand
  size_t next_first_ = 0;
  std::vector<Start> rests_;  ///< a heap of what was cut off
  std::array<Id, x64::kRegisterCount> active_{};
  x64::RegisterSet free_;  ///< where nobody is active
  /// Of who is active there: where its range ends, in which it stays so; kNever: nobody is.
  std::array<Position, x64::kRegisterCount> active_until_{};
  std::vector<Id> inactive_;          ///< in a hole of theirs; at most kMostInactive
  Position soonest_end_ = kNever;     ///< none of active_until_ is before
  Position soonest_return_ = kNever;  ///< no hole of theirs ends before
  std::array<FixedCursor, x64::kRegisterCount> fixed_cursor_{};
  std::vector<FixedCursor> shared_cursor_;
  Position quiet_until_ = 0;  ///< from the walk's position on, no fixed range begins before
  /// Of the interval at hand: lists of Intervals::shared that are in its way, and where.
  struct Obstacle {
    x64::RegisterSet registers;
    Position at;
  };
  std::vector<Obstacle> obstacles_;
  /// Of the interval at hand: where it meets those that are in a hole, of registers that have any.
  std::array<Position, x64::kRegisterCount> inactive_at_{};
  x64::RegisterSet has_inactive_;
  std::array<float, x64::kRegisterCount> votes_{};
  x64::RegisterSet voted_;  ///< those with votes
};

}  // namespace heddle::jit::regalloc
