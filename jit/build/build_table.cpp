// SPDX-License-Identifier: Apache-2.0
// Building of the table rows. (Spec 4.4.6)
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

Value FunctionBuilder::table_distance(Value table, Value index, TrapKind trap) {
  const Value wide = widen(index);
  const Value size = load_pointer(Alias::size, table, layout::kTableSize);
  trap_if(add(Operation::i64_ge_u, Type::i32, {wide, size}), trap);
  return add(Operation::i64_shl, Type::i64, {wide, i64(3)});
}

void FunctionBuilder::table_get(const Instruction& instruction) {
  const Value index = pop();
  const Value table = load_member(layout::kInstanceTables, instruction.index);
  const Value distance = table_distance(table, index, TrapKind::table_out_of_bounds);
  const Value elements = load_pointer(Alias::size, table, layout::kTableElements);
  Node load = node(Operation::host_load, Type::i64);
  load.access = Operation::i64_load;
  load.alias = Alias::table;
  push(add(load, {elements, distance}));
}

/// Notes, as all who write to a table do, that it has been written to.
void FunctionBuilder::table_set(const Instruction& instruction) {
  const Value value = pop();
  const Value index = pop();
  const Value table = load_member(layout::kInstanceTables, instruction.index);
  const Value distance = table_distance(table, index, TrapKind::table_out_of_bounds);
  const Value elements = load_pointer(Alias::size, table, layout::kTableElements);
  store_host(Operation::i32_store8, Alias::table, table, layout::kTableWritten, i32(1));
  Node store = node(Operation::host_store);
  store.access = Operation::i64_store;
  store.alias = Alias::table;
  add(store, {elements, value, distance});
}

void FunctionBuilder::table_size(const Instruction& instruction) {
  const Value table = load_member(layout::kInstanceTables, instruction.index);
  const Value size = load_pointer(Alias::size, table, layout::kTableSize);
  const bool is_64 = module_->tables[instruction.index].type.limits.is_64;
  push(is_64 ? size : add(Operation::i32_wrap_i64, Type::i32, {size}));
}

void FunctionBuilder::table_grow(const Instruction& instruction) {
  const Value delta = widen(pop());
  const Value value = pop();
  const Value old_size = call_runtime(RuntimeCall::table_grow, {value, delta}, instruction.index);
  const bool is_64 = module_->tables[instruction.index].type.limits.is_64;
  push(is_64 ? old_size : add(Operation::i32_wrap_i64, Type::i32, {old_size}));
}

void FunctionBuilder::table_fill(const Instruction& instruction) {
  const Value count = widen(pop());
  const Value value = pop();
  const Value index = widen(pop());
  call_runtime(RuntimeCall::table_fill, {index, value, count}, instruction.index);
}

void FunctionBuilder::table_copy(const Instruction& instruction) {
  const Value count = widen(pop());
  const Value from = widen(pop());
  const Value to = widen(pop());
  call_runtime(RuntimeCall::table_copy, {to, from, count}, instruction.index, instruction.second_index);
}

/// The immediates are segment, then table.
void FunctionBuilder::table_init(const Instruction& instruction) {
  const Value count = pop();
  const Value from = pop();
  const Value to = widen(pop());
  call_runtime(RuntimeCall::table_init, {to, from, count}, instruction.second_index, instruction.index);
}

void FunctionBuilder::elem_drop(const Instruction& instruction) {
  call_runtime(RuntimeCall::elem_drop, {}, instruction.index);
}

}  // namespace heddle::jit
