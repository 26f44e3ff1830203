// SPDX-License-Identifier: Apache-2.0
// Assembles the stubs. Each begins with `push rbp; mov rbp, rsp`, so that [rbp + 8] is the return address
// into the code that called it and [rbp] is that code's rbp.
#include "jit/x64/stubs.h"

#include <asmjit/x86.h>

#include <bit>

#include "jit/x64/executable_memory.h"
#include "jit/x64/frame_layout.h"

namespace heddle::jit::x64 {

using namespace asmjit;  // NOLINT: as in emitter.cpp

namespace {

constexpr uint32_t kAreaBytes = sizeof(RegisterArea);
static_assert(kAreaBytes % 16 == 0);

class StubAssembler {
 public:
  explicit StubAssembler(const StubTargets& targets) : targets_(targets) {
    code_.init(Environment::host());
    code_.attach(&a_);
    fail_ = a_.newLabel();
    leave_ = a_.newLabel();
    trap_ = a_.newLabel();
  }

  [[nodiscard]] Result<Stubs> run(ExecutableMemory& memory);

 private:
  static x86::Gp gp(Register reg) { return x86::gpq(number_of(reg)); }
  static x86::Mem general(x86::Gp area, unsigned i, int32_t at) {
    return x86::ptr(area, at + static_cast<int32_t>(8 * i), 8);
  }
  static x86::Mem vector(x86::Gp area, unsigned i, int32_t at) {
    return x86::ptr(area, at + static_cast<int32_t>(offsetof(RegisterArea, vector) + 16 * i), 16);
  }
  static x86::Gp instance() { return gp(kInstance); }

  void begin();
  void push_kept();
  /// The innermost frame of compiled code ends here: C++ is called next. Leaves the context in r11.
  void note_exit();
  void store(std::span<const Register> registers, x86::Gp area, int32_t at);
  void load(std::span<const Register> registers, x86::Gp area, int32_t at);
  void call(const void* function) {
    a_.mov(x86::rax, reinterpret_cast<uint64_t>(function));
    a_.call(x86::rax);
  }
  void make_enter();
  void make_leave();
  void make_fail();
  void make_call_other_tier();
  void make_call_runtime();
  void make_trap();
  void make_fault();
  void make_poll();
  void make_refuel();
  void save_all();
  void call_and_restore_all(const void* function);

  static constexpr int32_t kVectors = 15;  ///< that compiled code uses

