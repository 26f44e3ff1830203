// SPDX-License-Identifier: Apache-2.0
// Validation of reference instructions. (Spec 3.4.7)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

bool FunctionValidator::do_ref_null(const Instruction& instruction) {
  HeapType heap;
  return resolve(instruction.heap, heap) && push(ValueType::ref(heap, true));
}

bool FunctionValidator::do_ref_is_null(const Instruction&) {
  ValueType type;
  return pop_reference(type) && push(ValueType::Kind::i32);
}

bool FunctionValidator::do_ref_func(const Instruction& instruction) {
  const uint32_t function = instruction.index;
  if (function >= module_.functions.size()) return unknown("function", function);
  if (is_constant_) {
    (*declared_)[function] = true;
  } else if (function >= module_.declared_references.size() || !module_.declared_references[function]) {
    return invalid("undeclared function reference " + std::to_string(function));
  }
  const FunctionDeclaration& declaration = module_.functions[function];
  const bool is_exact = custom_descriptors_ && declaration.is_exact;
  return push(ValueType::ref(
      is_exact ? HeapType::exact(declaration.type) : HeapType::defined(declaration.type), false));
}

bool FunctionValidator::do_ref_eq(const Instruction&) {
  const ValueType eqref = ValueType::ref(HeapType::Kind::eq, true);
  return pop(eqref) && pop(eqref) && push(ValueType::Kind::i32);
}

bool FunctionValidator::do_ref_as_non_null(const Instruction&) {
  ValueType type;
  if (!pop_reference(type)) return false;
  return push(type.is_bottom() ? ValueType::ref(HeapType::Kind::bottom, false)
                               : ValueType::ref(type.heap(), false));
}

}  // namespace heddle::engine
