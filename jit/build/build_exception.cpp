// SPDX-License-Identifier: Apache-2.0
// Building of exceptions: try_table, throws, and the legacy try blocks. (Spec 4.4.10)
//
// What may throw inside a try block ends its block, and its exceptional edge waits in Control::throws. Where
// the try block ends, or its first arm begins, they are joined in the handler: it compares the exception's
// tag with those of the clauses, and hands on what none takes, to the handler around it or out of the
// function.
#include "engine/module/layout.h"
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

void FunctionBuilder::try_table(const Instruction& instruction) {
  const auto first = static_cast<uint32_t>(clauses_.size());
  clauses_.insert(clauses_.end(), instruction.catches.begin(), instruction.catches.end());
  Control& control = push_control(Control::Kind::try_table, instruction.block);
  control.first_clause = first;
  control.clause_count = static_cast<uint32_t>(clauses_.size()) - first;
  if (control.clause_count != 0) control.region = static_cast<uint32_t>(controls_.size() - 1);
}

void FunctionBuilder::close_try_table() {
  Control& control = controls_.back();
  if (control.throws != kNone) {
    if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
    undo(control.log_start);
    truncate_operands(control.height);
    labels_.pop_back();  // clauses count labels from outside
    control.is_label = false;
    const uint32_t throws = control.throws;
    const uint32_t first = control.first_clause;
    const uint32_t count = control.clause_count;
    const uint32_t around = controls_[controls_.size() - 2].region;
    controls_.back().region = around;
    join(throws, {});
    const Value exception = load_pointer(Alias::context, context(), layout::kContextException);
    for (uint32_t i = 0; i < count && reachable_; ++i) emit_clause(clauses_[first + i], exception);
    if (reachable_) hand_on(around);
  }
  leave_block();
  close_wrappers();
}

void FunctionBuilder::emit_clause(const engine::CatchClause& clause, Value exception) {
  using Kind = engine::CatchClause::Kind;
  const bool is_every = clause.kind == Kind::catch_all || clause.kind == Kind::catch_all_ref;
  const bool with_reference = clause.kind == Kind::catch_ref || clause.kind == Kind::catch_all_ref;
  BlockId next = kNoBlock;
  if (!is_every) {
    BlockId taken = kNoBlock;
    branch_between(is_tag(exception, clause.tag), taken, next);
    block_ = taken;
  }
  const auto height = static_cast<uint32_t>(operands_.size());
  take_exception();
  if (!is_every) push_payload(exception, clause.tag);
  if (with_reference) push(exception);
  Control& target = label(clause.label);
  if (target.kind == Control::Kind::function) {
    add(node(Operation::leave), top(type_->results.size()));
  } else {
    branch_to(target, jump_away(), 0);
  }
  truncate_operands(height);
  block_ = next;
  reachable_ = !is_every;
}

Value FunctionBuilder::is_tag(Value exception, uint32_t tag) {
  const Value thrown = load_pointer(Alias::object, exception, engine::TypeLayout::kTagOffset);
  const Value wanted = load_member(layout::kInstanceTags, tag);
  return add(Operation::i64_eq, Type::i32, {thrown, wanted});
}

/// The exception in flight is caught.
void FunctionBuilder::take_exception() {
  const Value where = context();
  store_host(Operation::i64_store, Alias::context, where, layout::kContextException, i64(0));
  const Value count = load_pointer(Alias::context, where, layout::kContextCatches);
  const Value more = add(Operation::i64_add, Type::i64, {count, i64(1)});
  store_host(Operation::i64_store, Alias::context, where, layout::kContextCatches, more);
}

void FunctionBuilder::push_payload(Value exception, uint32_t tag) {
  constexpr Operation kLoads[] = {Operation::i64_load, Operation::i32_load, Operation::i64_load,
                                  Operation::f32_load, Operation::f64_load, Operation::v128_load};
  uint64_t offset = engine::TypeLayout::kPayloadOffset;
  for (const ValueType type : module_->registry->get(module_->tags[tag].type).parameters) {
    push(load_host(kLoads[static_cast<size_t>(type_of(type))], Alias::object, exception, offset));
    offset += uint64_t{type.slots()} * sizeof(engine::Slot);
  }
}