  const StubTargets& targets_;
  CodeHolder code_;
  x86::Assembler a_;
  Label fail_, leave_, trap_;
};

void StubAssembler::begin() {
  a_.align(AlignMode::kCode, 16);
  a_.push(x86::rbp);
  a_.mov(x86::rbp, x86::rsp);
}

void StubAssembler::push_kept() {
  a_.push(x86::rbx);
  a_.push(x86::r12);
  a_.push(x86::r13);
  a_.push(instance());  // for alignment
}

void StubAssembler::note_exit() {
  a_.mov(x86::r11, x86::ptr(instance(), kInstanceContext));
  a_.mov(x86::ptr(x86::r11, kContextNativeExit), x86::rsp);
}

void StubAssembler::store(std::span<const Register> registers, x86::Gp area, int32_t at) {
  for (unsigned i = 0; i < registers.size(); ++i) a_.mov(general(area, i, at), gp(registers[i]));
  for (unsigned i = 0; i < kVectorArguments; ++i) a_.movups(vector(area, i, at), x86::xmm(i));
}

void StubAssembler::load(std::span<const Register> registers, x86::Gp area, int32_t at) {
  for (unsigned i = 0; i < registers.size(); ++i) a_.mov(gp(registers[i]), general(area, i, at));
  for (unsigned i = 0; i < kVectorArguments; ++i) a_.movups(x86::xmm(i), vector(area, i, at));
}

/// rdi = context, rsi = instance, rdx = code, rcx = area.
void StubAssembler::make_enter() {
  begin();
  for (const x86::Gp& reg : {x86::rbx, x86::r12, x86::r13, x86::r14, x86::r15}) a_.push(reg);
  a_.mov(x86::rax, x86::rsp);  // the new native_frame
  a_.push(x86::ptr(x86::rdi, kContextNativeFrame, 8));
  a_.push(x86::ptr(x86::rdi, kContextNativeExit, 8));
  a_.mov(x86::ptr(x86::rdi, kContextNativeFrame), x86::rax);
  a_.push(x86::rcx);
  a_.push(x86::rdi);
  a_.push(x86::rdi);  // for alignment
  a_.mov(instance(), x86::rsi);
  a_.mov(gp(kMemoryBase), x86::ptr(x86::rsi, kInstanceMemoryBase));
  a_.mov(x86::rbx, x86::rdx);
  a_.mov(x86::r11, x86::rcx);
  load(kGeneralArguments, x86::r11, 0);
  a_.call(x86::rbx);
  a_.mov(x86::r11, x86::ptr(x86::rbp, -64));  // the area
  store(kGeneralResults, x86::r11, 0);
  a_.mov(x86::r11, x86::ptr(x86::rbp, -72));  // the context
  a_.mov(x86::eax, 1);
  a_.jmp(leave_);
}

/// r11 = context, al = what `enter` returns: back to C++ from the innermost entry.
void StubAssembler::make_leave() {
  a_.bind(leave_);
  a_.mov(x86::rsp, x86::ptr(x86::r11, kContextNativeFrame));
  a_.mov(x86::rcx, x86::ptr(x86::rsp, -8));
  a_.mov(x86::ptr(x86::r11, kContextNativeFrame), x86::rcx);
  a_.mov(x86::rcx, x86::ptr(x86::rsp, -16));
  a_.mov(x86::ptr(x86::r11, kContextNativeExit), x86::rcx);
  for (const x86::Gp& reg : {x86::r15, x86::r14, x86::r13, x86::r12, x86::rbx}) a_.pop(reg);
  a_.pop(x86::rbp);
  a_.ret();
}

/// esi = trap kind, rbp = frame of the stub that compiled code called.
void StubAssembler::make_fail() {
  a_.bind(fail_);
  a_.and_(x86::rsp, -16);
  a_.sub(x86::rsp, 32);  // the landing
  a_.mov(x86::rbx, x86::ptr(instance(), kInstanceContext));
  a_.mov(x86::rdi, x86::rbx);
  a_.mov(x86::rdx, x86::ptr(x86::rbp, 8));
  a_.mov(x86::rcx, x86::ptr(x86::rbp));
  a_.mov(x86::r8, x86::rsp);
  call(reinterpret_cast<const void*>(targets_.raise));
  const Label nowhere = a_.newLabel();
  a_.mov(x86::rax, x86::ptr(x86::rsp, offsetof(Landing, pc)));
  a_.test(x86::rax, x86::rax);
  a_.jz(nowhere);
  a_.mov(x86::rbp, x86::ptr(x86::rsp, offsetof(Landing, frame)));
  a_.mov(x86::rsp, x86::ptr(x86::rsp, offsetof(Landing, stack)));
  a_.jmp(x86::rax);
  a_.bind(nowhere);
  a_.mov(x86::r11, x86::rbx);
  a_.xor_(x86::eax, x86::eax);
  a_.jmp(leave_);
}

/// r11 = FunctionCode; arguments in registers.
void StubAssembler::make_call_other_tier() {
  begin();
  push_kept();
  a_.sub(x86::rsp, kAreaBytes);
  store(kGeneralArguments, x86::rsp, 0);
  a_.mov(x86::rsi, x86::r11);
  note_exit();
  a_.mov(x86::rdi, x86::r11);
  a_.mov(x86::rdx, instance());
  a_.mov(x86::rcx, x86::rsp);
  call(reinterpret_cast<const void*>(targets_.call_other_tier));
  static_assert(CallEnd::kFailed == 0);
  const Label tail_call = a_.newLabel();
  a_.xor_(x86::esi, x86::esi);
  a_.test(x86::rax, x86::rax);
  a_.jz(fail_);
  a_.cmp(x86::rax, CallEnd::kReturned);
  a_.jne(tail_call);
  load(kGeneralResults, x86::rsp, 0);
  a_.mov(x86::rsp, x86::rbp);
  a_.pop(x86::rbp);
  a_.ret();
  a_.bind(tail_call);
  a_.mov(x86::r11, x86::rax);
  a_.mov(instance(), x86::rdx);
  a_.mov(gp(kMemoryBase), x86::ptr(instance(), kInstanceMemoryBase));
  load(kGeneralArguments, x86::rsp, 0);
  a_.mov(x86::rsp, x86::rbp);
  a_.pop(x86::rbp);
  a_.jmp(x86::r11);
}

void StubAssembler::make_call_runtime() {
  begin();
  push_kept();
  note_exit();
  a_.call(x86::rax);
  a_.movzx(x86::esi, x86::al);
  a_.test(x86::esi, x86::esi);
  a_.jnz(fail_);
  a_.mov(x86::rsp, x86::rbp);
  a_.pop(x86::rbp);
  a_.ret();
}

void StubAssembler::make_trap() {
  a_.align(AlignMode::kCode, 16);
  a_.bind(trap_);
  a_.push(x86::rbp);
  a_.mov(x86::rbp, x86::rsp);
  push_kept();
  a_.mov(x86::esi, x86::r11d);
  note_exit();
  a_.jmp(fail_);
}

/// As if the faulting instruction had called the stub `trap`, but that the return address is its own.
void StubAssembler::make_fault() {
  a_.align(AlignMode::kCode, 16);
  a_.push(x86::r11);
  a_.mov(x86::r11d, static_cast<uint32_t>(TrapKind::memory_out_of_bounds));
  a_.jmp(trap_);
}

void StubAssembler::make_poll() {
  save_all();
  a_.lea(x86::rsi, x86::ptr(x86::rbp, 16));
  call_and_restore_all(reinterpret_cast<const void*>(targets_.poll));
}

void StubAssembler::make_refuel() {
  save_all();
  a_.mov(x86::rsi, gp(kScratch));
  call_and_restore_all(reinterpret_cast<const void*>(targets_.refuel));
}

void StubAssembler::save_all() {
  begin();
  push_kept();
  for (const Register reg : kGeneralArguments) a_.push(gp(reg));
  a_.sub(x86::rsp, 16 * kVectors);
  for (int32_t i = 0; i < kVectors; ++i)
    a_.movups(x86::ptr(x86::rsp, 16 * i), x86::xmm(static_cast<uint32_t>(i)));
}

/// With the context, and what is in rsi; back to compiled code, unless it says with what to trap.
void StubAssembler::call_and_restore_all(const void* function) {
  note_exit();
  a_.mov(x86::rdi, x86::r11);
  call(function);
  a_.movzx(x86::esi, x86::al);
  a_.test(x86::esi, x86::esi);
  a_.jnz(fail_);
  for (int32_t i = 0; i < kVectors; ++i)
    a_.movups(x86::xmm(static_cast<uint32_t>(i)), x86::ptr(x86::rsp, 16 * i));
  a_.add(x86::rsp, 16 * kVectors);
  for (size_t i = kGeneralArguments.size(); i-- > 0;) a_.pop(gp(kGeneralArguments[i]));
  a_.mov(x86::rsp, x86::rbp);
  a_.pop(x86::rbp);
  a_.ret();
}

Result<Stubs> StubAssembler::run(ExecutableMemory& memory) {
  struct Maker {
    uintptr_t Stubs::* place;
    void (StubAssembler::*make)();
  };
  static constexpr Maker kMakers[] = {
      {&Stubs::enter, &StubAssembler::make_enter},
      {&Stubs::call_other_tier, &StubAssembler::make_call_other_tier},
      {&Stubs::call_runtime, &StubAssembler::make_call_runtime},
      {&Stubs::trap, &StubAssembler::make_trap},
      {&Stubs::fault, &StubAssembler::make_fault},
      {&Stubs::poll, &StubAssembler::make_poll},
      {&Stubs::refuel, &StubAssembler::make_refuel},
  };
  Stubs stubs;
  for (const Maker& maker : kMakers) {
    a_.align(AlignMode::kCode, 16);
    stubs.*maker.place = a_.offset();
    (this->*maker.make)();
  }
  make_leave();
  make_fail();
  code_.flatten();
  code_.resolveUnresolvedLinks();
  const CodeBuffer& buffer = code_.textSection()->buffer();
  auto placed = memory.add({buffer.data(), buffer.size()});
  if (!placed) return placed.error();
  const auto base = reinterpret_cast<uintptr_t>(*placed);
  for (const Maker& maker : kMakers) stubs.*maker.place += base;
  stubs.begin = base;
  stubs.end = base + buffer.size();
  return stubs;
}

}  // namespace

Result<Stubs> make_stubs(const StubTargets& targets, ExecutableMemory& memory) {
  return StubAssembler(targets).run(memory);
}

}  // namespace heddle::jit::x64
