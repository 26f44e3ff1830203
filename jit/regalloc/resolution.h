// SPDX-License-Identifier: Apache-2.0
// Resolution: turns intervals with locations into locations of operands, and moves wherever a value changes
// its place.
//
// Each value has at most one slot. It is written either once, where the value is defined, and is good from
// then on; or at each place where the value goes into it, if those run less often. Moves of one place happen
// at once, in three phases: at a block's start those of the edges that lead there, then those in front of the
// instruction, then, in front of a block's last instruction, those of its only edge.
#pragma once

#include <cstdint>
#include <vector>

#include "jit/regalloc/intervals.h"
#include "jit/regalloc/parallel_moves.h"
#include "jit/regalloc/spill_slots.h"

namespace heddle::jit::regalloc {

class Resolution {
 public:
  void run(const x64::MachineFunction& function, const Layout& layout, const Liveness& liveness,
           const Intervals& intervals, x64::Allocation& allocation);

 private:
  /// A register (`none`: nowhere), or the slot of a value: kFirstSlot + value.
  using Place = uint32_t;
  static constexpr Place kNowhere = static_cast<Place>(x64::Register::none);
  static constexpr Place kFirstSlot = kNowhere + 1;
  /// In Move::value: it is the store at the definition, not one of those which that makes superfluous.
  static constexpr uint32_t kIsDefinition = uint32_t{1} << 31;
  enum Phase : uint8_t { kEdgesIn, kGap, kEdgeOut };
  struct Move {
    uint64_t key = 0;  ///< instruction and phase
    Place from = 0;
    Place to = 0;
    x64::VirtualRegister value = x64::kNoRegister;
  };
  /// A value that takes a step somewhere.
  struct Mover {
    x64::VirtualRegister value;
    Position start;
  };
  struct Storage {
    float cost_of_entering = 0;  ///< how often the value goes into its slot from a register
    Position first = kNever;     ///< where it first is in its slot
    Position last = 0;
    uint32_t slot = UINT32_MAX;
    bool is_used = false;
    bool at_definition = false;  ///< written there, or born in it
  };

  void index_values();
  void index_slot(x64::VirtualRegister value);
  void index_steps(x64::VirtualRegister value);
  void write_operands();
  void write_operands_of(uint32_t interval);
  void copy_to_demanded();
  void join_pieces_of(uint32_t first_interval);
  void load_pieces_of(const Value& value);
  void join_definition(x64::VirtualRegister value);
  void sort_movers();
  [[nodiscard]] std::span<const Mover> movers_between(BlockId from, BlockId target) const;
  [[nodiscard]] bool passes_few(BlockId from, BlockId target) const;
  void find_arrivals();
  void find_arrivals_of(BlockId block);
  void join_edges();
  void join_edge(BlockId from, const x64::MachineEdge& edge);
  void join_handler(BlockId from, const x64::MachineEdge& edge, uint32_t instruction);
  void choose_storage();
  void store_at_definition(x64::VirtualRegister value);
  void assign_slots();
  [[nodiscard]] uint32_t preferred_slot(x64::VirtualRegister value) const;
  void emit_operands();
  void sort_moves();
  void emit_moves();
  [[nodiscard]] bool is_superfluous(const Move& move) const;

  void add(uint32_t instruction, Phase phase, Place from, Place to, x64::VirtualRegister value);
  [[nodiscard]] static Place slot_of(x64::VirtualRegister value) { return kFirstSlot + value; }
  [[nodiscard]] static Place place_of(x64::Register reg) { return static_cast<Place>(reg); }
  [[nodiscard]] static bool is_slot(Place place) { return place >= kFirstSlot; }
  [[nodiscard]] static Place place_of(const Interval& interval) {
    return interval.in_slot ? slot_of(interval.value) : place_of(interval.reg);
  }
  [[nodiscard]] Place place_from(x64::VirtualRegister value, Position at);
  [[nodiscard]] Place place_before_gap(const Interval& interval, Position gap) const;
  [[nodiscard]] x64::Location location(Place place) const;

  const x64::MachineFunction* function_ = nullptr;
  const Layout* layout_ = nullptr;
  const Liveness* liveness_ = nullptr;
  const Intervals* all_ = nullptr;
  x64::Allocation* allocation_ = nullptr;
  /// Where a value goes, and from which position on.
  struct Step {
    Position start = kNever;
    Place place = kNowhere;
  };
  /// Where a value is, and which step it takes next.
  struct Cursor {
    Position next_start = kNever;
    Place place = kNowhere;
    uint32_t next = 0;  ///< in steps_
  };
  std::vector<Step> steps_;            ///< of each value that changes places; then one that never comes
  std::vector<Cursor> begin_;          ///< by value: at its beginning; a value in memory is in its slot
  std::vector<Cursor> cursor_;         ///< by value: where place_from() is
  std::vector<uint64_t> moving_;       ///< values that change places, by number in Liveness
  std::vector<Mover> unsorted_;        ///< all steps
  std::vector<Mover> movers_;          ///< the same, block by block, those at its beginning first
  std::vector<uint32_t> first_mover_;  ///< two for each block in order: at its beginning, behind it
  std::vector<uint32_t> order_of_;     ///< by block: in MachineFunction::order
  struct Arrival {
    x64::VirtualRegister value;
    Place place;
  };
  /// By block to which an edge leads that passes many steps, or leads back: live-in values that change places
  /// (of a handler: all), and where they come to; then none.
  std::vector<Arrival> arrivals_;
  std::vector<uint32_t> first_arrival_;  ///< by block: in arrivals_
  std::vector<Place> operand_places_;
  struct Copy {
    uint32_t interval;
    uint32_t use;
  };
  std::vector<Copy> copies_;      ///< uses that moves read
  std::vector<Storage> storage_;  ///< by value
  std::vector<Move> moves_;
  std::vector<Move> sorted_moves_;
  std::vector<uint32_t> first_move_;          ///< by instruction: in sorted_moves_
  std::vector<x64::VirtualRegister> stored_;  ///< values with a slot, by where they need it first
  SpillSlots slots_;
  ParallelMoves parallel_;
};

}  // namespace heddle::jit::regalloc
