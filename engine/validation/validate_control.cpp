// SPDX-License-Identifier: Apache-2.0
// Validation of control instructions: blocks, branches and calls. (Spec 3.4.11, 3.4.12)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

// Blocks

bool FunctionValidator::resolve(const BlockType& block, Frame& frame) {
  if (block.kind == BlockType::Kind::value) {
    frame.has_result = true;
    if (!resolve(block.value, frame.result)) return false;
  } else if (block.kind == BlockType::Kind::index) {
    frame.type = type_at(block.index, CompositeKind::function);
    return frame.type != nullptr;
  }
  return true;
}

bool FunctionValidator::push_frame(Opcode opcode, const BlockType& block) {
  Frame frame{opcode};
  if (!resolve(block, frame)) return false;
  if (opcode == Opcode::if_ && !pop(ValueType::Kind::i32)) return false;
  if (!pop_all(frame.parameters())) return false;
  frame.height = static_cast<uint32_t>(height_);
  frame.initializations = static_cast<uint32_t>(initializations_.size());
  frames_.push_back(frame);
  base_ = height_;
  unreachable_ = false;
  return push_all(frame.parameters());
}

/// The operands at the end of a block, or of one of its arms, are exactly its results.
bool FunctionValidator::close_arm(const Frame& frame) {
  if (!pop_all(frame.results())) return false;
  if (height_ == base_) return true;
  // The results are popped already; what is left is too much.
  const Types surplus(operands_.data() + base_, height_ - base_);
  return mismatch("block requires [] but stack has [" + text(surplus) + "]");
}

void FunctionValidator::restore_initializations(const Frame& frame) {
  while (initializations_.size() > frame.initializations) {
    initialized_[initializations_.back()] = false;
    initializations_.pop_back();
  }
}

bool FunctionValidator::pop_frame(Frame& frame) {
  frame = frames_.back();
  if (!close_arm(frame)) return false;
  restore_initializations(frame);
  frames_.pop_back();
  if (frames_.empty()) {
    base_ = 0;
    return true;
  }
  base_ = frames_.back().height;
  unreachable_ = frames_.back().unreachable;
  return true;
}

/// Starts the next arm of the innermost block: the frame stays, as `opcode`.
void FunctionValidator::reopen(Opcode opcode) {
  Frame& frame = frames_.back();
  restore_initializations(frame);
  frame.opcode = opcode;
  frame.unreachable = false;
  unreachable_ = false;
  height_ = base_;
}

bool FunctionValidator::do_unreachable(const Instruction&) {
  set_unreachable();
  return true;
}

bool FunctionValidator::do_nop(const Instruction&) { return true; }

bool FunctionValidator::do_block(const Instruction& instruction) {
  return push_frame(Opcode::block, instruction.block);
}

bool FunctionValidator::do_loop(const Instruction& instruction) {
  return push_frame(Opcode::loop, instruction.block);
}

bool FunctionValidator::do_if_(const Instruction& instruction) {
  return push_frame(Opcode::if_, instruction.block);
}

bool FunctionValidator::do_else_(const Instruction&) {
  // In the grammar, `else` ends every other block where only `end` may stand.
  if (frames_.back().opcode != Opcode::if_) return fail(ErrorKind::malformed, "END opcode expected");
  if (!close_arm(frames_.back())) return false;
  reopen(Opcode::else_);
  return push_all(frames_.back().parameters());
}

bool FunctionValidator::do_end(const Instruction&) {
  Frame frame;
  if (!pop_frame(frame)) return false;
  if (frame.opcode == Opcode::if_ && !matches(frame.parameters(), frame.results())) {
    return mismatch("an if without else must have equal parameters and results");
  }
  return push_all(frame.results());
}

// Branches

bool FunctionValidator::label_at(uint32_t depth, Types& types) {
  if (depth >= frames_.size()) return unknown("label", depth);
  types = frames_[frames_.size() - 1 - depth].label();
  return true;
}

