// SPDX-License-Identifier: Apache-2.0
// FunctionBuilder: bodies that begin at a loop. What stands before the loop has been built only to learn the
// types of its operands, and is thrown away.
#include "jit/build/function_builder.h"

namespace heddle::jit {

void FunctionBuilder::enter_from_interpreter() {
  entered_ = true;
  fuel_ = kNoValue;  // the interpreter has paid
  fuel_count_ = 0;
  std::vector<Node> operands;
  operands.reserve(operands_.size());
  for (const Value operand : operands_) operands.push_back(node_of(operand));

  const auto results = out_->results;
  out_->reset();
  out_->module = module_;
  out_->index = function_;
  out_->osr_offset = options_.osr_offset;
  out_->results = results;
  pendings_.clear();
  pending_operands_.clear();
  pending_assigned_.clear();
  log_.clear();
  std::fill(logged_in_.begin(), logged_in_.end(), 0);

  block_ = out_->add_block();
  const Value frame = out_->add_parameter(block_, Type::i64);
  for (size_t i = 0; i < locals_.size(); ++i)
    locals_[i] = load_from_frame(frame, local_slots_[i], local_types_[i]);
  uint32_t slot = first_home_;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Node& operand = operands[i];
    const Operation operation = operand.operation;
    const bool is_constant =
        is_row(operation) &&
        (info(row_of(operation)).kind == engine::RowKind::constant || operation == Operation::v128_const);
    operands_[i] = is_constant ? constant_of(operand.type, operand.immediate, operand.extra)
                               : load_from_frame(frame, slot, operand.type);
    slot += operand.type == Type::v128 ? 2 : 1;
  }
  for (Control& control : controls_) forget_ways_here(control);
}

Value FunctionBuilder::load_from_frame(Value frame, uint32_t slot, Type type) {
  constexpr Operation kLoads[] = {Operation::i64_load, Operation::i32_load, Operation::i64_load,
                                  Operation::f32_load, Operation::f64_load, Operation::v128_load};
  return load_host(kLoads[static_cast<size_t>(type)], Alias::context, frame, uint64_t{slot} * 8);
}

/// Of a frame around the loop: all that leads into it from what has been thrown away.
void FunctionBuilder::forget_ways_here(Control& control) {
  control.log_start = 0;
  control.arm_log = 0;
  control.ends = kNone;
  control.throws = kNone;
  control.else_from = kNoBlock;
  control.dispatch = kNoBlock;
  if (control.kind == Control::Kind::loop) control.is_restart = true;
  if (control.kind == Control::Kind::catch_) control.exception = operands_[control.height];
}

/// The end of a loop around the entry: if something branched back to it, the whole loop comes now.
void FunctionBuilder::restart_loop() {
  end_fuel();
  Control control = controls_.back();
  if (reachable_) control.ends = note_edge(control, jump_away(), 0, results(control).size(), control.ends);
  undo(control.log_start);
  truncate_operands(control.height);
  const uint32_t beginning = control.throws;
  const auto types = parameters(control);
  control.kind = Control::Kind::wrapper;
  control.is_label = false;
  control.is_restart = false;
  control.throws = kNone;
  labels_.pop_back();
  controls_.back() = control;
  join(beginning, types);
  const engine::ByteRange range = module_->functions[function_].body;
  const uint64_t skipped = control.offset - range.offset;
  body_ = engine::Cursor(module_->view(range).subspan(skipped), control.offset);
}

void FunctionBuilder::close_wrappers() {
  while (!controls_.empty() && controls_.back().kind == Control::Kind::wrapper) leave_block();
}

}  // namespace heddle::jit
