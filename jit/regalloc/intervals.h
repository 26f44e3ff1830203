// SPDX-License-Identifier: Apache-2.0
// Intervals: where each value is live, where it is used, and where the machine demands a certain register.
//
// A value begins as one interval (two, if it is live in cold blocks, too) and is split by the walk
// (linear_scan.h); its intervals follow each other in the layout and each has one location. A value that must
// come out of, or go into, a certain register has no such interval: the register is blocked there by a fixed
// range in the value's name, and a move joins it with wherever the value is (`copy` uses; Value::fixed).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "jit/regalloc/layout.h"
#include "jit/regalloc/liveness.h"
#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

struct Range {
  Position from = 0;
  Position to = 0;
  uint32_t next = kNone;
};

enum class UseKind : uint8_t {
  reg,        ///< must be in a register: read early, or (at a late position) written or read late
  slot_too,   ///< better in a register
  slot_only,  ///< reads the spill slot, wherever the value is besides
  copy,       ///< read by a move in the gap, or at a block's end for an edge: better in a register
  loop_end,   ///< nobody reads it; but a loop ends that used it, so that the next round will
};

struct Use {
  Position at = 0;
  uint32_t operand = kNone;  ///< in MachineFunction::operands; kNone for edges and ends of loops
  uint32_t next = kNone;
  UseKind kind = UseKind::reg;
};

struct Interval {
  x64::VirtualRegister value = x64::kNoRegister;
  Position start = 0;
  Position end = 0;
  uint32_t first_range = kNone;
  uint32_t first_use = kNone;
  uint32_t range = kNone;  ///< the walk's cursor: the first range that ends behind its position
  uint32_t use = kNone;    ///< the walk's cursor: the first use at its position or behind
  uint32_t next = kNone;   ///< the value's next interval
  uint32_t previous = kNone;
  x64::Register reg = x64::Register::none;
  bool in_slot = false;  ///< neither: read where it was before, in the gap it consists of
};

/// A register that is taken. Its owner may be in it nonetheless: it is the value that is demanded there.
struct FixedRange {
  Position from = 0;
  Position to = 0;
  x64::VirtualRegister owner = x64::kNoRegister;
};

/// Where instructions overwrite just these registers, ascending.
struct SharedRanges {
  x64::RegisterSet registers;
  std::vector<FixedRange> ranges;
};

struct Value {
  uint32_t first_interval = kNone;
  uint32_t latest = kNone;                    ///< of its intervals the one that got a register last
  Position defined_at = 0;                    ///< where its first interval starts, also if there is none
  x64::Register fixed = x64::Register::none;  ///< where its definition leaves it, just before defined_at
  bool is_parameter = false;
  bool is_split = false;  ///< has several intervals
  bool is_in_memory =
      false;  ///< lives across blocks of a huge function: in its slot, but for intervals within blocks
  bool needs_slot = false;  ///< has a slot_only use
  bool is_spilled = false;  ///< has an interval in its slot
  bool can_remake = false;  ///< see Rematerialization; has no slot then
};

/// What would like to be in the same register: another value (at a position), or a register.
struct Affinity {
  x64::VirtualRegister partner = x64::kNoRegister;
  Position partner_at = 0;
  Position at = 0;
  float weight = 0;
  x64::Register reg = x64::Register::none;
};

class Intervals {
 public:
  /// One pass over the function, from its end to its beginning.
  void build(const x64::MachineFunction& function, const Layout& layout, const Liveness& liveness);

  /// Cuts what is at or behind `at` off an interval, as a new one; REQUIRES start < at < end. If `at` is in a
  /// hole, the new one starts where the hole ends.
  uint32_t split(uint32_t interval, Position at);

  /// In the order of Affinity::at.
  [[nodiscard]] std::span<const Affinity> affinities(x64::VirtualRegister value) const {
    return std::span(affinities_)
        .subspan(first_affinity_[value], first_affinity_[value + 1] - first_affinity_[value]);
  }

  std::vector<Interval> intervals;
  std::vector<Range> ranges;
  std::vector<Use> uses;
  std::vector<Value> values;
  std::array<std::vector<FixedRange>, x64::kRegisterCount> fixed;  ///< by register, ascending
  /// What is not in `fixed`, since calls overwrite many registers, and most the same.
  std::vector<SharedRanges> shared;

 private:
  struct Lists {
    uint32_t range = kNone;
    uint32_t use = kNone;
    Position end = 0;
    bool is_open = false;      ///< the range at hand has no beginning yet
    BlockId block = kNoBlock;  ///< of values in memory: where the interval at hand is
  };
  struct PendingAffinity {
    x64::VirtualRegister value;
    Affinity affinity;
  };

  void build_block(BlockId block, BlockId next);
  void build_live_out(BlockId block, BlockId next);
  void build_edges(BlockId block);
  void build_instruction(uint32_t index);
  void build_definition(uint32_t operand_index);
  struct Reading {
    uint32_t operand;
    Position at;
    UseKind kind;
    bool is_late;
  };
  void build_readings(bool has_demands);
  void collect_readings(bool has_demands);
  void build_demand(const Reading& reading);
  void build_use(const Reading& reading);
  void build_affinities_of_instruction();
  void make_intervals();
  void make_interval(x64::VirtualRegister value);
  void sort_affinities();

  void begin_in_block(x64::VirtualRegister value);
  void open_range(x64::VirtualRegister value, Position from, Position to);
  void add_range(x64::VirtualRegister value, Position loaded, Position to);
  void add_use(x64::VirtualRegister value, Position at, uint32_t operand, UseKind kind);
  void add_loop_ends(x64::VirtualRegister value);
  void add_clobbers(x64::RegisterSet registers, uint32_t index);
  void add_fixed(x64::Register reg, Position from, Position to, x64::VirtualRegister owner);
  void start_at(x64::VirtualRegister value, Position at);
  void prefer(x64::VirtualRegister value, Position at, x64::VirtualRegister partner, Position partner_at,
              float weight);
  void prefer(x64::VirtualRegister value, Position at, x64::Register reg, float weight);

  const x64::MachineFunction* function_ = nullptr;
  const Layout* layout_ = nullptr;
  const Liveness* liveness_ = nullptr;
  bool has_values_in_memory_ = false;
  BlockId block_ = kNoBlock;         ///< at hand
  Position start_ = 0;               ///< its beginning
  uint32_t loop_ = kNone;            ///< in Layout: around it
  uint32_t index_ = 0;               ///< the instruction at hand
  uint32_t stand_ = 0;               ///< where it stands: Layout::stand_of()
  std::vector<ValueWord> live_out_;  ///< memory for a set
  std::vector<Lists> lists_;         ///< by value
  std::vector<Reading> readings_;    ///< of the instruction at hand
  std::vector<uint32_t> loop_path_;
  std::vector<PendingAffinity> pending_;
  std::vector<Affinity> affinities_;
  std::vector<uint32_t> first_affinity_;
};

/// The register that an operand demands, by itself or because it is tied to one that does.
[[nodiscard]] x64::Register demanded_register(const x64::MachineFunction& function,
                                              const x64::Instruction& instruction,
                                              const x64::Operand& operand);
/// The result in whose register a `use` is read: it is tied to it, or to another use of the same value. kNone
/// if there is none. Both are indices in MachineFunction::operands.
[[nodiscard]] uint32_t tied_result(const x64::MachineFunction& function, const x64::Instruction& instruction,
                                   uint32_t operand_index);

}  // namespace heddle::jit::regalloc