bool FunctionValidator::do_br(const Instruction& instruction) {
  Types types;
  if (!label_at(instruction.index, types) || !pop_all(types)) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::do_br_if(const Instruction& instruction) {
  Types types;
  return label_at(instruction.index, types) && pop(ValueType::Kind::i32) && pop_all(types) && push_all(types);
}

bool FunctionValidator::do_br_table(const Instruction& instruction) {
  if (!pop(ValueType::Kind::i32)) return false;
  Types expected;
  if (!label_at(instruction.labels.back(), expected)) return false;
  Types checked;  // the last label's: runs of labels with the same type are checked once
  bool is_first = true;
  for (const uint32_t label : instruction.labels) {
    Types types;
    if (!label_at(label, types)) return false;
    if (!is_first && types.data() == checked.data() && types.size() == checked.size()) continue;
    if (types.size() != expected.size()) {
      return mismatch("labels of br_table take " + std::to_string(types.size()) + " and " +
                      std::to_string(expected.size()) + " values");
    }
    if (!check_top(types)) return false;
    checked = types;
    is_first = false;
  }
  set_unreachable();
  return true;
}

bool FunctionValidator::do_return_(const Instruction&) {
  if (!pop_all(frames_.front().results())) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::do_br_on_null(const Instruction& instruction) {
  Types types;
  ValueType type;
  if (!label_at(instruction.index, types) || !pop_reference(type) || !pop_all(types) || !push_all(types))
    return false;
  return push(type.is_bottom() ? ValueType::ref(HeapType::Kind::bottom, false)
                               : ValueType::ref(type.heap(), false));
}

bool FunctionValidator::do_br_on_non_null(const Instruction& instruction) {
  Types types;
  ValueType type;
  if (!label_at(instruction.index, types)) return false;
  if (types.empty() || !types.back().is_ref())
    return mismatch("the label of br_on_non_null takes no reference");
  // The label gets the reference without null; what falls through has lost it.
  if (!pop_reference(type)) return false;
  const ValueType taken = type.is_bottom() ? ValueType() : ValueType::ref(type.heap(), false);
  if (!registry_.is_subtype(taken, types.back())) return mismatch(types.back(), taken);
  const Types rest = types.first(types.size() - 1);
  return pop_all(rest) && push_all(rest);
}

// Calls

bool FunctionValidator::call_type(const TypeDefinition& type) {
  return pop_all(type.parameters) && push_all(type.results);
}

bool FunctionValidator::return_call_type(const TypeDefinition& type) {
  has_tail_calls_ = true;
  if (!matches(type.results, frames_.front().results())) {
    return mismatch("the results of a tail call are not those of its function");
  }
  if (!pop_all(type.parameters)) return false;
  set_unreachable();
  return true;
}

const TypeDefinition* FunctionValidator::function_type_of(uint32_t function) {
  if (function < module_.functions.size()) return &module_.function_type(function);
  unknown("function", function);
  return nullptr;
}

const TypeDefinition* FunctionValidator::indirect_type(const Instruction& instruction) {
  ValueType address;
  if (!table_address(instruction.second_index, address)) return nullptr;
  const ValueType element = module_.tables[instruction.second_index].type.element;
  if (!registry_.is_subtype(element, ValueType::funcref())) {
    mismatch(ValueType::funcref(), element);
    return nullptr;
  }
  const TypeDefinition* type = type_at(instruction.index, CompositeKind::function);
  return type != nullptr && pop(address) ? type : nullptr;
}

const TypeDefinition* FunctionValidator::pop_function_reference(uint32_t type_index) {
  const TypeDefinition* type = type_at(type_index, CompositeKind::function);
  return type != nullptr && pop(ValueType::ref(HeapType::defined(type->id), true)) ? type : nullptr;
}

bool FunctionValidator::do_call(const Instruction& instruction) {
  const TypeDefinition* type = function_type_of(instruction.index);
  return type != nullptr && call_type(*type);
}

bool FunctionValidator::do_call_indirect(const Instruction& instruction) {
  const TypeDefinition* type = indirect_type(instruction);
  return type != nullptr && call_type(*type);
}

bool FunctionValidator::do_call_ref(const Instruction& instruction) {
  const TypeDefinition* type = pop_function_reference(instruction.index);
  return type != nullptr && call_type(*type);
}

bool FunctionValidator::do_return_call(const Instruction& instruction) {
  const TypeDefinition* type = function_type_of(instruction.index);
  return type != nullptr && return_call_type(*type);
}

bool FunctionValidator::do_return_call_indirect(const Instruction& instruction) {
  const TypeDefinition* type = indirect_type(instruction);
  return type != nullptr && return_call_type(*type);
}

bool FunctionValidator::do_return_call_ref(const Instruction& instruction) {
  const TypeDefinition* type = pop_function_reference(instruction.index);
  return type != nullptr && return_call_type(*type);
}

}  // namespace heddle::engine
