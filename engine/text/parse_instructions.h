// SPDX-License-Identifier: Apache-2.0
// InstructionParser: instruction sequences, flat and folded, to bytecode, with an explicit stack of open
// forms.
//
// A folded instruction is emitted behind its operands, so its bytes wait in a side buffer until its
// parenthesis closes. Nesting costs a frame on the heap each, never native stack. (Spec 6.5)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/opcodes/opcode.h"
#include "engine/text/module_state.h"
#include "engine/text/parse_types.h"

namespace heddle::engine {

class InstructionParser {
 public:
  InstructionParser(ModuleState& module, TokenStream& tokens, TypeParser& types)
      : module_(module), tokens_(tokens), types_(types) {}

  /// Begins a function: forgets the locals of the one before.
  void begin_function(uint32_t index);
  /// Gives local `index` of the function its name. Fails if another one has its identifier.
  void define_local(const Binding& binding, uint32_t index);
  /// The instructions up to the function's closing parenthesis, which stays, and the end opcode. Hints are
  /// recorded relative to the beginning of `out`, which holds the function's locals.
  void function_body(ByteWriter& out);

  /// A constant expression: instr*, up to a closing parenthesis, which stays.
  void expression(ByteWriter& out);
  /// A constant expression of one folded instruction.
  void folded_expression(ByteWriter& out);

 private:
  /// What a form is waiting for.
  enum class FrameKind : uint8_t {
    body,  // instr*, until ')' of whatever contains it
    block,
    if_,
    else_,
    try_,
    catch_,
    catch_all,  // flat: instr*, until `end` (or else, catch, ...)
    folded_block,
    folded_then,
    folded_else,
    folded_do,
    folded_catch,  // instr*, until ')'
    condition,     // folded instr*, then (then
    operands,      // folded instr*, until ')'
    after_then,
    after_else,
    before_do,
    after_do,  // clauses of a folded if or try
  };
  struct Frame {
    FrameKind kind;
    bool has_label = false;
    bool has_catch = false;    ///< after_do: delegate may not follow
    bool last_clause = false;  ///< after_do: catch_all or delegate was there
    int16_t hint = -1;         ///< of the waiting instruction
    uint32_t waiting = 0;      ///< where its bytes begin in waiting_
    std::string_view label;    ///< condition, before_do: what the label will be
    Token where;
  };
  struct Label {
    std::string_view id;
    uint32_t shadowed;  ///< the outer label of that name, or kAbsent
  };
  using ImmediateParser = void (InstructionParser::*)(Opcode, ByteWriter&);
  static const ImmediateParser kImmediateParsers[];

  void run(ByteWriter& out);
  void step();
  void sequence(FrameKind kind);
  void operand();
  void clause(FrameKind kind);
  void close();
  void flat();
  void flat_block(Opcode opcode, const Token& where);
  void flat_else(const Token& where);
  void flat_end(const Token& where);
  void flat_catch(Opcode opcode, const Token& where);
  void flat_delegate(const Token& where);
  void check_label(const Token& where);
  void fold();
  void folded_if(const Token& where);
  void folded_try(const Token& where);
  void folded_clause(Opcode opcode);

  Frame& push(FrameKind kind, const Token& where);
  void pop();
  void push_label(std::string_view id);
  void pop_label();
  std::string_view parse_label_binding();
  void emit(Opcode opcode) { out_->opcode(opcode); }
  void emit_waiting(const Frame& frame);
  void take_hint();
  void use_hint(Opcode opcode, const Token& where, Frame* frame);
  void record_hint(uint8_t likely);

  void instruction(Opcode opcode, ByteWriter& out);
  uint32_t label();
  void none(Opcode opcode, ByteWriter& out);
  void label_immediate(Opcode opcode, ByteWriter& out);
  void label_table(Opcode opcode, ByteWriter& out);
  void label_cast(Opcode opcode, ByteWriter& out);
  void catch_list(Opcode opcode, ByteWriter& out);
  void block_type(Opcode opcode, ByteWriter& out);
  template <Space kSpace>
  void index(Opcode opcode, ByteWriter& out);
  template <Space kSpace>
  void optional_index(Opcode opcode, ByteWriter& out);
  template <Space kSpace>
  void type_and(Opcode opcode, ByteWriter& out);
  template <Space kSpace>
  void two_indices(Opcode opcode, ByteWriter& out);
  template <Space kSegment, Space kTarget>
  void segment_and(Opcode opcode, ByteWriter& out);
  void type_table(Opcode opcode, ByteWriter& out);
  void type_field(Opcode opcode, ByteWriter& out);
  void type_count(Opcode opcode, ByteWriter& out);
  void local(Opcode opcode, ByteWriter& out);
  void memory_argument(Opcode opcode, ByteWriter& out);
  void memory_argument_lane(Opcode opcode, ByteWriter& out);
  void memory_fields(Opcode opcode, uint32_t memory, ByteWriter& out);
  void lane(Opcode opcode, ByteWriter& out);
  void shuffle(Opcode opcode, ByteWriter& out);
  void i32_constant(Opcode opcode, ByteWriter& out);
  void i64_constant(Opcode opcode, ByteWriter& out);
  void f32_constant(Opcode opcode, ByteWriter& out);
  void f64_constant(Opcode opcode, ByteWriter& out);
  void v128_constant(Opcode opcode, ByteWriter& out);
  void select_types(Opcode opcode, ByteWriter& out);
  void heap_type(Opcode opcode, ByteWriter& out);
  void fence(Opcode opcode, ByteWriter& out);

  ModuleState& module_;
  TokenStream& tokens_;
  TypeParser& types_;

  ByteWriter* out_ = nullptr;
  ByteWriter waiting_;
  std::vector<Frame> frames_;
  std::vector<Label> labels_;
  IdentifierMap label_ids_;
  IdentifierMap local_ids_;
  bool in_function_ = false;
  uint32_t function_ = 0;
  uint32_t labels_seen_ = 0;  ///< labels of this function, in the order of their opcodes
  int16_t hint_ = -1;         ///< a branch hint for the next instruction
};

}  // namespace heddle::engine
