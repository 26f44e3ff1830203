// SPDX-License-Identifier: Apache-2.0
// Validation of exception instructions: try_table and throws, and the legacy try blocks. (Spec 3.4.11)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {

constexpr ValueType kException = ValueType::ref(HeapType::Kind::exn, false);

bool is_legacy_catch(Opcode opcode) { return opcode == Opcode::catch_ || opcode == Opcode::catch_all; }

}  // namespace

const TypeDefinition* FunctionValidator::tag_at(uint32_t tag) {
  if (tag < module_.tags.size()) return &registry_.get(module_.tags[tag].type);
  unknown("tag", tag);
  return nullptr;
}

/// The label, counted from outside the try_table, takes the tag's values and, if the clause says so, the
/// exception.
bool FunctionValidator::check_clause(const CatchClause& clause) {
  Types label;
  if (!label_at(clause.label, label)) return false;
  const bool has_tag =
      clause.kind == CatchClause::Kind::catch_ || clause.kind == CatchClause::Kind::catch_ref;
  const bool has_reference =
      clause.kind == CatchClause::Kind::catch_ref || clause.kind == CatchClause::Kind::catch_all_ref;
  Types values;
  if (has_tag) {
    const TypeDefinition* type = tag_at(clause.tag);
    if (type == nullptr) return false;
    values = type->parameters;
  }
  if (has_reference) {
    if (label.empty() || !registry_.is_subtype(kException, label.back())) {
      return mismatch("the catch clause's label does not take an exception reference");
    }
    label = label.first(label.size() - 1);
  }
  return matches(values, label) ||
         mismatch("the catch clause's label takes other values than the tag carries");
}

bool FunctionValidator::do_try_table(const Instruction& instruction) {
  for (const CatchClause& clause : instruction.catches) {
    if (!check_clause(clause)) return false;
  }
  return push_frame(Opcode::try_table, instruction.block);
}

bool FunctionValidator::do_throw_(const Instruction& instruction) {
  const TypeDefinition* type = tag_at(instruction.index);
  if (type == nullptr || !pop_all(type->parameters)) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::do_throw_ref(const Instruction&) {
  if (!pop(ValueType::ref(HeapType::Kind::exn, true))) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::do_try_(const Instruction& instruction) {
  return push_frame(Opcode::try_, instruction.block);
}

bool FunctionValidator::do_catch_(const Instruction& instruction) {
  const Opcode arm = frames_.back().opcode;
  if (arm != Opcode::try_ && arm != Opcode::catch_) return fail(ErrorKind::malformed, "END opcode expected");
  const TypeDefinition* type = tag_at(instruction.index);
  if (type == nullptr || !close_arm(frames_.back())) return false;
  reopen(Opcode::catch_);
  return push_all(type->parameters);
}

bool FunctionValidator::do_catch_all(const Instruction&) {
  const Opcode arm = frames_.back().opcode;
  if (arm != Opcode::try_ && arm != Opcode::catch_) return fail(ErrorKind::malformed, "END opcode expected");
  if (!close_arm(frames_.back())) return false;
  reopen(Opcode::catch_all);
  return true;
}

bool FunctionValidator::do_delegate(const Instruction& instruction) {
  if (frames_.back().opcode != Opcode::try_) return fail(ErrorKind::malformed, "END opcode expected");
  Frame frame;
  if (!pop_frame(frame)) return false;
  Types label;  // counted from outside the try block
  return label_at(instruction.index, label) && push_all(frame.results());
}

bool FunctionValidator::do_rethrow(const Instruction& instruction) {
  Types label;
  if (!label_at(instruction.index, label)) return false;
  if (!is_legacy_catch(frames_[frames_.size() - 1 - instruction.index].opcode))
    return invalid("invalid rethrow label");
  set_unreachable();
  return true;
}

}  // namespace heddle::engine
