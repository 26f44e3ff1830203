// SPDX-License-Identifier: Apache-2.0
// Registers: the machine's registers, and which of them code may use for what.
//
//   r15         the Instance; callees keep it, but see calling_convention.h
//   r14         base of memory 0 of that instance (Instance::memory0_base)
//   rbp, rsp    frame and stack
//   r11, xmm15  scratch of the emitter, of parallel moves and of stubs; never allocated
//   rbx r12 r13 kept by callees; all others are overwritten by every call
#pragma once

#include <array>
#include <cstdint>

namespace heddle::jit::x64 {

/// General registers as the processor numbers them, then vector registers.
enum class Register : uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  xmm0,
  xmm1,
  xmm2,
  xmm3,
  xmm4,
  xmm5,
  xmm6,
  xmm7,
  xmm8,
  xmm9,
  xmm10,
  xmm11,
  xmm12,
  xmm13,
  xmm14,
  xmm15,
  none,
};
inline constexpr unsigned kRegisterCount = 32;

enum class RegisterClass : uint8_t { general, vector };

[[nodiscard]] constexpr RegisterClass class_of(Register reg) {
  return reg >= Register::xmm0 ? RegisterClass::vector : RegisterClass::general;
}
[[nodiscard]] const char* name_of(Register reg) noexcept;
/// 0 to 15 within its class.
[[nodiscard]] constexpr unsigned number_of(Register reg) { return static_cast<unsigned>(reg) & 15; }

/// A set of registers.
class RegisterSet {
 public:
  constexpr RegisterSet() = default;
  template <class... Registers>
  [[nodiscard]] static constexpr RegisterSet of(Registers... registers) {
    RegisterSet set;
    (set.add(registers), ...);
    return set;
  }
  constexpr void add(Register reg) { bits_ |= uint32_t{1} << static_cast<unsigned>(reg); }
  constexpr void remove(Register reg) { bits_ &= ~(uint32_t{1} << static_cast<unsigned>(reg)); }
  [[nodiscard]] constexpr bool has(Register reg) const {
    return (bits_ >> static_cast<unsigned>(reg) & 1) != 0;
  }
  [[nodiscard]] constexpr uint32_t bits() const { return bits_; }
  [[nodiscard]] constexpr RegisterSet operator|(RegisterSet other) const {
    return RegisterSet(bits_ | other.bits_);
  }
  [[nodiscard]] constexpr RegisterSet operator&(RegisterSet other) const {
    return RegisterSet(bits_ & other.bits_);
  }
  [[nodiscard]] constexpr RegisterSet without(RegisterSet other) const {
    return RegisterSet(bits_ & ~other.bits_);
  }
  [[nodiscard]] constexpr bool is_empty() const { return bits_ == 0; }

 private:
  explicit constexpr RegisterSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

inline constexpr Register kInstance = Register::r15;
inline constexpr Register kMemoryBase = Register::r14;
inline constexpr Register kScratch = Register::r11;
inline constexpr Register kVectorScratch = Register::xmm15;

/// What the allocator may give out, in the order in which it prefers them: what calls overwrite first.
inline constexpr std::array kGeneralRegisters = {
    Register::rax, Register::rcx, Register::rdx, Register::rsi, Register::rdi, Register::r8,
    Register::r9,  Register::r10, Register::rbx, Register::r12, Register::r13,
};
inline constexpr std::array kVectorRegisters = {
    Register::xmm0,  Register::xmm1,  Register::xmm2,  Register::xmm3,  Register::xmm4,
    Register::xmm5,  Register::xmm6,  Register::xmm7,  Register::xmm8,  Register::xmm9,
    Register::xmm10, Register::xmm11, Register::xmm12, Register::xmm13, Register::xmm14,
};
inline constexpr RegisterSet kKeptByCallees = RegisterSet::of(Register::rbx, Register::r12, Register::r13);

}  // namespace heddle::jit::x64
