// SPDX-License-Identifier: Apache-2.0
// FoldedPrinter: builds the tree of a body and prints it with an explicit stack.
#include "engine/text/print_folded.h"

#include <algorithm>
#include <utility>

namespace heddle::engine {

void FoldedPrinter::function_body(Cursor& cursor, uint32_t function, uint64_t body_start) {
  nodes_.clear();
  children_.clear();
  pending_.clear();
  open_.clear();
  heads_size_ = 0;
  result_count_ =
      function < indices_.functions.size() ? signature_arity(indices_.functions[function]).leaves : 0;
  InstructionReader reader(cursor);
  Instruction next;
  while (reader.next(next)) {
    if (next.opcode == Opcode::end && open_.empty()) break;
    step(cursor, next, body_start);
    if (out_.full(heads_size_)) cursor.fail(ErrorKind::limit, kTextTooLong);
    if (cursor.failed()) return;
  }
  if (!cursor.failed() && !cursor.at_end()) cursor.fail(ErrorKind::malformed, "section size mismatch");
  if (!cursor.failed()) print_all();
}

void FoldedPrinter::step(Cursor& cursor, const Instruction& next, uint64_t body_start) {
  const BlockStep step = block_step(cursor, next, instructions_.labels());
  if (cursor.failed()) return;
  const int hint = instructions_.branch_hint(next, body_start);
  switch (step) {
    case BlockStep::open: return open_block(next, hint);
    case BlockStep::middle: return begin_clause(next);
    case BlockStep::close: return close_block(next);
    case BlockStep::plain: break;
  }
  const Arity values = arity(next);
  Node node;
  node.head = take_head(next);
  node.leaves = static_cast<uint32_t>(std::min<uint64_t>(values.leaves, UINT32_MAX));
  node.hint = hint;
  const std::vector<uint32_t> operands = take_operands(values.takes, first_pending());
  pending_.push_back(add(std::move(node), operands));
}

/// The text of the instruction without parentheses; it goes through the writer and is taken back out.
std::string FoldedPrinter::take_head(const Instruction& next) {
  const size_t mark = out_.size();
  instructions_.instruction(next);
  heads_size_ += out_.size() - mark;
  return out_.cut(mark);
}

/// Takes the last pending nodes, as long as each leaves one value, until they make `count` operands.
std::vector<uint32_t> FoldedPrinter::take_operands(uint64_t count, size_t least) {
  size_t begin = pending_.size();
  while (begin > least && pending_.size() - begin < count && nodes_[pending_[begin - 1]].leaves == 1) --begin;
  std::vector<uint32_t> operands(pending_.begin() + static_cast<ptrdiff_t>(begin), pending_.end());
  pending_.resize(begin);
  return operands;
}

uint32_t FoldedPrinter::add(Node node, const std::vector<uint32_t>& children) {
  node.first_child = static_cast<uint32_t>(children_.size());
  node.child_count = static_cast<uint32_t>(children.size());
  uint64_t width = node.width + node.head.size() + 2;
  if (node.hint >= 0) width = kWide;
  for (const uint32_t child : children) width += 1 + nodes_[child].width;
  node.width = static_cast<uint32_t>(std::min<uint64_t>(width, kWide));
  children_.insert(children_.end(), children.begin(), children.end());
  nodes_.push_back(std::move(node));
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void FoldedPrinter::open_block(const Instruction& next, int hint) {
  Open block;
  block.form.head = take_head(next);
  block.form.hint = hint;
  block.form.width = kWide;
  const Arity values = block_arity(next.block);
  block.form.leaves = static_cast<uint32_t>(std::min<uint64_t>(values.leaves, UINT32_MAX));
  block.label_arity = next.opcode == Opcode::loop ? values.takes : values.leaves;
  if (next.opcode == Opcode::if_) {
    block.parts = take_operands(1, first_pending());
    block.clause = "then";
  }
  if (next.opcode == Opcode::try_) block.clause = "do";
  block.first_pending = pending_.size();
  open_.push_back(std::move(block));
  instructions_.labels().push(next.opcode);
}

/// Makes the pending nodes of a block's current clause children of the form.
void FoldedPrinter::end_clause(Open& block) {
  const std::vector<uint32_t> body(pending_.begin() + static_cast<ptrdiff_t>(block.first_pending),
                                   pending_.end());
  pending_.resize(block.first_pending);
  if (block.clause.empty()) {
    block.parts.insert(block.parts.end(), body.begin(), body.end());
    return;
  }
  Node clause;
  clause.head = std::move(block.clause);
  clause.width = body.empty() ? 0 : kWide;
  block.parts.push_back(add(std::move(clause), body));
}

/// else, catch, catch_all
void FoldedPrinter::begin_clause(const Instruction& next) {
  Open& block = open_.back();
  end_clause(block);
  block.clause = take_head(next);
  instructions_.labels().innermost() = next.opcode;
}

/// end, delegate
void FoldedPrinter::close_block(const Instruction& next) {
  Open& block = open_.back();
  end_clause(block);
  instructions_.labels().pop();
  if (next.opcode == Opcode::delegate) {
    Node clause;
    clause.head = take_head(next);
    block.parts.push_back(add(std::move(clause), {}));
  }
  const uint32_t form = add(std::move(block.form), block.parts);
  open_.pop_back();
  pending_.push_back(form);
}

void FoldedPrinter::print_node_start(const Node& node, bool inline_here) {
  if (inline_here) {
    out_ << " (" << node.head;
    return;
  }
  if (node.hint >= 0)
    out_.line() << "(@metadata.code.branch_hint \"" << (node.hint == 0 ? "\\00\")" : "\\01\")");
  out_.line() << "(" << node.head;
}

void FoldedPrinter::print_all() {
  constexpr uint32_t kMostWidth = 80;
  struct Visit {
    uint32_t node;
    uint32_t next_child;
    bool children_inline;
  };
  std::vector<Visit> visits;
  const auto enter = [&](uint32_t index, bool inline_here) {
    const Node& node = nodes_[index];
    print_node_start(node, inline_here);
    visits.push_back({index, 0, inline_here || node.width <= kMostWidth});
    out_.indent();
  };
  for (const uint32_t root : pending_) {
    enter(root, false);
    while (!visits.empty()) {
      Visit& visit = visits.back();
      const Node& node = nodes_[visit.node];
      if (visit.next_child < node.child_count) {
        enter(children_[node.first_child + visit.next_child++], visit.children_inline);
        continue;
      }
      out_ << ")";
      out_.outdent();
      visits.pop_back();
    }
  }
}

}  // namespace heddle::engine
