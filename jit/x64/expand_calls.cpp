// SPDX-License-Identifier: Apache-2.0
// What the pseudo-instructions for calls, returns, traps and jump tables become.
#include <cassert>

#include "jit/x64/emission.h"
#include "jit/x64/stubs.h"

namespace heddle::jit::x64 {

using namespace asmjit;  // NOLINT: as in emitter.cpp

void Emission::expand(const Instruction& instruction, std::span<const Location> locations) {
  switch (instruction.mnemonic) {
    case Mnemonic::arguments: return;
    case Mnemonic::call_own:
    case Mnemonic::call_function:
    case Mnemonic::call_runtime: {
      if (instruction.mnemonic == Mnemonic::call_own) assembler_.mov(gp(kScratch), instruction.immediate);
      if (instruction.mnemonic == Mnemonic::call_function) expand_call_function(locations.back().reg);
      if (instruction.mnemonic == Mnemonic::call_runtime) {
        expand_call_runtime(instruction);
      } else {
        assembler_.call(x86::ptr(gp(kScratch), kNativeEntry, 8));
      }
      add_site(Site::Kind::call, instruction.offset);
      if (instruction.target != kNoBlock) landings_.emplace_back(out_.sites.size() - 1, instruction.target);
      return;
    }
    case Mnemonic::tail_call_own:
    case Mnemonic::tail_call_function:
      if (instruction.mnemonic == Mnemonic::tail_call_own) {
        assembler_.mov(gp(kScratch), instruction.immediate);
      } else {
        expand_call_function(locations.back().reg);
      }
      emit_epilogue();
      assembler_.jmp(x86::ptr(gp(kScratch), kNativeEntry, 8));
      return;
    case Mnemonic::ret:
      emit_epilogue();
      assembler_.ret();
      return;
    case Mnemonic::reload_instance: return reload_instance();
    case Mnemonic::instance: assembler_.mov(gp(locations[0].reg), gp(kInstance)); return;
    case Mnemonic::zero_vector: assembler_.xorps(xmm(locations[0].reg), xmm(locations[0].reg)); return;
    case Mnemonic::vector_select: {
      const Label otherwise = assembler_.newLabel();
      jump_if(negate(instruction.condition), otherwise);
      assembler_.movaps(xmm(locations[0].reg), xmm(locations[2].reg));
      assembler_.bind(otherwise);
      return;
    }
    case Mnemonic::poll: return expand_poll(instruction, locations[0].reg);
    case Mnemonic::fuel: return expand_fuel(instruction, locations[0].reg);
    case Mnemonic::trap: return call_trap(instruction.trap, instruction.offset);
    case Mnemonic::trap_if:
      return jump_if(instruction.condition, cold_trap(instruction.trap, instruction.offset));
    case Mnemonic::jump_table: return expand_jump_table(instruction, locations[0].reg, locations[1].reg);
    case Mnemonic::divide: return expand_divide(instruction, locations[3].reg);
    case Mnemonic::truncate: return expand_truncate(instruction, locations);
    case Mnemonic::convert_u64: return expand_convert_u64(instruction, locations);
    case Mnemonic::float_min:
    case Mnemonic::float_max: return expand_minimum(instruction, locations);
    case Mnemonic::atomic_loop: return expand_atomic_loop(instruction, locations);
    default: assert(false); return;
  }
}

/// r11 = the code of `function`, and if it has an instance: r15 and r14 are of that.
void Emission::expand_call_function(Register function) {
  const Label host = assembler_.newLabel();
  assembler_.mov(gp(kScratch), x86::ptr(gp(function), kFunctionInstance, 8));
  assembler_.test(gp(kScratch), gp(kScratch));
  assembler_.jz(host);
  assembler_.mov(gp(kInstance), gp(kScratch));
  assembler_.mov(gp(kMemoryBase), x86::ptr(gp(kScratch), kInstanceMemoryBase, 8));
  assembler_.bind(host);
  assembler_.mov(gp(kScratch), x86::ptr(gp(function), kFunctionCode, 8));
}

void Emission::expand_call_runtime(const Instruction& instruction) {
  assembler_.mov(x86::rdi, gp(kInstance));
  assembler_.mov(x86::rsi, x86::rsp);
  assembler_.mov(x86::rax, instruction.immediate);
  call_stub(function_.stubs->call_runtime);
}

void Emission::reload_instance() {
  assembler_.mov(gp(kInstance), x86::ptr(x86::rbp, kSavedInstance, 8));
  assembler_.mov(gp(kMemoryBase), x86::ptr(gp(kInstance), kInstanceMemoryBase, 8));
}

/// Cold code: calls a stub that keeps all registers, with `scratch` if it takes something, and goes back.
void Emission::answer_later(Label cold, Label back, uintptr_t stub, uint32_t offset,
                            std::optional<int64_t> scratch) {
  cold_code_.push_back([this, cold, back, stub, offset, scratch] {
    assembler_.bind(cold);
    if (scratch) assembler_.mov(gp(kScratch), *scratch);
    call_stub(stub);
    add_site(Site::Kind::call, offset);
    assembler_.jmp(back);
  });
}

void Emission::expand_poll(const Instruction& instruction, Register context) {
  const Label cold = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.cmp(x86::ptr(gp(context), kContextRequests, 4), 0);
  assembler_.jne(cold);
  assembler_.bind(back);
  answer_later(cold, back, function_.stubs->poll, instruction.offset);
}

void Emission::expand_fuel(const Instruction& instruction, Register context) {
  const Label cold = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.sub(x86::ptr(gp(context), kContextFuel, 8), instruction.immediate);
  assembler_.js(cold);
  assembler_.bind(back);
  answer_later(cold, back, function_.stubs->refuel, instruction.offset, instruction.immediate);
}

/// Requests poison the limit, so this is also where a function that calls answers them.
void Emission::expand_stack_check(uint32_t offset) {
  const Label cold = assembler_.newLabel(), back = assembler_.newLabel();
  assembler_.mov(gp(kScratch), x86::ptr(gp(kInstance), kInstanceContext, 8));
  assembler_.cmp(x86::rsp, x86::ptr(gp(kScratch), kContextNativeLimit, 8));
  assembler_.jb(cold);
  assembler_.bind(back);
  answer_later(cold, back, function_.stubs->poll, offset);
}

void Emission::expand_jump_table(const Instruction& instruction, Register temporary, Register index) {
  const Label table = assembler_.newLabel();
  tables_.emplace_back(static_cast<uint32_t>(instruction.immediate), table);
  assembler_.lea(gp(kScratch), x86::ptr(table));
  assembler_.movsxd(gp(temporary), x86::ptr(gp(kScratch), gp(index), 2, 0, 4));
  assembler_.add(gp(temporary), gp(kScratch));
  assembler_.jmp(gp(temporary));
}

}  // namespace heddle::jit::x64
