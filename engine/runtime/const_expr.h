// SPDX-License-Identifier: Apache-2.0
// Constant expressions: the initial values of globals and elements, and the offsets of segments.
// (Spec 3.4.13)
#pragma once

#include <vector>

#include "engine/binary/instruction_reader.h"
#include "engine/module/module.h"
#include "engine/runtime/slot.h"
#include "heddle/trap.h"

namespace heddle::engine {

struct Instance;

/// Evaluates the validated constant expressions of one instance that is being built: its imports are bound,
/// and the globals that an expression reads have their values. Keeps its stack between expressions.
class ConstantEvaluator {
 public:
  explicit ConstantEvaluator(Instance& instance) : instance_(instance) {}

  /// The value, of one slot or two (v128), in value[0] and value[1]. A trap if the host is out of memory, or
  /// a descriptor null.
  [[nodiscard]] TrapKind evaluate(const ConstantExpression& expression, Slot (&value)[2]);

 private:
  using Step = void (ConstantEvaluator::*)(const Instruction& instruction);
  struct Steps;

  void push_constant(const Instruction& instruction);
  void push_vector(const Instruction& instruction);
  void push_null(const Instruction& instruction);
  void push_function(const Instruction& instruction);
  void push_global(const Instruction& instruction);
  template <class Operation>
  void apply(const Instruction& instruction);
  void new_structure(const Instruction& instruction);
  void new_structure_default(const Instruction& instruction);
  void new_described(const Instruction& instruction);
  void new_described_default(const Instruction& instruction);
  void new_array(const Instruction& instruction);
  void new_array_default(const Instruction& instruction);
  void new_array_fixed(const Instruction& instruction);
  void make_i31(const Instruction& instruction);
  void keep(const Instruction& instruction);
  /// Replaces the topmost operands by a new object.
  void replace(size_t slots, const void* object);
  [[nodiscard]] const TypeDefinition& type_at(uint32_t index) const;
  void finish(const Instruction& instruction);
  void refuse(const Instruction& instruction);

  Instance& instance_;
  std::vector<Slot> stack_;
  TrapKind trap_ = TrapKind::none;
};

}  // namespace heddle::engine
