// SPDX-License-Identifier: Apache-2.0
// What the numeric pseudo-instructions become: those that need a jump within.
#include "jit/x64/emission.h"

namespace heddle::jit::x64 {

using namespace asmjit;  // NOLINT: as in emitter.cpp

/// The dividend is in rax. The processor faults where the quotient has no representation, so both cases are
/// told before.
void Emission::expand_divide(const Instruction& instruction, Register divisor) {
  const unsigned width = instruction.width;
  const int64_t what = instruction.immediate;
  const bool is_signed = (what & Division::kSigned) != 0;
  if ((what & Division::kCheckZero) != 0) {
    assembler_.test(gp(divisor, width), gp(divisor, width));
    assembler_.jz(cold_trap(TrapKind::integer_divide_by_zero, instruction.offset));
  }
  const Label done = assembler_.newLabel();
  if (is_signed && (what & Division::kCheckOverflow) != 0) {
    assembler_.cmp(gp(divisor, width), -1);
    if ((what & Division::kRemainder) != 0) {
      const Label minus_one = assembler_.newLabel();
      assembler_.je(minus_one);
      cold_code_.push_back([this, minus_one, done] {
        assembler_.bind(minus_one);
        assembler_.xor_(x86::edx, x86::edx);
        assembler_.jmp(done);
      });
    } else {
      const Label fits = assembler_.newLabel();
      assembler_.jne(fits);
      assembler_.cmp(gp(Register::rax, width), 1);  // overflows only of the least number
      assembler_.jo(cold_trap(TrapKind::integer_overflow, instruction.offset));
      assembler_.bind(fits);
    }
  }
  if (is_signed) {
    if (width == 8)
      assembler_.cqo();
    else
      assembler_.cdq();
    assembler_.idiv(gp(divisor, width));
  } else {
    assembler_.xor_(x86::edx, x86::edx);
    assembler_.div(gp(divisor, width));
  }
  assembler_.bind(done);
}

/// What the processor has no single instruction for, if the old value is wanted: tried until nobody came
/// between.
void Emission::expand_atomic_loop(const Instruction& instruction, std::span<const Location> locations) {
  const unsigned width = instruction.width;
  const Mem address = memory_operand(instruction, locations, instruction.width);
  const Gp old = gp(Register::rax, width), changed = gp(locations[1].reg, width),
           value = gp(locations[2].reg, width);
  const auto mnemonic = static_cast<Mnemonic>(instruction.immediate);
  const InstId operation = mnemonic == Mnemonic::and_  ? x86::Inst::kIdAnd
                           : mnemonic == Mnemonic::or_ ? x86::Inst::kIdOr
                                                       : x86::Inst::kIdXor;
  const Label again = assembler_.newLabel();
  if (instruction.memory == MemoryBase::guest) add_site(Site::Kind::fault, instruction.offset);
  assembler_.mov(old, address);
  assembler_.bind(again);
  assembler_.mov(changed, old);
  assembler_.emit(operation, changed, value);
  if (instruction.memory == MemoryBase::guest) add_site(Site::Kind::fault, instruction.offset);
  assembler_.lock();
  assembler_.cmpxchg(address, changed, old);
  assembler_.jne(again);
}

}  // namespace heddle::jit::x64
