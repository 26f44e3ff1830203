// SPDX-License-Identifier: Apache-2.0
// Building of loads, stores and the other memory rows. (Spec 4.4.7)
//
// An access of a guarded memory 0 is the row itself. All others compare with the memory's size first and then
// access the host's memory.
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

bool FunctionBuilder::is_guarded(uint32_t memory) const {
  if (!options_.guarded || memory != 0) return false;
  const engine::MemoryType& type = module_->memories[0];
  return !type.limits.is_64 && type.page_size_log2 == 16;
}

/// In bytes. That of a shared memory may change whenever others run.
Value FunctionBuilder::memory_length(uint32_t memory) {
  const Alias alias = module_->memories[memory].is_shared ? Alias::memory : Alias::size;
  return load_pointer(alias, load_member(layout::kInstanceMemories, memory), layout::kMemoryBytes);
}

Value FunctionBuilder::check_access(Operation access, const engine::MemoryArgument& argument, Value address) {
  Node check = node(Operation::check_bounds, Type::i64, argument.offset);
  check.access = access;
  check.trap = TrapKind::memory_out_of_bounds;
  const Value wide = widen(address);
  const Value length = memory_length(argument.memory);
  return add(check, {wide, length});
}

Value FunctionBuilder::host_pointer(uint32_t memory, Value checked) {
  const Value base =
      load_pointer(Alias::constant, load_member(layout::kInstanceMemories, memory), layout::kMemoryBase);
  return add(node(Operation::address_of, Type::i64), {base, checked});
}

void FunctionBuilder::load(const Instruction& instruction) {
  const Operation row = operation_of(instruction.opcode);
  const Value address = pop();
  const uint32_t memory = instruction.memory.memory;
  const char result = info(instruction.opcode).signature.back();
  const Type type = result == 'i'   ? Type::i32
                    : result == 'l' ? Type::i64
                    : result == 'f' ? Type::f32
                    : result == 'd' ? Type::f64
                                    : Type::v128;
  if (is_guarded(memory)) {
    Node access = node(row, type, instruction.memory.offset);
    access.alias = Alias::memory;
    return push(add(access, {address}));
  }
  const Value checked = check_access(row, instruction.memory, address);
  if (type == Type::v128 && row != Operation::v128_load) {  // which do more than load
    Node access = node(row, type);
    access.alias = Alias::memory;
    return push(add(access, {host_pointer(memory, checked)}));
  }
  const Value base =
      load_pointer(Alias::constant, load_member(layout::kInstanceMemories, memory), layout::kMemoryBase);
  Node access = node(Operation::host_load, type);
  access.access = row;
  access.alias = Alias::memory;
  push(add(access, {base, checked}));
}

void FunctionBuilder::store(const Instruction& instruction) {
  const Operation row = operation_of(instruction.opcode);
  const Value value = pop();
  const Value address = pop();
  const uint32_t memory = instruction.memory.memory;
  if (is_guarded(memory)) {
    Node access = node(row, Type::none, instruction.memory.offset);
    access.alias = Alias::memory;
    add(access, {address, value});
    return;
  }
  const Value checked = check_access(row, instruction.memory, address);
  const Value base =
      load_pointer(Alias::constant, load_member(layout::kInstanceMemories, memory), layout::kMemoryBase);
  Node access = node(Operation::host_store);
  access.access = row;
  access.alias = Alias::memory;
  add(access, {base, value, checked});
}

void FunctionBuilder::memory_size(const Instruction& instruction) {
  const engine::MemoryType& type = module_->memories[instruction.index];
  Value pages = memory_length(instruction.index);
  if (type.page_size_log2 != 0)
    pages = add(Operation::i64_shr_u, Type::i64, {pages, i64(type.page_size_log2)});
  push(type.limits.is_64 ? pages : add(Operation::i32_wrap_i64, Type::i32, {pages}));
}

void FunctionBuilder::memory_grow(const Instruction& instruction) {
  const Value old_pages = call_runtime(RuntimeCall::memory_grow, {widen(pop())}, instruction.index);
  push(is_64(instruction.index) ? old_pages : add(Operation::i32_wrap_i64, Type::i32, {old_pages}));
}

void FunctionBuilder::memory_fill(const Instruction& instruction) {
  const Value size = widen(pop());
  const Value value = pop();
  const Value address = widen(pop());
  call_runtime(RuntimeCall::memory_fill, {address, value, size}, instruction.index);
}

void FunctionBuilder::memory_copy(const Instruction& instruction) {
  const Value size = widen(pop());
  const Value from = widen(pop());
  const Value to = widen(pop());
  call_runtime(RuntimeCall::memory_copy, {to, from, size}, instruction.index, instruction.second_index);
}

/// The immediates are segment, then memory.
void FunctionBuilder::memory_init(const Instruction& instruction) {
  const Value size = pop();
  const Value from = pop();
  const Value to = widen(pop());
  call_runtime(RuntimeCall::memory_init, {to, from, size}, instruction.second_index, instruction.index);
}

void FunctionBuilder::data_drop(const Instruction& instruction) {
  call_runtime(RuntimeCall::data_drop, {}, instruction.index);
}

}  // namespace heddle::jit
