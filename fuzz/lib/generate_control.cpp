// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: blocks, branches and calls.
#include <algorithm>
#include <string_view>

#include "fuzz/lib/body_generator.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {
constexpr uint8_t kEmptyBlock = 0x40;
constexpr std::string_view kLetters = "ilfdvFEXA";
}  // namespace

TypeLetter BodyGenerator::any_letter() { return kLetters[entropy_.below(kLetters.size())]; }

void BodyGenerator::block_type(const Letters& parameters, const Letters& results) {
  if (parameters.empty() && results.empty()) {
    out_.byte(kEmptyBlock);
  } else if (parameters.empty() && results.size() == 1) {
    out_.byte(code_of(results[0]));
  } else {
    out_.signed_leb(ModulePlan::number_of(plan_.type_index({parameters, results})));
  }
}

void BodyGenerator::open(Opcode opcode) {
  if (frames_.size() >= kMaxFrames) return;
  Frame frame;
  frame.kind = opcode;
  const size_t taken = std::min<size_t>(available(), entropy_.below(3));
  frame.parameters.assign(stack_.end() - static_cast<ptrdiff_t>(taken), stack_.end());
  for (uint32_t n = entropy_.below(3); n > 0; --n) frame.results.push_back(any_letter());
  frame.height = stack_.size() - taken;
  if (opcode == Opcode::if_) {
    push_value('i');
    pop(1);
  }
  out_.opcode(opcode);
  block_type(frame.parameters, frame.results);
  frames_.push_back(std::move(frame));
}

void BodyGenerator::close() {
  Frame& frame = frames_.back();
  const std::span<const TypeLetter> above(stack_.data() + frame.height, available());
  if (!std::equal(above.begin(), above.end(), frame.results.begin(), frame.results.end())) {
    for (size_t n = available(); n > 0; --n) out_.opcode(Opcode::drop);
    stack_.resize(frame.height);
    for (const TypeLetter type : frame.results) push_value(type);
  }
  if (frame.kind == Opcode::if_ && (frame.parameters != frame.results || entropy_.chance(50))) {
    out_.opcode(Opcode::else_);
    frame.kind = Opcode::else_;
    stack_.resize(frame.height);
    results(frame.parameters);
    return;
  }
  const bool is_try = frame.kind == Opcode::try_ || frame.kind == Opcode::catch_;
  if (is_try && next_arm()) return;
  out_.opcode(Opcode::end);
  frames_.pop_back();
}

void BodyGenerator::close_all_but_one() {
  while (frames_.size() > 1) close();
}

void BodyGenerator::whole_block(Opcode) {
  open(Opcode::block);
  if (frames_.back().kind == Opcode::block && frames_.size() > 1) close();
}

void BodyGenerator::whole_if(Opcode) {
  if (frames_.size() >= kMaxFrames) return;
  push_value('i');
  pop(1);
  Frame frame;
  frame.kind = Opcode::if_;
  frame.results = {'i'};
  frame.height = stack_.size();
  out_.opcode(Opcode::if_);
  block_type(frame.parameters, frame.results);
  frames_.push_back(std::move(frame));
  close();  // the types differ, so this begins the second half
  close();
}

void BodyGenerator::jumped() {
  stack_.resize(frames_.back().height);
  if (frames_.size() > 1 && entropy_.chance(80)) close();
}

void BodyGenerator::unreachable(Opcode opcode) {
  // Near a function's beginning it would only hide what follows.
  if (frames_.size() < 2 && !entropy_.empty()) return;
  out_.opcode(opcode);
  jumped();
}

void BodyGenerator::branch(Opcode opcode) {
  const uint32_t depth = entropy_.below(static_cast<uint32_t>(frames_.size()));
  if (opcode == Opcode::br && frames_.size() < 2 && !entropy_.empty()) return;
  want(frames_[frames_.size() - 1 - depth].label());
  if (opcode == Opcode::br_if) {
    push_value('i');
    pop(1);
  }
  out_.opcode(opcode);
  out_.unsigned_leb(depth);
  if (opcode == Opcode::br) jumped();
}

void BodyGenerator::branch_table(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  const auto label = [&](uint32_t depth) -> const Letters& {
    return frames_[frames_.size() - 1 - depth].label();
  };
  const uint32_t fallback = entropy_.below(static_cast<uint32_t>(frames_.size()));
  std::vector<uint32_t> alike;
  for (uint32_t depth = 0; depth < frames_.size(); ++depth) {
    if (label(depth) == label(fallback)) alike.push_back(depth);
  }
  want(label(fallback));
  push_index(false, 7);
  out_.opcode(opcode);
  const uint32_t count = entropy_.below(6);
  out_.unsigned_leb(count);
  for (uint32_t i = 0; i < count; ++i)
    out_.unsigned_leb(alike[entropy_.below(static_cast<uint32_t>(alike.size()))]);
  out_.unsigned_leb(fallback);
  jumped();
}

