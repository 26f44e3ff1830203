// SPDX-License-Identifier: Apache-2.0
// FoldedPrinter: bodies as folded expressions, by building each function's tree and printing it without
// recursion.
//
// Folding never changes what is assembled: an instruction may enclose any instructions that stand right
// before it. How many values each takes and leaves only decides which ones it does enclose, so a wrong guess
// costs beauty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/text/print_instructions.h"

namespace heddle::engine {

/// What the printer knows of functions and tags, by index: their types' indices.
struct IndexTypes {
  std::vector<uint32_t> functions;
  std::vector<uint32_t> tags;
};

class FoldedPrinter {
 public:
  FoldedPrinter(InstructionPrinter& instructions, TextWriter& out, const IndexTypes& indices)
      : instructions_(instructions), out_(out), indices_(indices) {}

  /// Like InstructionPrinter::function_body(), whose begin_function() has been called.
  void function_body(Cursor& cursor, uint32_t function, uint64_t body_start);

 private:
  /// A form "(head child ...)".
  struct Node {
    std::string head;
    uint32_t first_child = 0;  ///< into children_
    uint32_t child_count = 0;
    uint32_t leaves = 0;  ///< how many values
    uint32_t width = 0;   ///< on one line; kWide if it must not be on one
    int hint = -1;
  };
  /// A block that is not closed yet.
  struct Open {
    Node form;
    std::vector<uint32_t> parts;  ///< finished children of the form
    size_t first_pending = 0;     ///< of the nodes that belong to the current clause
    std::string clause;           ///< "then", "else", "do", "catch 0"; empty for a form without clauses
    uint64_t label_arity = 0;     ///< values that a branch to it takes
  };
  struct Arity {
    uint64_t takes = 0;
    uint64_t leaves = 0;
  };
  static constexpr uint32_t kWide = 1000;

  void step(Cursor& cursor, const Instruction& next, uint64_t body_start);
  void open_block(const Instruction& next, int hint);
  void begin_clause(const Instruction& next);
  void close_block(const Instruction& next);
  void end_clause(Open& block);
  uint32_t add(Node node, const std::vector<uint32_t>& children);
  std::string take_head(const Instruction& next);
  std::vector<uint32_t> take_operands(uint64_t count, size_t least);
  [[nodiscard]] size_t first_pending() const { return open_.empty() ? 0 : open_.back().first_pending; }

  [[nodiscard]] Arity arity(const Instruction& next);
  [[nodiscard]] Arity signature_arity(uint32_t type);
  [[nodiscard]] Arity block_arity(const BlockType& type);
  [[nodiscard]] uint64_t branch_arity(uint32_t depth) const;

  void print_all();
  void print_node_start(const Node& node, bool inline_here);

  InstructionPrinter& instructions_;
  TextWriter& out_;
  const IndexTypes& indices_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> children_;
  std::vector<uint32_t> pending_;  ///< nodes that nothing encloses yet, of all open blocks
  std::vector<Open> open_;
  uint64_t heads_size_ = 0;    ///< of this function's nodes
  uint64_t result_count_ = 0;  ///< of the function
};

}  // namespace heddle::engine
