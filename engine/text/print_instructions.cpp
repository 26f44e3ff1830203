// SPDX-License-Identifier: Apache-2.0
// InstructionPrinter: labels, lines of a body, and constant expressions.
#include "engine/text/print_instructions.h"

namespace heddle::engine {

void LabelStack::begin_function(uint32_t function) {
  function_ = function;
  labels_seen_ = 0;
  blocks_.clear();
  by_name_.clear();
}

std::string_view LabelStack::push(Opcode opcode) {
  const std::string_view name = names_.label(function_, labels_seen_++);
  uint32_t shadowed = IdentifierMap::kAbsent;
  if (!name.empty()) {
    shadowed = by_name_.find(name);
    by_name_.set(name, static_cast<uint32_t>(blocks_.size()));
  }
  blocks_.push_back({opcode, name, shadowed});
  return name;
}

void LabelStack::pop() {
  const Block& block = blocks_.back();
  if (!block.name.empty()) by_name_.set(block.name, block.shadowed);
  blocks_.pop_back();
}

std::string_view LabelStack::name_at(uint32_t depth) const {
  if (depth >= blocks_.size()) return {};
  const size_t position = blocks_.size() - 1 - depth;
  const std::string_view name = blocks_[position].name;
  return !name.empty() && by_name_.find(name) == position ? name : std::string_view();
}

BlockStep block_step(Cursor& cursor, const Instruction& instruction, LabelStack& labels) {
  const auto inside = [&](std::initializer_list<Opcode> openers) {
    for (const Opcode opener : openers) {
      if (!labels.empty() && labels.innermost() == opener) return true;
    }
    cursor.fail_at(instruction.offset, ErrorKind::malformed,
                   "unexpected " + std::string(info(instruction.opcode).text));
    return false;
  };
  switch (instruction.opcode) {
    case Opcode::block:
    case Opcode::loop:
    case Opcode::if_:
    case Opcode::try_:
    case Opcode::try_table: return BlockStep::open;
    case Opcode::else_: return inside({Opcode::if_}), BlockStep::middle;
    case Opcode::catch_:
    case Opcode::catch_all: return inside({Opcode::try_, Opcode::catch_}), BlockStep::middle;
    case Opcode::delegate: return inside({Opcode::try_}), BlockStep::close;
    case Opcode::end: return BlockStep::close;
    default: return BlockStep::plain;
  }
}

void InstructionPrinter::begin_function(uint32_t function, uint64_t local_count) {
  function_ = function;
  local_count_ = local_count;
  labels_.begin_function(function);
}

int InstructionPrinter::branch_hint(const Instruction& instruction, uint64_t body_start) const {
  if (instruction.opcode != Opcode::if_ && instruction.opcode != Opcode::br_if) return -1;
  return names_.branch_hint(function_, static_cast<uint32_t>(instruction.offset - body_start));
}

void InstructionPrinter::function_body(Cursor& cursor, uint64_t body_start) {
  InstructionReader reader(cursor);
  Instruction next;
  bool ended = false;
  while (!ended && reader.next(next)) {
    ended = next.opcode == Opcode::end && labels_.empty();
    if (ended) break;
    if (const int hint = branch_hint(next, body_start); hint >= 0) {
      out_.line() << "(@metadata.code.branch_hint \"" << (hint == 0 ? "\\00\")" : "\\01\")");
    }
    flat_line(cursor, next);
    if (out_.full()) cursor.fail(ErrorKind::limit, kTextTooLong);
    if (cursor.failed()) return;
  }
  if (!cursor.failed() && !cursor.at_end()) cursor.fail(ErrorKind::malformed, "section size mismatch");
}

/// One instruction on its line; lines within blocks are indented.
void InstructionPrinter::flat_line(Cursor& cursor, const Instruction& next) {
  const BlockStep step = block_step(cursor, next, labels_);
  if (cursor.failed()) return;
  if (step == BlockStep::middle || step == BlockStep::close) out_.outdent();
  if (next.opcode == Opcode::delegate) labels_.pop();
  out_.line();
  instruction(next);
  after_step(step, next.opcode);
  if (step == BlockStep::open || step == BlockStep::middle) out_.indent();
}

/// Does the expression at `cursor` hold just one instruction, and no block?
bool InstructionPrinter::is_single(Cursor cursor) {
  InstructionReader reader(cursor);
  Instruction next;
  if (!reader.next(next) || info(next.opcode).immediate == Immediate::block_type ||
      info(next.opcode).immediate == Immediate::catch_list || next.opcode == Opcode::end) {
    return false;
  }
  return reader.next(next) && next.opcode == Opcode::end;
}

void InstructionPrinter::expression(Cursor& cursor, std::string_view keyword) {
  begin_function(UINT32_MAX, 0);  // no function has names for its labels
  const bool folded = is_single(cursor);
  const bool enclosed = folded || !keyword.empty();
  if (enclosed) out_ << " (" << (folded ? std::string_view() : keyword);
  InstructionReader reader(cursor);
  Instruction next;
  while (reader.next(next)) {
    if (next.opcode == Opcode::end && labels_.empty()) break;
    const BlockStep step = block_step(cursor, next, labels_);
    if (cursor.failed()) return;
    if (next.opcode == Opcode::delegate) labels_.pop();
    if (!folded) out_ << " ";
    instruction(next);
    after_step(step, next.opcode);
    if (out_.full()) return cursor.fail(ErrorKind::limit, kTextTooLong);
  }
  if (enclosed) out_ << ")";
}

/// What the instruction, now printed, changes in the stack of labels.
void InstructionPrinter::after_step(BlockStep step, Opcode opcode) {
  if (step == BlockStep::open) labels_.push(opcode);
  if (step == BlockStep::middle) labels_.innermost() = opcode;
  if (opcode == Opcode::end) labels_.pop();
}

}  // namespace heddle::engine
