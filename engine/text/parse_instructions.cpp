// SPDX-License-Identifier: Apache-2.0
// InstructionParser: the stack of open forms; blocks, folded instructions, labels and branch hints.
#include "engine/text/parse_instructions.h"

namespace heddle::engine {

void InstructionParser::begin_function(uint32_t index) {
  function_ = index;
  labels_seen_ = 0;
  local_ids_.clear();
}

void InstructionParser::define_local(const Binding& binding, uint32_t index) {
  if (!binding.name.empty()) module_.local_names.push_back({function_, index, binding.name});
  if (binding.id.empty()) return;
  if (local_ids_.find(binding.id) != IdentifierMap::kAbsent) {
    tokens_.fail(binding.where, "duplicate local $" + std::string(binding.id));
  }
  local_ids_.set(binding.id, index);
}

void InstructionParser::function_body(ByteWriter& out) {
  in_function_ = true;
  expression(out);
  in_function_ = false;
}

void InstructionParser::expression(ByteWriter& out) {
  push(FrameKind::body, tokens_.peek());
  run(out);
}

void InstructionParser::folded_expression(ByteWriter& out) {
  if (!tokens_.at(TokenKind::left_paren)) return tokens_.unexpected(tokens_.peek());
  out_ = &out;
  fold();
  run(out);
}

/// Works until every form is closed, and ends the expression.
void InstructionParser::run(ByteWriter& out) {
  out_ = &out;
  while (!frames_.empty() && !tokens_.failed()) step();
  frames_.clear();
  labels_.clear();
  label_ids_.clear();
  waiting_.clear();
  if (hint_ >= 0 && !tokens_.failed()) {
    tokens_.fail(tokens_.peek(), "@metadata.code.branch_hint annotation: invalid target", ErrorKind::invalid);
  }
  hint_ = -1;
  emit(Opcode::end);
}

void InstructionParser::step() {
  tokens_.peek();
  if (tokens_.lexer().has_annotations()) take_hint();
  const FrameKind kind = frames_.back().kind;
  if (kind <= FrameKind::folded_catch) return sequence(kind);
  if (kind <= FrameKind::operands) return operand();
  clause(kind);
}

/// In a frame that holds any instructions.
void InstructionParser::sequence(FrameKind kind) {
  const Token& token = tokens_.peek();
  if (token.is(TokenKind::keyword)) return flat();
  if (token.is(TokenKind::left_paren)) return fold();
  const bool is_flat_block = kind >= FrameKind::block && kind <= FrameKind::catch_all;
  if (!token.is(TokenKind::right_paren) || is_flat_block) return tokens_.unexpected(token);
  if (kind == FrameKind::body) return pop();
  tokens_.next();
  close();
}

/// In a frame that holds folded instructions only.
void InstructionParser::operand() {
  const Frame& frame = frames_.back();
  if (tokens_.at(TokenKind::left_paren)) {
    if (frame.kind != FrameKind::condition || !tokens_.at_open("then")) return fold();
    const Token where = tokens_.next();
    tokens_.next();
    emit_waiting(frame);
    push_label(frame.label);
    frames_.back().has_label = true;
    frames_.back().kind = FrameKind::after_then;
    push(FrameKind::folded_then, where);
    return;
  }
  if (frame.kind == FrameKind::condition || !tokens_.at(TokenKind::right_paren)) {
    return tokens_.unexpected(tokens_.peek());
  }
  tokens_.next();
  emit_waiting(frame);
  pop();
}

/// Between the clauses of a folded if or try.
void InstructionParser::clause(FrameKind kind) {
  if (kind == FrameKind::after_then && tokens_.at_open("else")) {
    tokens_.next();
    const Token where = tokens_.next();
    emit(Opcode::else_);
    frames_.back().kind = FrameKind::after_else;
    push(FrameKind::folded_else, where);
    return;
  }
  if (kind == FrameKind::before_do) {
    tokens_.expect_open("do");
    frames_.back().kind = FrameKind::after_do;
    push(FrameKind::folded_do, tokens_.peek());
    return;
  }
  if (kind == FrameKind::after_do && !frames_.back().last_clause && tokens_.at(TokenKind::left_paren)) {
    if (tokens_.at_open("catch")) return folded_clause(Opcode::catch_);
    if (tokens_.at_open("catch_all")) return folded_clause(Opcode::catch_all);
    if (!frames_.back().has_catch && tokens_.at_open("delegate")) return folded_clause(Opcode::delegate);
  }
  const Token token = tokens_.next();
  if (!token.is(TokenKind::right_paren)) return tokens_.unexpected(token);
  if (frames_.back().has_label) emit(Opcode::end);
  pop();
}

/// Behind the ')' of a sequence in parentheses.
void InstructionParser::close() {
  if (frames_.back().kind == FrameKind::folded_block) emit(Opcode::end);
  pop();
}

void InstructionParser::flat() {
  const Token token = tokens_.next();
  const uint16_t row = find_opcode(token.text);
  if (row == kNoOpcode || tokens_.failed()) return tokens_.unexpected(token);
  const auto opcode = static_cast<Opcode>(row);
  use_hint(opcode, token, nullptr);
  switch (opcode) {
    case Opcode::block:
    case Opcode::loop:
    case Opcode::if_:
    case Opcode::try_:
    case Opcode::try_table: return flat_block(opcode, token);
    case Opcode::else_: return flat_else(token);
    case Opcode::end: return flat_end(token);
    case Opcode::catch_:
    case Opcode::catch_all: return flat_catch(opcode, token);
    case Opcode::delegate: return flat_delegate(token);
    default: return instruction(opcode, *out_);
  }
}

void InstructionParser::flat_block(Opcode opcode, const Token& where) {
  const std::string_view id = parse_label_binding();
  instruction(opcode, *out_);
  const FrameKind kind = opcode == Opcode::if_    ? FrameKind::if_
                         : opcode == Opcode::try_ ? FrameKind::try_
                                                  : FrameKind::block;
  push(kind, where).has_label = true;
  push_label(id);
}

void InstructionParser::flat_else(const Token& where) {
  if (frames_.back().kind != FrameKind::if_) return tokens_.unexpected(where);
  check_label(where);
  emit(Opcode::else_);
  frames_.back().kind = FrameKind::else_;
}

void InstructionParser::flat_end(const Token& where) {
  const FrameKind kind = frames_.back().kind;
  if (kind < FrameKind::block || kind > FrameKind::catch_all) return tokens_.unexpected(where);
  check_label(where);
  emit(Opcode::end);
  pop();
}

void InstructionParser::flat_catch(Opcode opcode, const Token& where) {
  Frame& frame = frames_.back();
  if (frame.kind != FrameKind::try_ && frame.kind != FrameKind::catch_) return tokens_.unexpected(where);
  instruction(opcode, *out_);
  frame.kind = opcode == Opcode::catch_ ? FrameKind::catch_ : FrameKind::catch_all;
}

/// Ends a try; its label is counted from outside of it.
void InstructionParser::flat_delegate(const Token& where) {
  if (frames_.back().kind != FrameKind::try_) return tokens_.unexpected(where);
  pop();
  instruction(Opcode::delegate, *out_);
}

/// The label that may be repeated behind `else` and `end`.
void InstructionParser::check_label(const Token& where) {
  if (!tokens_.at(TokenKind::identifier)) return;
  const Token token = tokens_.next();
  if (tokens_.failed()) return;
  if (tokens_.name_of(token) != labels_.back().id) {
    tokens_.fail(token, "mismatching label " + std::string(token.text) + " of " + std::string(where.text));
  }
}

/// At '(' where a folded instruction must stand.
void InstructionParser::fold() {
  tokens_.next();
  const Token token = tokens_.next();
  const uint16_t row = token.is(TokenKind::keyword) ? find_opcode(token.text) : kNoOpcode;
  if (row == kNoOpcode || tokens_.failed()) return tokens_.unexpected(token);
  const auto opcode = static_cast<Opcode>(row);
  switch (opcode) {
    case Opcode::if_: return folded_if(token);
    case Opcode::try_: return folded_try(token);
    case Opcode::else_:
    case Opcode::end:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::delegate: return tokens_.unexpected(token);
    case Opcode::block:
    case Opcode::loop:
    case Opcode::try_table: {
      use_hint(opcode, token, nullptr);
      const std::string_view id = parse_label_binding();
      instruction(opcode, *out_);
      push(FrameKind::folded_block, token).has_label = true;
      return push_label(id);
    }
    default: break;
  }
  Frame& frame = push(FrameKind::operands, token);
  use_hint(opcode, token, &frame);
  instruction(opcode, waiting_);
  if (!tokens_.at(TokenKind::right_paren)) return;
  tokens_.next();
  emit_waiting(frames_.back());
  pop();
}

/// Behind "(if": the condition's operands come first, outside of the label.
void InstructionParser::folded_if(const Token& where) {
  Frame& frame = push(FrameKind::condition, where);
  use_hint(Opcode::if_, where, &frame);
  frame.label = parse_label_binding();
  instruction(Opcode::if_, waiting_);
}

void InstructionParser::folded_try(const Token& where) {
  use_hint(Opcode::try_, where, nullptr);
  const std::string_view id = parse_label_binding();
  instruction(Opcode::try_, *out_);
  push(FrameKind::before_do, where).has_label = true;
  push_label(id);
}

/// At "(catch", "(catch_all" or "(delegate" of a folded try.
void InstructionParser::folded_clause(Opcode opcode) {
  tokens_.next();
  const Token where = tokens_.next();
  frames_.back().last_clause = opcode != Opcode::catch_;
  frames_.back().has_catch = true;
  if (opcode == Opcode::delegate) {
    pop_label();
    frames_.back().has_label = false;  // delegate ends the try in the place of `end`
    instruction(opcode, *out_);
    return tokens_.expect_close();
  }
  instruction(opcode, *out_);
  push(FrameKind::folded_catch, where);
}

InstructionParser::Frame& InstructionParser::push(FrameKind kind, const Token& where) {
  Frame& frame = frames_.emplace_back();
  frame.kind = kind;
  frame.where = where;
  frame.waiting = static_cast<uint32_t>(waiting_.size());
  return frame;
}

void InstructionParser::pop() {
  if (frames_.back().has_label) pop_label();
  frames_.pop_back();
}

std::string_view InstructionParser::parse_label_binding() {
  if (!tokens_.at(TokenKind::identifier)) return {};
  return tokens_.name_of(tokens_.next());
}

void InstructionParser::push_label(std::string_view id) {
  uint32_t shadowed = IdentifierMap::kAbsent;
  if (!id.empty()) {
    shadowed = label_ids_.find(id);
    label_ids_.set(id, static_cast<uint32_t>(labels_.size()));
    if (in_function_) module_.label_names.push_back({function_, labels_seen_, id});
  }
  labels_.push_back({id, shadowed});
  ++labels_seen_;
}

void InstructionParser::pop_label() {
  const Label& label = labels_.back();
  if (!label.id.empty()) label_ids_.set(label.id, label.shadowed);
  labels_.pop_back();
}

/// Moves the bytes of a form's own instruction behind those of its operands.
void InstructionParser::emit_waiting(const Frame& frame) {
  if (frame.hint >= 0) record_hint(static_cast<uint8_t>(frame.hint));
  out_->append(waiting_.bytes_from(frame.waiting));
  waiting_.truncate(frame.waiting);
}

/// Takes a branch hint that stands before the next token.
void InstructionParser::take_hint() {
  const std::string name = "@metadata.code.branch_hint annotation";
  for (const Annotation& annotation : tokens_.lexer().take_annotations("metadata.code.branch_hint")) {
    if (!in_function_) return tokens_.fail(annotation.where, name + ": not in a function");
    Lexer contents = tokens_.lexer().section(annotation.begin, annotation.end, annotation.contents_line,
                                             annotation.contents_line_start);
    const Token token = contents.next();
    const std::string value = token.is(TokenKind::string) ? decode_string(token) : std::string();
    if (value != std::string(1, '\0') && value != "\1")
      return tokens_.fail(annotation.where, name + ": malformed hint");
    if (hint_ >= 0) return tokens_.fail(annotation.where, name + ": duplicate annotation");
    hint_ = value == "\1" ? 1 : 0;
  }
}

/// Hands the hint to the instruction that follows it: a waiting one, or one that is emitted now.
void InstructionParser::use_hint(Opcode opcode, const Token& where, Frame* frame) {
  if (hint_ < 0) return;
  if (opcode != Opcode::if_ && opcode != Opcode::br_if) {
    return tokens_.fail(where, "@metadata.code.branch_hint annotation: invalid target", ErrorKind::invalid);
  }
  if (frame != nullptr) {
    frame->hint = hint_;
  } else {
    record_hint(static_cast<uint8_t>(hint_));
  }
  hint_ = -1;
}

void InstructionParser::record_hint(uint8_t likely) {
  module_.branch_hints.push_back({function_, static_cast<uint32_t>(out_->size()), likely});
}

}  // namespace heddle::engine
