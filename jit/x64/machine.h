// SPDX-License-Identifier: Apache-2.0
// Machine code before registers are allocated: instructions of the processor over virtual registers.
//
// Selection makes it from the IR, the allocator assigns a location to every register operand and inserts
// moves, and the emitter writes it as bytes. An Instruction is one instruction of the processor or one
// pseudo-instruction that the emitter expands (instructions.def). The allocator knows nothing about
// instructions but their register operands, what they overwrite, and whether they are moves.
//
// A MachineFunction is in "machine SSA": every virtual register is defined once, by an instruction or as a
// block parameter. Two-address forms have their result tied to their first input (Policy::tied).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "jit/ir/ir.h"
#include "jit/x64/registers.h"

namespace heddle::jit::x64 {

using VirtualRegister = uint32_t;
inline constexpr VirtualRegister kNoRegister = UINT32_MAX;

enum class Mnemonic : uint16_t {
#define X64_INSTRUCTION(name, ...) name,
#include "jit/x64/instructions.def"
};
inline constexpr size_t kMnemonicCount = 0
#define X64_INSTRUCTION(...) +1
#include "jit/x64/instructions.def"
    ;

/// What a register operand is to its instruction.
enum class Role : uint8_t {
  use,           ///< read at the instruction's beginning
  late_use,      ///< read until its end: shares no register with a result
  define,        ///< written at its end: may share a register with a `use`
  early_define,  ///< written while uses are still read; also a temporary, if nobody uses it
};

/// What location a register operand may get.
enum class Policy : uint8_t {
  any,        ///< any register of its class
  fixed,      ///< Operand::fixed
  slot_too,   ///< a register or its spill slot, which the emitter then addresses in memory; at most one per
              ///< instruction, and only where the instruction has no other memory operand
  slot_only,  ///< only its spill slot: a value that must survive an invoke, for example
  tied,  ///< of a result: the register of the instruction's operand number Operand::tied_to, which is a `use`
};

struct Operand {
  VirtualRegister reg = kNoRegister;
  Role role = Role::use;
  Policy policy = Policy::any;
  Register fixed = Register::none;
  uint8_t tied_to = 0;
};
/// True if the operand is a result of its instruction or a temporary.
[[nodiscard]] constexpr bool is_definition(const Operand& operand) {
  return operand.role == Role::define || operand.role == Role::early_define;
}

/// The condition of a jump, set or conditional move, as the processor numbers them.
enum class Condition : uint8_t {
  overflow,
  no_overflow,
  below,
  above_equal,
  equal,
  not_equal,
  below_equal,
  above,
  sign,
  no_sign,
  parity,
  no_parity,
  less,
  greater_equal,
  less_equal,
  greater,
};
[[nodiscard]] constexpr Condition negate(Condition condition) {
  return static_cast<Condition>(static_cast<uint8_t>(condition) ^ 1);
}

/// How an instruction's operands are written, in the processor's order. `r` registers, `m` memory, `i`
/// immediate. Register operands stand in Instruction::operands in this order, results first; a tied result is
/// not written again; the base and index of a memory operand come last.
enum class Form : uint8_t {
  none,  ///< no operand
  r,     ///< one register: result, use, or both (tied)
  i,     ///< immediate
  rr,    ///< result or first use, second use
  ri,    ///< register, immediate
  rri,   ///< result, use, immediate
  rrr,   ///< result, two uses (AVX, BMI)
  rrri,
  rrrr,
  rm,  ///< register, memory
  mr,  ///< memory, register
  m,   ///< memory
  mi,  ///< memory, immediate
  rmi,
  mri,  ///< memory, register, immediate
  rrm,  ///< result, use, memory (AVX)
  rrmi,
  label,   ///< jump to `target`, if `condition` for conditional ones
  pseudo,  ///< the emitter knows
};

/// What a memory operand adds to displacement and registers.
enum class MemoryBase : uint8_t {
  none,         ///< no memory operand
  registers,    ///< base and maybe index are register operands
  guest,        ///< r14 + a register operand (index), zero-extended 32 bits, or nothing: memory 0; may fault
  instance,     ///< r15 + displacement
  frame_slots,  ///< the slots of runtime calls at the frame's lower end + displacement
  constant,     ///< the literal number `immediate` of MachineFunction::literals, addressed from rip
};

struct Instruction {
  Mnemonic mnemonic{};
  Form form = Form::none;
  uint8_t width = 8;  ///< bytes of the operation: 1, 2, 4, 8, 16
  Condition condition{};
  MemoryBase memory = MemoryBase::none;
  bool has_index = false;  ///< the last register operand is an index (`registers`); `guest` has one if true
  uint8_t scale_log2 = 0;  ///< of the index
  uint8_t operand_count = 0;
  int32_t displacement = 0;
  uint32_t first_operand = 0;      ///< in MachineFunction::operands
  BlockId target = kNoBlock;       ///< of jumps
  uint32_t offset = 0;             ///< of the wasm instruction, if it may trap, fault or call
  TrapKind trap = TrapKind::none;  ///< of trapping pseudo-instructions
  bool is_move = false;            ///< a copy of operand 1 to operand 0, of the same class: may be coalesced
  bool is_call = false;            ///< overwrites `clobbers`
  bool is_repeatable = false;  ///< has one result and reads no register: may be repeated instead of spilling
  RegisterSet clobbers;        ///< overwritten at its end, besides results
  int64_t immediate = 0;
};

struct MachineEdge {
  BlockId target = kNoBlock;
  uint32_t first_argument = 0;  ///< in MachineFunction::edge_arguments
  uint32_t argument_count = 0;
};

struct MachineBlock : BlockPlace {
  uint32_t first_instruction =
      0;  ///< in MachineFunction::instructions; blocks are contiguous, in layout order
  uint32_t instruction_count = 0;
  std::vector<VirtualRegister> parameters;
  std::vector<MachineEdge> successors;
  std::vector<BlockId> predecessors;

