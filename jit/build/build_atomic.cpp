// SPDX-License-Identifier: Apache-2.0
// Building of the atomic rows. (Threads proposal)
//
// The order of checks is the proposal's: alignment of the effective address, then bounds.
#include "jit/build/function_builder.h"

namespace heddle::jit {

/// An effective address beyond 64 bits is out of bounds, whatever its lowest bits are.
void FunctionBuilder::check_alignment(const Instruction& instruction, Value address) {
  const uint64_t mask = (uint64_t{1} << info(instruction.opcode).access_log2) - 1;
  if (mask == 0) return;
  const uint64_t offset = instruction.memory.offset;
  Value effective = address;
  if (type_of_value(address) == Type::i32) {
    const Value low = i32(static_cast<uint32_t>(offset & mask));
    if ((offset & mask) != 0) effective = add(Operation::i32_add, Type::i32, {address, low});
    const Value misaligned = i32(static_cast<uint32_t>(mask));
    return trap_if(add(Operation::i32_and, Type::i32, {effective, misaligned}), TrapKind::unaligned_atomic);
  }
  if (offset != 0) effective = add(Operation::i64_add, Type::i64, {address, i64(offset)});
  Value misaligned = add(Operation::i64_and, Type::i64, {effective, i64(mask)});
  misaligned = add(Operation::i64_ne, Type::i32, {misaligned, i64(0)});
  if (offset != 0) {
    const Value fits = add(Operation::i64_ge_u, Type::i32, {effective, address});
    misaligned = add(Operation::i32_and, Type::i32, {misaligned, fits});
  }
  trap_if(misaligned, TrapKind::unaligned_atomic);
}

/// Loads, stores, read-modify-write and compare-exchange.
void FunctionBuilder::atomic_access(const Instruction& instruction) {
  const std::string_view signature = info(instruction.opcode).signature;
  const size_t operands = signature.find(':');
  arguments_.assign(operands_.end() - static_cast<ptrdiff_t>(operands), operands_.end());
  truncate_operands(static_cast<uint32_t>(operands_.size() - operands));
  const char result = signature.back();
  Node access = node(operation_of(instruction.opcode), result == 'i'   ? Type::i32
                                                       : result == 'l' ? Type::i64
                                                                       : Type::none);
  access.alias = Alias::memory;
  check_alignment(instruction, arguments_[0]);
  if (is_guarded(instruction.memory.memory)) {
    access.immediate = instruction.memory.offset;
  } else {
    const Value checked = check_access(access.operation, instruction.memory, arguments_[0]);
    arguments_[0] = host_pointer(instruction.memory.memory, checked);
  }
  const Value value = add(access, arguments_);
  if (access.type != Type::none) push(value);
  allow_preemption();
}

void FunctionBuilder::atomic_wait(const Instruction& instruction) {
  const Value timeout = pop();
  const Value expected = pop();
  const Value address = widen(pop());
  const RuntimeCall call = instruction.opcode == Opcode::memory_atomic_wait32 ? RuntimeCall::atomic_wait32
                                                                              : RuntimeCall::atomic_wait64;
  push(
      call_runtime(call, {address, expected, timeout}, instruction.memory.memory, instruction.memory.offset));
  allow_preemption();
}

void FunctionBuilder::atomic_notify(const Instruction& instruction) {
  const Value count = pop();
  const Value address = widen(pop());
  push(call_runtime(RuntimeCall::atomic_notify, {address, count}, instruction.memory.memory,
                    instruction.memory.offset));
  allow_preemption();
}

void FunctionBuilder::atomic_fence(const Instruction&) {
  Node fence = node(Operation::atomic_fence);
  fence.alias = Alias::memory;
  add(fence);
  allow_preemption();
}

}  // namespace heddle::jit
