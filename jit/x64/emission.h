// SPDX-License-Identifier: Apache-2.0
// Emission: the emitter at work on one function. Internal to emitter.cpp and expand_*.cpp.
#pragma once

#include <asmjit/x86.h>

#include <functional>
#include <optional>
#include <vector>

#include "jit/x64/emitter.h"
#include "jit/x64/frame_layout.h"
#include "jit/x64/literal_index.h"

namespace heddle::jit::x64 {

class Emission {
 public:
  Emission(const MachineFunction& function, const Allocation& allocation, EmittedCode& out);
  [[nodiscard]] Result<void> run();

 private:
  using Gp = asmjit::x86::Gp;
  using Xmm = asmjit::x86::Xmm;
  using Mem = asmjit::x86::Mem;
  using Label = asmjit::Label;

  /// Remembers the first thing asmjit refuses to encode.
  struct Refusal : asmjit::ErrorHandler {
    void handleError(asmjit::Error error, const char* text, asmjit::BaseEmitter*) override {
      if (first == 0) message = text;
      first = first == 0 ? error : first;
    }
    asmjit::Error first = 0;
    std::string message;
  };
  /// A trap that is called out of line.
  struct ColdTrap {
    Label label;
    TrapKind kind;
    uint32_t offset;
  };
  struct PlacedLiteral {
    Label label;
    Literal literal;
  };

  // emitter.cpp: the walk.
  void plan_jumps();
  [[nodiscard]] BlockId jump_target(BlockId block) const { return forwarded_[block]; }
  [[nodiscard]] Label label_of(BlockId block);
  [[nodiscard]] bool is_only_fallen_into(size_t position) const;
  void emit_prologue();
  void emit_epilogue();
  void emit_block(size_t position);
  [[nodiscard]] bool has_moves(uint32_t instruction) const {
    return !moves_.empty() && moves_.front().instruction == instruction;
  }
  void emit_moves(uint32_t instruction);
  void emit_move(const InsertedMove& move);
  void rematerialize(const InsertedMove& move);
  void emit_instruction(uint32_t index);
  void emit_plain(const Instruction& instruction, std::span<const Location> locations);
  bool emit_lea_as_add(const Instruction& instruction, std::span<const Location> locations);
  void note_flags(const Instruction& instruction, std::span<const Location> locations);
  [[nodiscard]] bool is_known_by_flags(uint32_t index, std::span<const Location> locations) const;
  void emit_cold();
  void emit_literals();
  void emit_jump_tables();
  [[nodiscard]] Result<void> finish();

  // emitter.cpp: operands.
  [[nodiscard]] asmjit::Operand register_operand(const Location& location, unsigned size) const;
  [[nodiscard]] Mem memory_operand(const Instruction& instruction, std::span<const Location> locations,
                                   unsigned size);
  [[nodiscard]] static Gp gp(Register reg, unsigned width = 8);
  [[nodiscard]] static Xmm xmm(Register reg) { return Xmm(number_of(reg)); }
  [[nodiscard]] Mem slot(const Location& location, unsigned width) const;
  [[nodiscard]] Label literal(uint64_t low, uint64_t high, uint8_t width);
  [[nodiscard]] Mem literal64(uint64_t value) { return asmjit::x86::ptr(literal(value, 0, 8), 0, 8); }

  // Sites and traps.
  void add_site(Site::Kind kind, uint32_t wasm_offset, TrapKind trap = TrapKind::none);
  [[nodiscard]] Label cold_trap(TrapKind kind, uint32_t offset);
  void call_stub(uintptr_t stub);
  void call_trap(TrapKind kind, uint32_t offset);
  void jump_if(Condition condition, Label target);

  // expand_calls.cpp
  void expand(const Instruction& instruction, std::span<const Location> locations);
  void expand_call_function(Register function);
  void expand_call_runtime(const Instruction& instruction);
  void answer_later(Label cold, Label back, uintptr_t stub, uint32_t offset,
                    std::optional<int64_t> scratch = std::nullopt);
  void expand_poll(const Instruction& instruction, Register context);
  void expand_fuel(const Instruction& instruction, Register context);
  void expand_stack_check(uint32_t offset);
  void reload_instance();
  void expand_jump_table(const Instruction& instruction, Register temporary, Register index);

  // expand_numeric.cpp
  void expand_divide(const Instruction& instruction, Register divisor);
  void expand_truncate(const Instruction& instruction, std::span<const Location> locations);
  void truncate_signed(const Instruction& instruction, Gp result, Xmm value);
  void truncate_unsigned_64(const Instruction& instruction, Gp result, Xmm value, Xmm temporary);
  void truncate_out_of_range(const Instruction& instruction, Gp result, Xmm value, Label back);
  void compare_floats(bool is_double, Xmm left, const asmjit::Operand& right);
  [[nodiscard]] Mem float_literal(double value, bool is_double);
  void expand_convert_u64(const Instruction& instruction, std::span<const Location> locations);
  void expand_minimum(const Instruction& instruction, std::span<const Location> locations);
  void expand_atomic_loop(const Instruction& instruction, std::span<const Location> locations);

  const MachineFunction& function_;
  const Allocation& allocation_;
  EmittedCode& out_;
  FrameLayout frame_;
  Refusal refusal_;
  asmjit::CodeHolder code_;
  asmjit::x86::Assembler assembler_;
  std::vector<Label> labels_;       ///< by block; invalid until it is asked for
  std::vector<BlockId> forwarded_;  ///< where a jump to the block really goes: past blocks that only jump
  std::vector<BlockId> order_;      ///< blocks that are emitted
  std::vector<ColdTrap> cold_traps_;
  std::vector<std::function<void()>> cold_code_;
  std::vector<PlacedLiteral> literals_;
  LiteralIndex literal_index_;
  std::vector<std::pair<uint32_t, Label>> tables_;    ///< jump table, and where it goes
  std::vector<std::pair<size_t, BlockId>> landings_;  ///< site, and the handler's block
  /// The flags say whether this register is zero, at this offset and nowhere else.
  struct KnownFlags {
    Register reg = Register::none;
    uint8_t width = 0;
    size_t end = SIZE_MAX;
  };
  KnownFlags flags_of_;
  std::span<const InsertedMove> moves_;  ///< that are still to be emitted
  BlockId next_block_ = kNoBlock;        ///< laid out behind the present one
};

}  // namespace heddle::jit::x64
