// SPDX-License-Identifier: Apache-2.0
// InstructionPrinter: bytecode as text, flat or folded, with labels by name where they have one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/binary/instruction_reader.h"
#include "engine/text/identifier_map.h"
#include "engine/text/module_names.h"
#include "engine/text/print_types.h"
#include "engine/text/text_writer.h"

namespace heddle::engine {

/// The open blocks of a body: their kinds, to see that the instructions nest, and their labels.
class LabelStack {
 public:
  explicit LabelStack(const ModuleNames& names) : names_(names) {}

  void begin_function(uint32_t function);
  /// Opens a block and returns its identifier, or nothing.
  std::string_view push(Opcode opcode);
  void pop();
  /// The identifier that the next push() will return.
  [[nodiscard]] std::string_view next_name() const { return names_.label(function_, labels_seen_); }
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] size_t depth() const { return blocks_.size(); }
  /// What opened, or last continued, the innermost block: block, if, else, catch ...
  Opcode& innermost() { return blocks_.back().opcode; }
  [[nodiscard]] std::string_view innermost_name() const { return blocks_.back().name; }
  /// The identifier that means the label at this depth, or nothing.
  [[nodiscard]] std::string_view name_at(uint32_t depth) const;

 private:
  struct Block {
    Opcode opcode;
    std::string_view name;
    uint32_t shadowed;
  };
  const ModuleNames& names_;
  std::vector<Block> blocks_;
  IdentifierMap by_name_;
  uint32_t function_ = 0;
  uint32_t labels_seen_ = 0;
};

/// What one instruction does to the stack of open blocks; shared by the flat and the folded printer.
enum class BlockStep : uint8_t { plain, open, middle, close };

class InstructionPrinter {
 public:
  InstructionPrinter(const ModuleNames& names, TypePrinter& types, TextWriter& out)
      : names_(names), types_(types), out_(out), labels_(names) {}

  /// Begins a function; its locals, parameters included, may be called by their names.
  void begin_function(uint32_t function, uint64_t local_count);
  /// The instructions of the function's body, a line each, up to the end of the cursor. `body_start` is the
  /// offset of the body, to which branch hints are relative.
  void function_body(Cursor& cursor, uint64_t body_start);
  /// A constant expression: " (i32.const 0)", or " (keyword instructions)" if it is not just one instruction.
  /// Without a keyword, the instructions stand bare.
  void expression(Cursor& cursor, std::string_view keyword);

  /// Opcode and immediates. Labels are as the label stack has them now.
  void instruction(const Instruction& instruction);

  LabelStack& labels() { return labels_; }
  TypePrinter& types() { return types_; }
  /// (@metadata.code.branch_hint ...), if there is a hint for this instruction.
  [[nodiscard]] int branch_hint(const Instruction& instruction, uint64_t body_start) const;

 private:
  using ImmediatePrinter = void (InstructionPrinter::*)(const Instruction&);
  static const ImmediatePrinter kImmediatePrinters[];

  static bool is_single(Cursor cursor);
  void after_step(BlockStep step, Opcode opcode);
  void flat_line(Cursor& cursor, const Instruction& instruction);

  void none(const Instruction&) {}
  void block_type(const Instruction& instruction);
  void catch_list(const Instruction& instruction);
  void label(uint32_t depth);
  void label_immediate(const Instruction& instruction);
  void label_table(const Instruction& instruction);
  void label_cast(const Instruction& instruction);
  template <Space kSpace>
  void index(const Instruction& instruction);
  template <Space kSpace>
  void target_index(const Instruction& instruction);
  template <Space kSpace>
  void two_indices(const Instruction& instruction);
  template <Space kSpace>
  void type_and(const Instruction& instruction);
  template <Space kSegment, Space kTarget>
  void segment_and(const Instruction& instruction);
  void type_table(const Instruction& instruction);
  void type_field(const Instruction& instruction);
  void type_count(const Instruction& instruction);
  void local(const Instruction& instruction);
  void memory_argument(const Instruction& instruction);
  void memory_argument_lane(const Instruction& instruction);
  void lane(const Instruction& instruction);
  void shuffle(const Instruction& instruction);
  void i32_constant(const Instruction& instruction);
  void i64_constant(const Instruction& instruction);
  void f32_constant(const Instruction& instruction);
  void f64_constant(const Instruction& instruction);
  void v128_constant(const Instruction& instruction);
  void select_types(const Instruction& instruction);
  void heap_type(const Instruction& instruction);
  void name_or_number(Space space, uint32_t index);

  const ModuleNames& names_;
  TypePrinter& types_;
  TextWriter& out_;
  LabelStack labels_;
  uint32_t function_ = 0;
  uint64_t local_count_ = 0;
};

/// Checks that `instruction` nests properly; fails the cursor otherwise. Does not change the stack.
[[nodiscard]] BlockStep block_step(Cursor& cursor, const Instruction& instruction, LabelStack& labels);

}  // namespace heddle::engine
