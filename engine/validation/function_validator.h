// SPDX-License-Identifier: Apache-2.0
// FunctionValidator: the type checker for one sequence of instructions, a function body or a constant
// expression.
//
// The algorithm of the spec's appendix "validation algorithm": an operand stack of types and a control stack
// of frames, both reused from one body to the next. Each opcode goes to the step that kSteps, which is
// instantiated from the opcode table, has for its row (steps.cpp): it reads the row's immediate and calls the
// member function that checks the row; rows with a signature need no code of their own. Members of one family
// stand in validate_<family>.cpp.
//
// Invariants: `base_` and `unreachable_` are those of frames_.back(); height_ >= base_; operands_.size() >=
// height_. A handler returns false exactly if it called fail(). Not thread-safe; one per validating thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/binary/instruction_reader.h"
#include "engine/binary/locals.h"
#include "engine/module/module.h"
#include "engine/validation/signature.h"
#include "engine/validation/validate.h"

namespace heddle::engine {

class FunctionValidator {
 public:
  explicit FunctionValidator(const ModuleImage& module);

  /// One defined function's body.
  [[nodiscard]] Result<void> validate_body(uint32_t function);

  /// Did any body so far end in a tail call?
  [[nodiscard]] bool has_tail_calls() const { return has_tail_calls_; }

  /// A constant expression that yields `type` and may read the globals before `global_end`. Functions it
  /// names are recorded in `declared`.
  [[nodiscard]] Result<void> validate_constant(const ConstantExpression& expression, ValueType type,
                                               uint32_t global_end, std::vector<bool>& declared);

 private:
  using Types = std::span<const ValueType>;
  using Step = bool (*)(FunctionValidator&, InstructionReader&);
  static const Step kSteps[];

  struct Frame {
    Opcode opcode;  ///< block for the body itself; else_ and catch_ take the place of if_ and try_
    bool unreachable = false;
    bool has_result = false;               ///< type == nullptr: one result, `result`
    uint32_t height = 0;                   ///< operands below
    uint32_t initializations = 0;          ///< height of initializations_ at entry
    const TypeDefinition* type = nullptr;  ///< a function type, or null for a block type without parameters
    ValueType result{};

    [[nodiscard]] Types parameters() const { return type != nullptr ? Types(type->parameters) : Types(); }
    [[nodiscard]] Types results() const {
      return type != nullptr ? Types(type->results) : Types(&result, has_result);
    }
    [[nodiscard]] Types label() const { return opcode == Opcode::loop ? parameters() : results(); }
  };

  /// A run of locals that ends before `end`.
  struct LocalRange {
    uint32_t end;
    ValueType type;
  };
  static constexpr uint32_t kFastLocals = 256;  ///< locals below need no search

  // function_validator.cpp
  void reset();
  bool declare_locals(Cursor& cursor, const TypeDefinition& type);
  bool run(Cursor& cursor);
  bool finish(const Cursor& cursor, ByteRange body);
  bool add_locals(uint64_t count, ValueType type);
  bool fail(ErrorKind kind, std::string message);
  bool invalid(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }
  bool unknown(const char* what, uint64_t index);
  bool mismatch(std::string detail) { return invalid("type mismatch: " + std::move(detail)); }
  bool mismatch(ValueType expected, ValueType found);
  bool wrong_operand(ValueType expected, ValueType found);
  bool missing(ValueType expected);
  [[nodiscard]] std::string text(ValueType type) const;
  [[nodiscard]] std::string text(HeapType type) const;
  [[nodiscard]] std::string text(Types types) const;
  bool grow_operands();

  bool push(ValueType type) {
    if (height_ == capacity_ && !grow_operands()) [[unlikely]]
      return false;
    operands_[height_++] = type;
    return true;
  }
  /// Pops one operand of type `expected`, or of any type below it.
  bool pop(ValueType expected) {
    if (height_ == base_) [[unlikely]]
      return unreachable_ || missing(expected);
    const ValueType found = operands_[--height_];
    return found == expected || registry_.is_subtype(found, expected) || wrong_operand(expected, found);
  }
  /// Pops any operand; bottom in unreachable code.
  bool pop_any(ValueType& found);
  /// Pops a reference of any type; bottom in unreachable code.
  bool pop_reference(ValueType& found);
  bool pop_all(Types types);
  bool push_all(Types types);
  /// The topmost operands match `types`; they stay.
  bool check_top(Types types);
  bool matches(Types sub, Types super) const;
  void set_unreachable();

  /// Raw types and indices of an instruction to canonical ones.
  bool resolve(ValueType raw, ValueType& type);
  bool resolve(HeapType raw, HeapType& type);
  /// Null after a failure; so are the others that return a definition.
  const TypeDefinition* type_at(uint32_t index, CompositeKind kind);
  bool memory_address(uint32_t memory, ValueType& address) {
    if (memory != 0 || memory0_address_.is_bottom()) [[unlikely]]
      return address_of_memory(memory, address);
    address = memory0_address_;
    return true;
  }
  bool address_of_memory(uint32_t memory, ValueType& address);
  bool table_address(uint32_t table, ValueType& address);

