// SPDX-License-Identifier: Apache-2.0
// FunctionBuilder: the state of locals, control frames, and where ways come together.
#include <algorithm>

#include "jit/build/function_builder.h"

namespace heddle::jit {

// Control frames.

std::span<const ValueType> FunctionBuilder::parameters(const Control& control) const {
  if (control.kind == Control::Kind::function || control.type == nullptr) return {};
  return control.type->parameters;
}

std::span<const ValueType> FunctionBuilder::results(const Control& control) const {
  if (control.type != nullptr) return control.type->results;
  return std::span(&control.value, control.has_value ? 1 : 0);
}

/// What a branch to the label carries.
std::span<const ValueType> FunctionBuilder::label_types(const Control& control) const {
  return control.kind == Control::Kind::loop ? parameters(control) : results(control);
}

FunctionBuilder::Control& FunctionBuilder::push_control(Control::Kind kind, const engine::BlockType& type) {
  Control control;
  control.kind = kind;
  control.has_value = type.kind == engine::BlockType::Kind::value;
  control.value = type.value;
  if (type.kind == engine::BlockType::Kind::index) control.type = &type_at(type.index);
  push_control(control);
  return controls_.back();
}

void FunctionBuilder::push_control(const Control& pushed) {
  Control control = pushed;
  control.height = static_cast<uint32_t>(operands_.size() - parameters(control).size());
  control.log_start = static_cast<uint32_t>(log_.size());
  control.serial = next_serial_++;
  control.offset = offset_;
  control.is_in_loop = control.kind == Control::Kind::loop;
  if (!controls_.empty()) {
    control.region = controls_.back().region;
    control.is_in_loop |= controls_.back().is_in_loop;
  }
  if (control.is_label) labels_.push_back(static_cast<uint32_t>(controls_.size()));
  controls_.push_back(control);
}

void FunctionBuilder::pop_control() {
  if (controls_.back().is_label) labels_.pop_back();
  controls_.pop_back();
}

// Locals.

void FunctionBuilder::assign_local(uint32_t local, Value value) {
  if (locals_[local] == value) return;
  const uint32_t serial = controls_.back().serial;
  if (logged_in_[local] != serial) {
    log_.push_back({local, locals_[local], logged_in_[local]});
    logged_in_[local] = serial;
  }
  locals_[local] = value;
}

/// Back to the state in which the log had that size.
void FunctionBuilder::undo(uint32_t log_start) {
  while (log_.size() > log_start) {
    const LogEntry& entry = log_.back();
    locals_[entry.local] = entry.before;
    logged_in_[entry.local] = entry.serial_before;
    log_.pop_back();
  }
}

/// The innermost frame ends, and what it has changed stays so: its parent has changed it.
void FunctionBuilder::hand_log_to_parent(const Control& control) {
  const uint32_t parent = controls_[controls_.size() - 2].serial;
  size_t kept = control.log_start;
  for (size_t i = control.log_start; i < log_.size(); ++i) {
    const LogEntry entry = log_[i];
    logged_in_[entry.local] = parent;
    if (entry.serial_before != parent) log_[kept++] = entry;
  }
  log_.resize(kept);
}

// Edges.

/// Notes an edge with the topmost operands and the locals that the frames from `control` inwards have
/// changed. `next` is the list that it joins; the list's new beginning.
uint32_t FunctionBuilder::note_edge(const Control& control, BlockId from, uint32_t successor, size_t operands,
                                    uint32_t next) {
  Pending pending;
  pending.from = from;
  pending.successor = successor;
  pending.first_operand = static_cast<uint32_t>(pending_operands_.size());
  pending.operand_count = static_cast<uint32_t>(operands);
  pending.first_assigned = static_cast<uint32_t>(pending_assigned_.size());
  pending.next = next;
  pending_operands_.insert(pending_operands_.end(), operands_.end() - static_cast<ptrdiff_t>(operands),
                           operands_.end());
  if (control.kind != Control::Kind::function) {  // behind its end nobody reads locals
    ++epoch_;
    for (size_t i = control.log_start; i < log_.size(); ++i) {
      const LogEntry& entry = log_[i];
      if (stamps_[entry.local] == epoch_) continue;
      stamps_[entry.local] = epoch_;
      if (locals_[entry.local] != entry.before)
        pending_assigned_.push_back({entry.local, locals_[entry.local]});
    }
  }
  pending.assigned_count = static_cast<uint32_t>(pending_assigned_.size()) - pending.first_assigned;
  pendings_.push_back(pending);
  check_size();
  return static_cast<uint32_t>(pendings_.size() - 1);
}

/// Leads an edge to the label.
void FunctionBuilder::branch_to(Control& control, BlockId from, uint32_t successor) {
  const size_t operands = label_types(control).size();
  if (control.is_restart) {
    control.throws = note_edge(control, from, successor, operands, control.throws);
    return;
  }
  if (control.kind != Control::Kind::loop) {
    control.ends = note_edge(control, from, successor, operands, control.ends);
    return;
  }
  arguments_.assign(operands_.end() - static_cast<ptrdiff_t>(operands), operands_.end());
  for (uint32_t i = 0; i < control.local_count; ++i)
    arguments_.push_back(locals_[loop_locals_[control.first_local + i]]);
  set_target(from, successor, control.header, arguments_);
  ++control.back_edges;
}

// Joins.

/// Goes on where the edges lead to, with the operands that they carry on the stack. False if there are none.
bool FunctionBuilder::join(uint32_t pending, std::span<const ValueType> types) {
  if (pending == kNone) return false;
  reachable_ = true;
  if (pendings_[pending].next == kNone) {
    join_one(pendings_[pending]);
  } else {
    join_several(pending, types);
  }
  return true;
}

/// The only way to a label: the code goes on as if there were none.
void FunctionBuilder::join_one(const Pending& pending) {
  Block& from = out_->blocks[pending.from];
  if (out_->nodes[from.nodes.back()].operation == Operation::jump) {
    from.nodes.pop_back();
    from.successors.clear();
    block_ = pending.from;
  } else {
    block_ = out_->add_block();
    set_target(pending.from, pending.successor, block_);
  }
  for (uint32_t i = 0; i < pending.operand_count; ++i) push(pending_operands_[pending.first_operand + i]);
  for (uint32_t i = 0; i < pending.assigned_count; ++i) {
    const Assigned assigned = pending_assigned_[pending.first_assigned + i];
    assign_local(assigned.local, assigned.value);
  }
}

void FunctionBuilder::join_several(uint32_t pending, std::span<const ValueType> types) {
  block_ = out_->add_block();
  joined_operands_.clear();
  for (uint32_t i = 0; i < types.size(); ++i) {
    const Value value = pending_operands_[pendings_[pending].first_operand + i];
    bool differs = false;
    for (uint32_t edge = pending; edge != kNone && !differs; edge = pendings_[edge].next)
      differs = pending_operands_[pendings_[edge].first_operand + i] != value;
    if (differs) joined_operands_.push_back(i);
    push(differs ? out_->add_parameter(block_, type_of(types[i])) : value);
  }
  uint32_t edges = 0;
  for (uint32_t edge = pending; edge != kNone; edge = pendings_[edge].next) ++edges;
  merge_locals(pending, edges);
  fill_edges(pending);
  for (const uint32_t local : touched_) {
    const Merged& merged = merged_[local];
    const size_t parameter = joined_operands_.size() + merged.parameter;
    assign_local(local,
                 merged.parameter == kNone ? merged.first : out_->blocks[block_].parameters[parameter]);
  }
}

/// Fills touched_ with the locals that any of the edges changes to something else than they are now, merged_,
/// and joined_locals_.
void FunctionBuilder::merge_locals(uint32_t pending, uint32_t edges) {
  ++epoch_;
  touched_.clear();
  for (uint32_t edge = pending; edge != kNone; edge = pendings_[edge].next) {
    const Pending& source = pendings_[edge];
    for (uint32_t i = 0; i < source.assigned_count; ++i) {
      const Assigned assigned = pending_assigned_[source.first_assigned + i];
      Merged& merged = merged_[assigned.local];
      if (stamps_[assigned.local] != epoch_) {
        stamps_[assigned.local] = epoch_;
        touched_.push_back(assigned.local);
        merged = {assigned.value, 1, false, kNone};
      } else {
        ++merged.count;
        merged.differs |= assigned.value != merged.first;
      }
    }
  }
  joined_locals_.clear();
  for (const uint32_t local : touched_) {
    Merged& merged = merged_[local];
    if (!merged.differs && merged.count == edges) continue;
    merged.parameter = static_cast<uint32_t>(joined_locals_.size());
    joined_locals_.push_back(local);
    out_->add_parameter(block_, local_types_[local]);
  }
}

/// Gives each edge its arguments for block_: operands, then locals, which an edge that does not name them
/// leaves as they are.
void FunctionBuilder::fill_edges(uint32_t pending) {
  for (uint32_t edge = pending; edge != kNone; edge = pendings_[edge].next) {
    const Pending& source = pendings_[edge];
    arguments_.clear();
    for (const uint32_t operand : joined_operands_)
      arguments_.push_back(pending_operands_[source.first_operand + operand]);
    for (const uint32_t local : joined_locals_) arguments_.push_back(locals_[local]);
    for (uint32_t i = 0; i < source.assigned_count; ++i) {
      const Assigned assigned = pending_assigned_[source.first_assigned + i];
      const uint32_t parameter = merged_[assigned.local].parameter;
      if (parameter != kNone) arguments_[joined_operands_.size() + parameter] = assigned.value;
    }
    set_target(source.from, source.successor, block_, arguments_);
  }
}

void FunctionBuilder::make_unreachable() {
  truncate_operands(controls_.back().height);
  reachable_ = false;
}

/// The innermost frame ends, with its results on the stack if the end can be reached.
void FunctionBuilder::leave_block() {
  Control control = controls_.back();
  const auto types = results(control);
  if (control.ends == kNone) {
    if (reachable_) {
      hand_log_to_parent(control);
      operands_.erase(operands_.begin() + control.height,
                      operands_.end() - static_cast<ptrdiff_t>(types.size()));
    } else {
      undo(control.log_start);
      truncate_operands(control.height);
    }
    pop_control();
    return;
  }
  if (reachable_) control.ends = note_edge(control, jump_away(), 0, types.size(), control.ends);
  undo(control.log_start);
  truncate_operands(control.height);
  pop_control();
  join(control.ends, types);
}

}  // namespace heddle::jit