/// The exception in flight goes to the handler of that region, or out of the function.
void FunctionBuilder::hand_on(uint32_t region) {
  if (region != kNone) {
    Control& catching = controls_[region];
    catching.throws = note_edge(catching, jump_away(), 0, 0, catching.throws);
  } else {
    call_runtime(RuntimeCall::throw_again, {});
    Node never = node(Operation::trap);
    never.trap = TrapKind::unreachable;
    add(never);
  }
  reachable_ = false;
}

// Throws. The runtime call never returns, so what follows it never runs.

void FunctionBuilder::finish_throw(RuntimeCall call, std::span<const Value> arguments, uint64_t tag) {
  call_runtime(call, arguments, tag);
  may_throw();
  Node never = node(Operation::trap);
  never.trap = TrapKind::unreachable;
  add(never);
  make_unreachable();
}

void FunctionBuilder::throw_(const Instruction& instruction) {
  const size_t count = module_->registry->get(module_->tags[instruction.index].type).parameters.size();
  finish_throw(RuntimeCall::throw_tag, top(count), instruction.index);
}

void FunctionBuilder::throw_ref(const Instruction&) { finish_throw(RuntimeCall::throw_reference, top(1), 0); }

// Legacy. The exception that a catch arm handles is the arm's lowest operand, below the tag's values, as in
// the interpreter's frames.

void FunctionBuilder::try_(const Instruction& instruction) {
  Control& control = push_control(Control::Kind::try_, instruction.block);
  control.region = static_cast<uint32_t>(controls_.size() - 1);
}

void FunctionBuilder::catch_(const Instruction& instruction) { begin_arm(instruction.index); }
void FunctionBuilder::catch_all(const Instruction&) { begin_arm(kNone); }

void FunctionBuilder::begin_arm(uint32_t tag) {
  if (controls_.back().kind == Control::Kind::try_) {
    begin_arms(controls_.back());
  } else {
    Control& control = controls_.back();
    if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
    undo(control.arm_log);
    truncate_operands(control.height);
  }
  Control& control = controls_.back();
  control.serial =
      next_serial_++;  // what an arm changes is logged, even if the handler's join has changed it
  reachable_ = control.dispatch != kNoBlock;
  if (!reachable_) return end_fuel();
  block_ = control.dispatch;
  control.dispatch = kNoBlock;
  if (tag != kNone) {
    BlockId taken = kNoBlock;
    branch_between(is_tag(control.exception, tag), taken, control.dispatch);
    block_ = taken;
  }
  take_exception();
  push(control.exception);
  if (tag != kNone) push_payload(control.exception, tag);
  start_fuel();
}

/// The body has ended: from here on its exceptions are handled, and those of the arms go to the region
/// around.
void FunctionBuilder::begin_arms(Control& control) {
  if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
  undo(control.log_start);
  truncate_operands(control.height);
  control.kind = Control::Kind::catch_;
  control.region = controls_[controls_.size() - 2].region;
  if (join(control.throws, {})) {
    control.exception = load_pointer(Alias::context, context(), layout::kContextException);
    control.dispatch = block_;
  }
  control.arm_log = static_cast<uint32_t>(log_.size());
}

void FunctionBuilder::close_try() {
  if (controls_.back().kind == Control::Kind::try_)
    begin_arms(controls_.back());
  else {
    Control& control = controls_.back();
    if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
    undo(control.arm_log);
    truncate_operands(control.height);
  }
  Control& control = controls_.back();
  reachable_ = false;
  if (control.dispatch != kNoBlock) {
    block_ = control.dispatch;
    hand_on(controls_[controls_.size() - 2].region);
  }
  leave_block();
  close_wrappers();
}

/// The end of a try block whose exceptions are handled as if thrown at the label, counted from outside.
void FunctionBuilder::delegate(const Instruction& instruction) {
  begin_arms(controls_.back());
  Control& control = controls_.back();
  reachable_ = false;
  if (control.dispatch != kNoBlock) {
    block_ = control.dispatch;
    hand_on(label(instruction.index + 1).region);
  }
  leave_block();
  close_wrappers();
  start_fuel();
}

void FunctionBuilder::rethrow(const Instruction& instruction) {
  const Value exception[] = {label(instruction.index).exception};
  finish_throw(RuntimeCall::throw_reference, exception, 0);
}

}  // namespace heddle::jit