  // Rows with a signature. The templates, made for one signature, are defined and used in steps.cpp.
  template <Immediate immediate, auto handler>
  static bool step(FunctionValidator& self, InstructionReader& reader);
  template <Signature signature>
  bool apply(const Instruction& instruction, ValueType address);
  template <Signature signature>
  bool check(const Instruction& instruction);
  template <Signature signature, uint32_t access_log2>
  bool check_access(const Instruction& instruction);
  bool check_signature(const Instruction& instruction);
  bool apply_signature(const Instruction& instruction, ValueType address);
  bool check_access(const Instruction& instruction);
  bool check_atomic(const Instruction& instruction);
  bool check_simd(const Instruction& instruction);
  bool check_simd_access(const Instruction& instruction);
  bool check_offset(const Instruction& instruction, ValueType address) {
    if (address == ValueType::Kind::i64 || instruction.memory.offset <= UINT32_MAX) [[likely]]
      return true;
    return invalid("offset out of range: " + std::to_string(instruction.memory.offset));
  }

  // validate_constant.cpp
  bool check_constant(const Instruction& instruction);

  // validate_control.cpp
  bool resolve(const BlockType& block, Frame& frame);
  bool push_frame(Opcode opcode, const BlockType& block);
  bool pop_frame(Frame& frame);
  bool close_arm(const Frame& frame);
  void reopen(Opcode opcode);
  void restore_initializations(const Frame& frame);
  bool label_at(uint32_t depth, Types& types);
  bool call_type(const TypeDefinition& type);
  bool return_call_type(const TypeDefinition& type);
  const TypeDefinition* indirect_type(const Instruction& instruction);
  const TypeDefinition* function_type_of(uint32_t function);
  const TypeDefinition* pop_function_reference(uint32_t type_index);

  // validate_exception.cpp
  const TypeDefinition* tag_at(uint32_t tag);
  bool check_clause(const CatchClause& clause);

  // validate_variable.cpp
  bool local_at(uint32_t index, ValueType& type);
  bool set_local(uint32_t index, ValueType type);
  [[nodiscard]] bool is_initialized(uint32_t index) const;

  // validate_gc.cpp
  [[nodiscard]] ValueType created(const TypeDefinition& type) const;
  const TypeDefinition* plain_structure_at(uint32_t index);
  bool pop_fields(const TypeDefinition& type);
  bool check_defaultable(const TypeDefinition& type);
  const TypeDefinition* array_at(uint32_t index);
  const TypeDefinition* mutable_array_at(uint32_t index);
  const FieldType* field_at(const Instruction& instruction, const TypeDefinition& type);
  bool get_field(const Instruction& instruction, bool extends);
  bool get_element(const Instruction& instruction, bool extends);
  bool check_data(uint32_t segment);
  bool check_element_type(uint32_t segment, ValueType type);
  [[nodiscard]] HeapType::Kind top_of(HeapType heap) const;
  [[nodiscard]] static ValueType difference(ValueType from, ValueType to);
  bool cast_operand(const Instruction& instruction, bool nullable, ValueType& target);
  bool cast_types(const Instruction& instruction, ValueType& from, ValueType& to);
  bool branch_on_cast(const Instruction& instruction, ValueType taken, ValueType fallen);

  // validate_descriptor.cpp
  const TypeDefinition* described_at(uint32_t index);
  bool pop_descriptor_of(HeapType type);
  bool cast_to_described(const Instruction& instruction, bool nullable);
  bool descriptor_cast_types(const Instruction& instruction, ValueType& from, ValueType& to);

  // One member per row that is written by hand.
#define WASM_CONTROL(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_PARAMETRIC(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_VARIABLE(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_TABLE(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_REFERENCE(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_MEMORY(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_GC(name, ...) bool do_##name(const Instruction& instruction);
#define WASM_EXCEPTION(name, ...) bool do_##name(const Instruction& instruction);
#include "engine/opcodes/opcodes.def"

  const ModuleImage& module_;
  const TypeRegistry& registry_;
  const bool custom_descriptors_;  ///< enabled: references know exact types
  ValueType memory0_address_;      ///< address type of memory 0; bottom if there is none

  std::vector<ValueType> operands_;
  size_t capacity_ = 0;  ///< operands_.size()
  bool has_tail_calls_ = false;
  size_t height_ = 0;
  size_t base_ = 0;
  bool unreachable_ = false;
  std::vector<Frame> frames_;

  std::array<ValueType, kFastLocals> fast_locals_;  ///< the first ones
  uint32_t fast_local_count_ = 0;
  std::vector<LocalRange> local_ranges_;  ///< all of them, by runs
  uint64_t local_count_ = 0;
  std::vector<LocalRun> runs_;             ///< scratch of declare_locals
  bool tracks_initialization_ = false;     ///< some local is not defaultable
  std::vector<bool> initialized_;          ///< of the locals that are not; parameters are
  std::vector<uint32_t> initializations_;  ///< which ones were set since, to undo at the end of a block

  // Constant expressions only
  bool is_constant_ = false;
  uint32_t global_end_ = 0;
  std::vector<bool>* declared_ = nullptr;

  Instruction instruction_;
  bool failed_ = false;
  Error error_;
};

}  // namespace heddle::engine
