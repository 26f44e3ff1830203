// SPDX-License-Identifier: Apache-2.0
// Building of calls and tail calls. (Spec 4.4.8)
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

using engine::TypeId;

void FunctionBuilder::call(const Instruction& instruction) {
  const TypeId type = module_->functions[instruction.index].type;
  if (instruction.index < module_->imported_functions) {
    call_pointer(false, type, load_member(layout::kInstanceFunctions, instruction.index));
    allow_preemption();
  } else {
    emit_call(Operation::call_own, type, kNoValue, instruction.index);
  }
}

void FunctionBuilder::return_call(const Instruction& instruction) {
  const TypeId type = module_->functions[instruction.index].type;
  if (instruction.index < module_->imported_functions) {
    call_pointer(true, type, load_member(layout::kInstanceFunctions, instruction.index));
  } else {
    emit_tail_call(Operation::tail_call_own, type, kNoValue, instruction.index);
  }
}

void FunctionBuilder::call_indirect(const Instruction& instruction) {
  const Value function = find_indirect(instruction, pop());
  call_pointer(false, module_->types[instruction.index], function);
}

void FunctionBuilder::return_call_indirect(const Instruction& instruction) {
  const Value function = find_indirect(instruction, pop());
  call_pointer(true, module_->types[instruction.index], function);
}

void FunctionBuilder::call_ref(const Instruction& instruction) {
  const Value function = pop();
  check_null(function, TrapKind::null_function_reference);
  call_pointer(false, module_->types[instruction.index], function);
}

void FunctionBuilder::return_call_ref(const Instruction& instruction) {
  const Value function = pop();
  check_null(function, TrapKind::null_function_reference);
  call_pointer(true, module_->types[instruction.index], function);
}

void FunctionBuilder::call_pointer(bool is_tail, TypeId type, Value function) {
  if (is_tail) return emit_tail_call(Operation::tail_call_function, type, function, 0);
  out_->reloads_instance = true;
  emit_call(Operation::call_function, type, function, 0);
}

/// The function that an index of a table means; traps if there is none, or if it is of another type.
Value FunctionBuilder::find_indirect(const Instruction& instruction, Value index) {
  const TypeId wanted = module_->types[instruction.index];
  const Value table = load_member(layout::kInstanceTables, instruction.second_index);
  const Value distance = table_distance(table, index, TrapKind::undefined_element);
  const Value elements = load_pointer(Alias::size, table, layout::kTableElements);
  Node load = node(Operation::host_load, Type::i64);
  load.access = Operation::i64_load;
  load.alias = Alias::table;
  const Value function = add(load, {elements, distance});

  const ValueType element = module_->tables[instruction.second_index].type.element;
  if (element.is_nullable()) check_null(function, TrapKind::uninitialized_element);
  if (module_->registry->is_subtype(element.heap(), HeapType::defined(wanted))) return function;
  const Value type = load_host(Operation::i32_load, Alias::object, function, layout::kFunctionType);
  const Value differs = add(Operation::i32_ne, Type::i32, {type, i32(wanted)});
  if (module_->registry->get(wanted).is_final) {
    trap_if(differs, TrapKind::indirect_call_type_mismatch);
    return function;
  }
  BlockId slow = kNoBlock;
  BlockId found = kNoBlock;
  branch_between(differs, slow, found);
  block_ = slow;
  Node check = node(Operation::trap_unless);
  check.trap = TrapKind::indirect_call_type_mismatch;
  const Value is_subtype = call_runtime(RuntimeCall::is_subtype, {type, i32(wanted)});
  add(check, {is_subtype});
  jump_to(found);
  block_ = found;
  return function;
}

/// Calls with the topmost operands. `function`: the first argument of the node, or none.
void FunctionBuilder::emit_call(Operation operation, TypeId type, Value function, uint64_t index) {
  const TypeDefinition& definition = module_->registry->get(type);
  const bool has_value = definition.results.size() == 1;
  Node made = node(operation, has_value ? type_of(definition.results[0]) : Type::none, index);
  made.extra = type;
  if (operation == Operation::call_own) {
    made.extra2 = controls_.back().is_in_loop ? 1 : 0;
    out_->blocks[block_].has_own_calls = true;
  }
  arguments_.clear();
  if (function != kNoValue) arguments_.push_back(function);
  const auto operands = top(definition.parameters.size());
  arguments_.insert(arguments_.end(), operands.begin(), operands.end());
  truncate_operands(static_cast<uint32_t>(operands_.size() - operands.size()));
  out_->has_calls = true;
  if (module_->has_tail_calls) out_->reloads_instance = true;
  const Value call = add(made, arguments_);
  may_throw();
  push_results(call, definition);
}

void FunctionBuilder::push_results(Value call, const TypeDefinition& type) {
  if (type.results.size() == 1) return push(call);
  for (size_t i = 0; i < type.results.size(); ++i)
    push(add(node(Operation::result, type_of(type.results[i]), i), {call}));
}

void FunctionBuilder::emit_tail_call(Operation operation, TypeId type, Value function, uint64_t index) {
  const TypeDefinition& definition = module_->registry->get(type);
  Node made = node(operation, Type::none, index);
  made.extra = type;
  arguments_.clear();
  if (function != kNoValue) arguments_.push_back(function);
  const auto operands = top(definition.parameters.size());
  arguments_.insert(arguments_.end(), operands.begin(), operands.end());
  out_->has_calls = true;
  add(made, arguments_);
  make_unreachable();
}

void FunctionBuilder::may_throw() {
  const uint32_t region = controls_.back().region;
  if (region == kNone) return;
  out_->reloads_instance = true;
  const BlockId from = block_;
  add(node(Operation::invoke));
  const BlockId landing = out_->add_block();
  const BlockId next = out_->add_block();
  out_->add_edge(from, next);
  out_->add_edge(from, landing);
  out_->blocks[landing].is_handler = true;
  block_ = landing;
  Control& catching = controls_[region];
  catching.throws = note_edge(catching, jump_away(), 0, 0, catching.throws);
  block_ = next;
}

}  // namespace heddle::jit
