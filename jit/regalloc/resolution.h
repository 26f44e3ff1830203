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
  struct Storage {
    float cost_of_entering = 0;  ///< how often the value goes into its slot from a register
    Position first = kNever;     ///< where it first is in its slot
    Position last = 0;
    uint32_t slot = UINT32_MAX;
    bool is_used = false;
    bool at_definition = false;  ///< written there, or born in it
  };

  void index_intervals();
  void write_operands();
  void write_operands_of(const Interval& interval);
  void copy_to_demanded();
  void copy_uses_of(uint32_t interval);
  void join_pieces();
  void join_pieces_of(uint32_t first_interval);
  void load_pieces_of(const Value& value);
  void join_definitions();
  void find_arrivals();
  void join_edges();
  void join_edge(BlockId from, const x64::MachineEdge& edge);
  void join_handler(BlockId from, const x64::MachineEdge& edge, uint32_t instruction);
  void choose_storage();
  void store_at_definition(x64::VirtualRegister value);
  void assign_slots();
  [[nodiscard]] uint32_t preferred_slot(x64::VirtualRegister value) const;
  void emit_operands();
  void emit_moves();
  [[nodiscard]] bool is_superfluous(const Move& move) const;
  void collect_used();

  void add(uint32_t instruction, Phase phase, Place from, Place to, x64::VirtualRegister value);
  [[nodiscard]] static Place slot_of(x64::VirtualRegister value) { return kFirstSlot + value; }
  [[nodiscard]] static Place place_of(x64::Register reg) { return static_cast<Place>(reg); }
  [[nodiscard]] static bool is_slot(Place place) { return place >= kFirstSlot; }
  [[nodiscard]] static Place place_of(const Interval& interval) {
    return interval.in_slot ? slot_of(interval.value) : place_of(interval.reg);
  }
  [[nodiscard]] Place place_from(x64::VirtualRegister value, Position at);
  [[nodiscard]] Place place_before_gap(const Interval& interval, uint32_t previous, Position gap) const;
  [[nodiscard]] x64::Location location(Place place) const;

  const x64::MachineFunction* function_ = nullptr;
  const Layout* layout_ = nullptr;
  const Liveness* liveness_ = nullptr;
  const Intervals* all_ = nullptr;
  x64::Allocation* allocation_ = nullptr;
  std::vector<Place> first_place_;      ///< by value: where it begins; the slot of a value in memory
  std::vector<uint8_t> changes_place_;  ///< by value: is it elsewhere later?
  struct Arrival {
    x64::VirtualRegister value;
    Place place;
  };
  std::vector<Arrival>
      arrivals_;  ///< by block, live-in values that change places, and where they come to; then none
  std::vector<uint32_t> first_arrival_;  ///< by block: in arrivals_
  std::vector<uint32_t> first_piece_;    ///< by value: in pieces_, of split values
  struct Piece {
    Position start;
    uint32_t interval;
    Place place;
  };
  std::vector<Piece> pieces_;  ///< intervals of split values, in the order of the layout
  std::vector<uint32_t> piece_count_;
  std::vector<uint32_t> piece_;  ///< by value: in pieces_, where place_from() is
  std::vector<Place> operand_places_;
  std::vector<Storage> storage_;  ///< by value
  std::vector<Move> moves_;
  std::vector<x64::VirtualRegister> stored_;  ///< values with a slot, by where they need it first
  SpillSlots slots_;
  ParallelMoves parallel_;
};

}  // namespace heddle::jit::regalloc
