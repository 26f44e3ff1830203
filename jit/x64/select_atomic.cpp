// SPDX-License-Identifier: Apache-2.0
// Atomic accesses. All are sequentially consistent, which on this processor only stores and
// read-modify-writes must ask for.
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

using engine::RowKind;

/// The operation of a read-modify-write, by its name.
enum class Modification { add, sub, and_, or_, xor_, xchg };

Modification modification_of(std::string_view text) {
  const auto names = [text](std::string_view name) { return text.find(name) != text.npos; };
  if (names(".add")) return Modification::add;
  if (names(".sub")) return Modification::sub;
  if (names(".and")) return Modification::and_;
  if (names(".xor")) return Modification::xor_;
  return names(".or") ? Modification::or_ : Modification::xchg;
}

}  // namespace

/// Where the access is, once it has trapped if that is not aligned.
Address Selector::aligned_address(Value value, unsigned bytes) {
  const Address address = address_of(value);
  if (bytes == 1) return address;
  VirtualRegister effective = address.memory == MemoryBase::guest ? address.index : address.base;
  const bool simple =
      address.index == kNoRegister || (address.memory == MemoryBase::guest && address.scale_log2 == 0);
  if (!simple || address.displacement % static_cast<int32_t>(bytes) != 0 || effective == kNoRegister) {
    Address lane = address;
    lane.memory = MemoryBase::registers;  // the base of the memory is aligned
    if (address.memory == MemoryBase::guest) {
      lane.base = address.index;
      lane.index = kNoRegister;
      if (address.scale_log2 != 0) std::swap(lane.base, lane.index);
      if (lane.index != kNoRegister) lane.base = integer(0, 8);
      if (lane.base == kNoRegister) lane.base = integer(0, 8);
    }
    effective = general();
    lea(effective, 8, lane);
  }
  add(Mnemonic::test, Form::ri, 1, {read(effective)}).immediate = static_cast<int64_t>(bytes - 1);
  trap_if(Condition::not_equal, TrapKind::unaligned_atomic);
  return address;
}

/// Values narrower than their type are zero-extended.
void Selector::extend_narrow(VirtualRegister result, VirtualRegister value, unsigned bytes) {
  const Mnemonic mnemonic = bytes == 1 ? Mnemonic::movzx8 : bytes == 2 ? Mnemonic::movzx16 : Mnemonic::mov;
  add(mnemonic, Form::rr, 4, {write(result), read(value)});
}

void Selector::select_atomic_load(Value value, unsigned bytes) {
  const VirtualRegister result = define(value);
  const Address address = aligned_address(value, bytes);
  const Mnemonic load = bytes == 1 ? Mnemonic::movzx8 : bytes == 2 ? Mnemonic::movzx16 : Mnemonic::mov;
  add(load, Form::rm, bytes == 8 ? 8 : 4, {write(result)}, address);
}

void Selector::select_atomic_store(Value value, unsigned bytes) {
  const VirtualRegister stored = use(argument(value, 1)), old = general();
  const Address address = aligned_address(value, bytes);
  add(Mnemonic::xchg, Form::mr, bytes, {write_tied(old, 1), read(stored)}, address);
}

void Selector::select_atomic_rmw(Value value, unsigned bytes) {
  const bool wanted = selected_[value].reg != kNoRegister || selected_[value].is_used_beyond;
  const Modification modification = modification_of(info(row_of(operation(value))).text);
  VirtualRegister stored = use(argument(value, 1));
  const Address address = aligned_address(value, bytes);
  if (!wanted && modification != Modification::xchg) {
    constexpr Mnemonic kLocked[] = {Mnemonic::lock_add, Mnemonic::lock_sub, Mnemonic::lock_and,
                                    Mnemonic::lock_or, Mnemonic::lock_xor};
    add(kLocked[static_cast<size_t>(modification)], Form::mr, bytes, {read(stored)}, address);
    return;
  }
  const bool extends = bytes < 4;  // registers' upper parts stay as they were
  const VirtualRegister result = define(value), old = extends ? general() : result;
  if (modification == Modification::sub) {
    const VirtualRegister negative = general();
    add(Mnemonic::neg, Form::r, bytes == 8 ? 8 : 4, {write_tied(negative, 1), read(stored)});
    stored = negative;
  }
  switch (modification) {
    case Modification::add:
    case Modification::sub:
      add(Mnemonic::lock_xadd, Form::mr, bytes, {write_tied(old, 1), read(stored)}, address);
      break;
    case Modification::xchg:
      add(Mnemonic::xchg, Form::mr, bytes, {write_tied(old, 1), read(stored)}, address);
      break;
    default: {
      const Mnemonic mnemonic = modification == Modification::and_  ? Mnemonic::and_
                                : modification == Modification::or_ ? Mnemonic::or_
                                                                    : Mnemonic::xor_;
      atomic_loop(mnemonic, bytes, old, stored, address);
    }
  }
  if (extends) extend_narrow(result, old, bytes);
}

/// Every register is read until the end: the loop runs again.
void Selector::atomic_loop(Mnemonic mnemonic, unsigned bytes, VirtualRegister old, VirtualRegister stored,
                           const Address& address) {
  Operand first = write_in(old, Register::rax);
  first.role = Role::early_define;
  Operand operands[5] = {first, write_early(general()), read_late(stored)};
  size_t count = 3;
  if (address.base != kNoRegister) operands[count++] = read_late(address.base);
  if (address.index != kNoRegister) operands[count++] = read_late(address.index);
  Instruction& loop =
      add(Mnemonic::atomic_loop, Form::pseudo, bytes, std::span<const Operand>(operands, count));
  loop.memory = address.memory;
  loop.has_index = address.index != kNoRegister;
  loop.scale_log2 = address.scale_log2;
  loop.displacement = address.displacement;
  loop.immediate = static_cast<int64_t>(mnemonic);
  if (address.memory == MemoryBase::guest) out_.has_frame = true;
}

void Selector::select_atomic_cmpxchg(Value value, unsigned bytes) {
  const VirtualRegister expected = use(argument(value, 1)), replacement = use(argument(value, 2));
  const Address address = aligned_address(value, bytes);
  // What was expected may have more bits than are compared, and is the result where it was found.
  const bool extends = bytes < 4 || (bytes == 4 && node(value).type == Type::i64);
  const VirtualRegister result = define(value), old = extends ? general() : result;
  add(Mnemonic::lock_cmpxchg, Form::mr, bytes,
      {write_in(old, Register::rax), read_in(expected, Register::rax), read(replacement)}, address);
  if (extends) extend_narrow(result, old, bytes);
}

bool Selector::select_atomic(Value value) {
  if (!is_row(operation(value))) return false;
  const auto& row = info(row_of(operation(value)));
  const unsigned bytes = 1u << row.access_log2;
  switch (row.kind) {
    case RowKind::atomic_load: return select_atomic_load(value, bytes), true;
    case RowKind::atomic_store: return select_atomic_store(value, bytes), true;
    case RowKind::atomic_rmw: return select_atomic_rmw(value, bytes), true;
    case RowKind::atomic_cmpxchg: return select_atomic_cmpxchg(value, bytes), true;
    case RowKind::atomic_fence: add(Mnemonic::mfence, Form::none, 8, {}); return true;
    default: return false;
  }
}

}  // namespace heddle::jit::x64
