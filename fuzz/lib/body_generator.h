// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: writes one valid function body, choosing rows of the opcode table over a typed stack.
//
// Invariant: `stack_` holds the types of the operands that the validator sees; what lies below the height of
// the innermost frame is never touched. After a jump the stack is cut to that height, so that the dead code
// behind is typed as if it were live, which the polymorphic stack allows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "engine/opcodes/opcode.h"
#include "fuzz/lib/module_plan.h"

namespace heddle::fuzz {

class BodyGenerator {
 public:
  BodyGenerator(Entropy& entropy, ModulePlan& plan, uint32_t function);

  /// About `statements` instructions with their operands.
  void statements(uint32_t statements);
  /// The same, of a few rows that are used again and again, with few ways out and results that are kept: what
  /// goes wrong between instructions shows.
  void calm_statements(uint32_t statements);
  /// One instruction of this row with its operands; nothing where the state does not allow it.
  void instruction(engine::Opcode opcode);
  /// Closes what is open. The code entry, without its size.
  [[nodiscard]] std::vector<uint8_t> finish();

 private:
  using Letters = std::vector<TypeLetter>;
  using Emit = void (BodyGenerator::*)(engine::Opcode);
  struct Special {
    engine::Opcode opcode;
    Emit emit;
  };
  static const Special kSpecials[];
  struct Frame {
    engine::Opcode kind;  ///< block, loop, try_table, if_ or try_, or what began its present arm
    Letters parameters;
    Letters results;
    size_t height = 0;
    [[nodiscard]] const Letters& label() const { return kind == engine::Opcode::loop ? parameters : results; }
  };
  /// A clause of a try_table, as the binary format has it.
  struct Clause {
    uint8_t kind;
    uint32_t tag;
    uint32_t depth;
  };
  static constexpr size_t kMaxFrames = 8;
  static constexpr size_t kMaxBytes = 6'000;

  void keep_result();

  // generate_operands.cpp
  void want(const Letters& types);
  void push_value(TypeLetter type);
  void push_constant(TypeLetter type);
  void push_reference(TypeLetter type);
  void vector_lanes(bool known);
  /// An i32 or i64 that is rarely above `mask`.
  void push_index(bool is_64, uint32_t mask);
  void push_small(bool is_64, uint32_t bound);
  void push(TypeLetter type) { stack_.push_back(type); }
  void pop(size_t count) { stack_.resize(stack_.size() - count); }
  void results(const Letters& types) { stack_.insert(stack_.end(), types.begin(), types.end()); }
  [[nodiscard]] size_t available() const { return stack_.size() - frames_.back().height; }

  // generate_plain.cpp: rows with a signature
  void by_signature(engine::Opcode opcode);
  void memory_operand(const engine::OpcodeInfo& row, TypeLetter letter, bool is_last, bool is_64);
  uint32_t choose_memory(const engine::OpcodeInfo& row);
  void write_immediate(const engine::OpcodeInfo& row, uint32_t memory);
  void memory_argument(const engine::OpcodeInfo& row, uint32_t memory);
  void memory_copy(engine::Opcode opcode);
  void constant(engine::Opcode opcode);

  // generate_control.cpp
  void open(engine::Opcode opcode);
  void close();
  void close_all_but_one();
  void whole_block(engine::Opcode opcode);
  void whole_if(engine::Opcode opcode);
  void unreachable(engine::Opcode opcode);
  void branch(engine::Opcode opcode);
  void branch_table(engine::Opcode opcode);
  void branch_on_null(engine::Opcode opcode);
  void branch_on_non_null(engine::Opcode opcode);
  void return_from(engine::Opcode opcode);
  void call(engine::Opcode opcode);
  void call_indirect(engine::Opcode opcode);
  void call_reference(engine::Opcode opcode);
  void return_call(engine::Opcode opcode);
  void return_call_indirect(engine::Opcode opcode);
  void return_call_reference(engine::Opcode opcode);
  void block_type(const Letters& parameters, const Letters& results);
  void jumped();
  uint32_t callee_with_own_results();
  TypeLetter any_letter();

  // generate_exception.cpp
  void try_table(engine::Opcode opcode);
  void throw_tag(engine::Opcode opcode);
  void throw_reference(engine::Opcode opcode);
  void caught_reference();
  void whole_try(engine::Opcode opcode);
  void rethrow(engine::Opcode opcode);
  [[nodiscard]] std::vector<Clause> possible_clauses() const;
  [[nodiscard]] bool next_arm();
  void begin_arm(engine::Opcode opcode, uint32_t tag);

  // generate_state.cpp: variables, tables, references, parametric
  void drop(engine::Opcode opcode);
  void select(engine::Opcode opcode);
  void select_typed(engine::Opcode opcode);
  void local_get(engine::Opcode opcode);
  void local_set(engine::Opcode opcode);
  void global_get(engine::Opcode opcode);
  void global_set(engine::Opcode opcode);
  void table_get(engine::Opcode opcode);
  void table_set(engine::Opcode opcode);
  void table_size(engine::Opcode opcode);
  void table_grow(engine::Opcode opcode);
  void table_fill(engine::Opcode opcode);
  void table_init(engine::Opcode opcode);
  void table_copy(engine::Opcode opcode);
  void element_drop(engine::Opcode opcode);
  void null_reference(engine::Opcode opcode);
  void function_reference(engine::Opcode opcode);
  void reference_test(engine::Opcode opcode);

  // generate_gc.cpp
  void structure_new(engine::Opcode opcode);
  void structure_access(engine::Opcode opcode);
  void array_new(engine::Opcode opcode);
  void array_access(engine::Opcode opcode);
  void array_length(engine::Opcode opcode);
  void array_range(engine::Opcode opcode);
  void cast(engine::Opcode opcode);
  void branch_on_cast(engine::Opcode opcode);
  void described_new(engine::Opcode opcode);
  void get_descriptor(engine::Opcode opcode);
  void cast_described(engine::Opcode opcode);
  void push_described(uint32_t which);
  void push_descriptor(uint32_t which);
  void push_reference_and_descriptor(uint32_t which);
  void convert(engine::Opcode opcode);
  void i31(engine::Opcode opcode);
  void reference_equal(engine::Opcode opcode);
  void push_plain_object();
  void push_object_of(uint32_t type);
  void push_length();
  uint32_t element_with(std::string_view letters);
  void cast_target(TypeLetter hierarchy);

  Entropy& entropy_;
  ModulePlan& plan_;
  uint32_t function_;
  Letters locals_;  ///< parameters first
  Letters stack_;
  std::vector<Frame> frames_;
  engine::ByteWriter out_;
};

}  // namespace heddle::fuzz
