// SPDX-License-Identifier: Apache-2.0
// Validation of variable and parametric instructions: locals and their initialization, globals, drop, select.
// (Spec 3.4.5, 3.4.6)
#include <algorithm>

#include "engine/validation/function_validator.h"

namespace heddle::engine {

bool FunctionValidator::local_at(uint32_t index, ValueType& type) {
  if (index < fast_local_count_) [[likely]] {
    type = fast_locals_[index];
    return true;
  }
  if (index >= local_count_) return unknown("local", index);
  const auto range =
      std::upper_bound(local_ranges_.begin(), local_ranges_.end(), index,
                       [](uint32_t wanted, const LocalRange& row) { return wanted < row.end; });
  type = range->type;
  return true;
}

bool FunctionValidator::is_initialized(uint32_t index) const {
  return !tracks_initialization_ || initialized_[index];
}

bool FunctionValidator::set_local(uint32_t index, ValueType type) {
  if (!type.is_defaultable() && !is_initialized(index)) {
    initialized_[index] = true;
    initializations_.push_back(index);
  }
  return true;
}

bool FunctionValidator::do_local_get(const Instruction& instruction) {
  ValueType type;
  if (!local_at(instruction.index, type)) return false;
  if (!type.is_defaultable() && !is_initialized(instruction.index)) {
    return invalid("uninitialized local " + std::to_string(instruction.index));
  }
  return push(type);
}

bool FunctionValidator::do_local_set(const Instruction& instruction) {
  ValueType type;
  return local_at(instruction.index, type) && pop(type) && set_local(instruction.index, type);
}

bool FunctionValidator::do_local_tee(const Instruction& instruction) {
  ValueType type;
  return local_at(instruction.index, type) && pop(type) && push(type) && set_local(instruction.index, type);
}

bool FunctionValidator::do_global_get(const Instruction& instruction) {
  const uint32_t index = instruction.index;
  const size_t end = is_constant_ ? global_end_ : module_.globals.size();
  if (index >= end) return unknown("global", index);
  if (is_constant_ && module_.globals[index].type.is_mutable) return invalid("constant expression required");
  return push(module_.globals[index].type.type);
}

bool FunctionValidator::do_global_set(const Instruction& instruction) {
  const uint32_t index = instruction.index;
  if (index >= module_.globals.size()) return unknown("global", index);
  if (!module_.globals[index].type.is_mutable) return invalid("immutable global " + std::to_string(index));
  return pop(module_.globals[index].type.type);
}

bool FunctionValidator::do_drop(const Instruction&) {
  ValueType type;
  return pop_any(type);
}

bool FunctionValidator::do_select(const Instruction&) {
  ValueType second;
  ValueType first;
  if (!pop(ValueType::Kind::i32) || !pop_any(second) || !pop_any(first)) return false;
  if (first.is_ref() || second.is_ref()) {
    return mismatch("select without a type takes numbers and vectors only, found " +
                    text(first.is_ref() ? first : second));
  }
  if (!first.is_bottom() && !second.is_bottom() && first != second) return mismatch(first, second);
  return push(first.is_bottom() ? second : first);
}

bool FunctionValidator::do_select_t(const Instruction& instruction) {
  if (instruction.types.size() != 1) return invalid("invalid result arity");
  ValueType type;
  return resolve(instruction.types[0], type) && pop(ValueType::Kind::i32) && pop(type) && pop(type) &&
         push(type);
}

}  // namespace heddle::engine
