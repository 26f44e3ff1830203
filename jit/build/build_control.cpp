// SPDX-License-Identifier: Apache-2.0
// Building of blocks, branches, return and select. (Spec 4.4.8)
#include <algorithm>

#include "jit/build/function_builder.h"

namespace heddle::jit {

// Blocks.

void FunctionBuilder::block(const Instruction& instruction) {
  push_control(Control::Kind::block, instruction.block);
}

void FunctionBuilder::loop(const Instruction& instruction) {
  push_control(Control::Kind::block, instruction.block);  // which knows the types
  Control control = controls_.back();
  pop_control();
  control.kind = Control::Kind::loop;
  begin_loop(control);
  push_control(control);
}

void FunctionBuilder::begin_loop(Control& control) {
  list_loop_locals(control);
  const size_t operands = parameters(control).size();
  const size_t first = operands_.size() - operands;
  arguments_.assign(operands_.begin() + static_cast<ptrdiff_t>(first), operands_.end());
  for (uint32_t i = 0; i < control.local_count; ++i)
    arguments_.push_back(locals_[loop_locals_[control.first_local + i]]);
  const Value where = context();  // in front of the loop, so that the poll need not load it
  control.header = out_->add_block();
  jump_to(control.header, arguments_);
  block_ = control.header;
  for (size_t i = first; i < operands_.size(); ++i)
    operands_[i] = out_->add_parameter(block_, type_of_value(operands_[i]));
  for (uint32_t i = 0; i < control.local_count; ++i) {
    const uint32_t local = loop_locals_[control.first_local + i];
    assign_local(local, out_->add_parameter(block_, local_types_[local]));
  }
  add(node(Operation::poll), {where});
  start_fuel(where);
}

/// The locals that the loop assigns.
void FunctionBuilder::list_loop_locals(Control& control) {
  if (!loops_.has(offset_)) loops_.add_nest(body_, offset_);
  const LoopRange& loop = loops_.at(offset_);
  control.first_local = static_cast<uint32_t>(loop_locals_.size());
  if (loop.assigns_any) {
    for (uint32_t local = 0; local < locals_.size(); ++local) loop_locals_.push_back(local);
  } else {
    const auto assigned = loops_.locals_of(loop);
    loop_locals_.insert(loop_locals_.end(), assigned.begin(), assigned.end());
  }
  control.local_count = static_cast<uint32_t>(loop_locals_.size()) - control.first_local;
  check_size();
}

/// A loop that nothing branches back to is none.
void FunctionBuilder::close_loop(const Control& control) {
  if (control.back_edges != 0) {
    out_->has_calls = true;  // the poll may call
    return;
  }
  auto& nodes = out_->blocks[control.header].nodes;
  nodes.erase(nodes.begin());
}

void FunctionBuilder::if_(const Instruction& instruction) {
  const Value condition = pop();
  Control& control = push_control(Control::Kind::if_, instruction.block);
  control.first_saved = static_cast<uint32_t>(saved_.size());
  saved_.insert(saved_.end(), operands_.begin() + control.height, operands_.end());
  const BlockId from = block_;
  add(Operation::branch, Type::none, {condition});
  out_->add_edge(from, kNoBlock);
  out_->add_edge(from, kNoBlock);
  block_ = out_->add_block();
  set_target(from, 0, block_);
  control.else_from = from;
  start_fuel();
}

void FunctionBuilder::else_(const Instruction&) {
  Control& control = controls_.back();
  if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
  undo(control.log_start);
  truncate_operands(control.height);
  control.kind = Control::Kind::else_;
  reachable_ = control.else_from != kNoBlock;
  if (!reachable_) return end_fuel();
  block_ = out_->add_block();
  set_target(control.else_from, 1, block_);
  control.else_from = kNoBlock;
  const auto saved = std::span(saved_).subspan(control.first_saved, parameters(control).size());
  operands_.insert(operands_.end(), saved.begin(), saved.end());
  start_fuel();
}

void FunctionBuilder::end(const Instruction&) {
  const Control& control = controls_.back();
  if (control.kind == Control::Kind::function) return leave_function();
  if (control.kind == Control::Kind::loop && control.is_restart && control.throws != kNone)
    return restart_loop();
  close_block();
  start_fuel();
}

void FunctionBuilder::close_block() {
  Control& control = controls_.back();
  switch (control.kind) {
    case Control::Kind::try_table: return close_try_table();
    case Control::Kind::try_:
    case Control::Kind::catch_: return close_try();
    case Control::Kind::loop:
      if (!control.is_restart) close_loop(control);
      break;
    case Control::Kind::if_:
      if (control.else_from !=
          kNoBlock) {  // the condition may skip the only arm, and then the parameters are the results
        Pending skipped{control.else_from,
                        1,
                        static_cast<uint32_t>(pending_operands_.size()),
                        static_cast<uint32_t>(parameters(control).size()),
                        0,
                        0,
                        control.ends};
        const auto saved = std::span(saved_).subspan(control.first_saved, skipped.operand_count);
        pending_operands_.insert(pending_operands_.end(), saved.begin(), saved.end());
        pendings_.push_back(skipped);
        control.ends = static_cast<uint32_t>(pendings_.size() - 1);
      }
      break;
    default: break;
  }
  leave_block();
  close_wrappers();
}

void FunctionBuilder::leave_function() {
  Control control = controls_.back();
  const size_t count = type_->results.size();
  if (control.ends != kNone) {
    if (reachable_) control.ends = note_edge(control, jump_away(), 0, count, control.ends);
    truncate_operands(control.height);
    join(control.ends, type_->results);
  }
  if (reachable_) add(node(Operation::leave), top(count));
  pop_control();
  reachable_ = false;
}

// Branches.

void FunctionBuilder::unreachable(const Instruction&) {
  Node made = node(Operation::trap);
  made.trap = TrapKind::unreachable;
  add(made);
  make_unreachable();
}

void FunctionBuilder::br(const Instruction& instruction) {
  Control& control = label(instruction.index);
  if (control.kind == Control::Kind::function) return return_(instruction);
  branch_to(control, jump_away(), 0);
  make_unreachable();
}

void FunctionBuilder::br_if(const Instruction& instruction) {
  const Value condition = pop();
  const BlockId from = branch_away(condition);
  branch_to(label(instruction.index), from, 0);
}

/// Each label gets one block that carries its operands.
void FunctionBuilder::br_table(const Instruction& instruction) {
  const Value index = pop();
  const BlockId from = block_;
  const auto& depths = instruction.labels;
  std::vector<std::pair<uint32_t, BlockId>> carriers;
  for (const uint32_t depth : depths) carriers.emplace_back(depth, kNoBlock);
  std::ranges::sort(carriers);
  carriers.erase(std::unique(carriers.begin(), carriers.end()), carriers.end());
  if (carriers.size() > 1) add(Operation::branch_table, Type::none, {index});
  for (auto& [depth, carrier] : carriers) {
    if (carriers.size() > 1) block_ = out_->add_block();
    carrier = block_;
    branch_to(label(depth), jump_away(), 0);
  }
  if (carriers.size() > 1) {
    for (const uint32_t depth : depths)
      out_->add_edge(from, std::ranges::lower_bound(carriers, std::pair(depth, BlockId{0}))->second);
  }
  make_unreachable();
}

void FunctionBuilder::br_on_null(const Instruction& instruction) {
  const Value reference = pop();
  const BlockId from = branch_away(add(Operation::i64_eqz, Type::i32, {reference}));
  branch_to(label(instruction.index), from, 0);
  push(reference);
}

void FunctionBuilder::br_on_non_null(const Instruction& instruction) {
  const Value is_set = add(Operation::i64_ne, Type::i32, {operands_.back(), i64(0)});
  const BlockId from = branch_away(is_set);
  branch_to(label(instruction.index), from, 0);
  pop();
}

void FunctionBuilder::return_(const Instruction&) {
  add(node(Operation::leave), top(type_->results.size()));
  make_unreachable();
}

void FunctionBuilder::select(const Instruction&) {
  const Value condition = pop();
  const Value otherwise = pop();
  const Value chosen = pop();
  push(add(Operation::select, type_of_value(chosen), {chosen, otherwise, condition}));
}

}  // namespace heddle::jit