void BodyGenerator::branch_on_null(Opcode opcode) {
  const uint32_t depth = entropy_.below(static_cast<uint32_t>(frames_.size()));
  want(frames_[frames_.size() - 1 - depth].label());
  push_value(entropy_.chance(50) ? 'F' : 'E');
  out_.opcode(opcode);
  out_.unsigned_leb(depth);  // not taken: the reference stays, and is not null
}

void BodyGenerator::branch_on_non_null(Opcode opcode) {
  for (uint32_t depth = 0; depth < frames_.size(); ++depth) {
    Letters label = frames_[frames_.size() - 1 - depth].label();
    if (label.empty() || (label.back() != 'F' && label.back() != 'E')) continue;
    want(label);
    out_.opcode(opcode);
    out_.unsigned_leb(depth);
    pop(1);
    return;
  }
  // No label takes a reference: a block that does.
  const size_t height = stack_.size();
  out_.opcode(Opcode::block);
  block_type({}, {'F'});
  push_value('F');
  out_.opcode(opcode);
  out_.unsigned_leb(0);
  stack_.resize(height);
  push_value('F');
  out_.opcode(Opcode::end);
}

void BodyGenerator::return_from(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  want(frames_.front().results);
  out_.opcode(opcode);
  jumped();
}

void BodyGenerator::call(Opcode opcode) {
  const uint32_t callee = entropy_.below(static_cast<uint32_t>(plan_.functions.size()));
  const Signature signature = plan_.signature(callee);
  want(signature.parameters);
  out_.opcode(opcode);
  out_.unsigned_leb(callee);
  pop(signature.parameters.size());
  results(signature.results);
}

void BodyGenerator::call_indirect(Opcode opcode) {
  const uint32_t callee = entropy_.below(static_cast<uint32_t>(plan_.functions.size()));
  const Signature signature = plan_.signature(callee);
  const uint32_t table = entropy_.chance(20) ? 2 : 0;
  want(signature.parameters);
  if (entropy_.chance(70) && table == 0) {
    out_.opcode(Opcode::i32_const);
    out_.signed_leb(callee + 1);  // where the active segment put it
    push('i');
  } else {
    push_index(ModulePlan::kTables[table].is_64, 15);
  }
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::number_of(plan_.functions[callee]));
  out_.unsigned_leb(table);
  pop(signature.parameters.size() + 1);
  results(signature.results);
}

void BodyGenerator::call_reference(Opcode opcode) {
  const uint32_t callee = entropy_.below(static_cast<uint32_t>(plan_.functions.size()));
  const Signature signature = plan_.signature(callee);
  want(signature.parameters);
  if (entropy_.chance(90)) {
    out_.opcode(Opcode::ref_func);
    out_.unsigned_leb(callee);
  } else {
    out_.opcode(Opcode::ref_null);
    out_.signed_leb(ModulePlan::number_of(plan_.functions[callee]));
  }
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::number_of(plan_.functions[callee]));
  pop(signature.parameters.size());
  results(signature.results);
}

uint32_t BodyGenerator::callee_with_own_results() {
  const Letters& own = frames_.front().results;
  const auto count = static_cast<uint32_t>(plan_.functions.size());
  const uint32_t start = entropy_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t callee = (start + i) % count;
    if (plan_.signature(callee).results == own) return callee;
  }
  return function_;
}

void BodyGenerator::return_call(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  const uint32_t callee = callee_with_own_results();
  want(plan_.signature(callee).parameters);
  out_.opcode(opcode);
  out_.unsigned_leb(callee);
  jumped();
}

void BodyGenerator::return_call_indirect(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  const uint32_t callee = callee_with_own_results();
  want(plan_.signature(callee).parameters);
  out_.opcode(Opcode::i32_const);
  out_.signed_leb(callee + 1);
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::number_of(plan_.functions[callee]));
  out_.unsigned_leb(0);
  jumped();
}

void BodyGenerator::return_call_reference(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  const uint32_t callee = callee_with_own_results();
  want(plan_.signature(callee).parameters);
  out_.opcode(Opcode::ref_func);
  out_.unsigned_leb(callee);
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::number_of(plan_.functions[callee]));
  jumped();
}

}  // namespace heddle::fuzz