  void reset();
};

/// How a virtual register's value may be made anew instead of being spilled.
struct Rematerialization {
  uint32_t instruction =
      UINT32_MAX;  ///< index of its definition, which has no register input; UINT32_MAX: cannot
};

struct VirtualRegisterInfo {
  RegisterClass register_class = RegisterClass::general;
  uint8_t width = 8;  ///< bytes of its spill slot: 8 or 16
  Rematerialization remat;
  VirtualRegister hint = kNoRegister;  ///< would like the same register
};

struct Literal {
  uint64_t low = 0;
  uint64_t high = 0;
  uint8_t width = 16;
};

struct Stubs;

struct MachineFunction {
  const Stubs* stubs = nullptr;  ///< what the code calls
  std::vector<Instruction> instructions;
  std::vector<Operand> operands;
  std::vector<VirtualRegisterInfo> registers;
  BlockList<MachineBlock> blocks;  ///< by BlockId of the IR; those not in `order` are empty
  std::vector<BlockId> order;      ///< layout
  std::vector<VirtualRegister> edge_arguments;
  std::vector<Literal> literals;
  std::vector<std::vector<BlockId>> jump_tables;
  uint32_t runtime_slots = 0;   ///< slots at the frame's lower end that runtime calls need
  bool has_frame = false;       ///< calls something or may trap with a backtrace
  bool saves_instance = false;  ///< r15 must be in the frame, to be reloaded

  void reset();
  /// Appends so many empty blocks.
  void add_blocks(size_t count);
  [[nodiscard]] std::span<Operand> operands_of(const Instruction& instruction) {
    return std::span(operands).subspan(instruction.first_operand, instruction.operand_count);
  }
  [[nodiscard]] std::span<const Operand> operands_of(const Instruction& instruction) const {
    return std::span(operands).subspan(instruction.first_operand, instruction.operand_count);
  }
};

/// Stable text: what `heddle dump --stage machine` shows.
[[nodiscard]] std::string print(const MachineFunction& function);

// ------------------------------------------------------------------------------------------ what the
// allocator gives

/// A register, or a spill slot: slots are counted in units of 8 bytes; one of 16 bytes takes two, the first
/// even.
struct Location {
  Register reg = Register::none;
  uint32_t slot = UINT32_MAX;  ///< if reg is none
  [[nodiscard]] bool is_register() const { return reg != Register::none; }
  friend bool operator==(const Location&, const Location&) = default;
};

/// A copy, or a value made anew, that happens before `instruction` (all of one position in order; they are
/// sequential already and may use kScratch and kVectorScratch).
struct InsertedMove {
  uint32_t instruction = 0;
  Location from;
  Location to;
  uint8_t width = 8;
  uint32_t rematerialize =
      UINT32_MAX;  ///< the instruction to repeat with its result in `to`; `from` means nothing then
};

struct Allocation {
  std::vector<Location> operands;   ///< parallel to MachineFunction::operands
  std::vector<InsertedMove> moves;  ///< by instruction, ascending
  uint32_t slots = 0;               ///< spill slots
  RegisterSet used;                 ///< registers written anywhere: those that callees keep must be saved
  void reset();
};

}  // namespace heddle::jit::x64
