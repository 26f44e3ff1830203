// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: throws, try_table, and the legacy try blocks with their arms.
#include <algorithm>

#include "fuzz/lib/body_generator.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {

using Letters = std::vector<TypeLetter>;

constexpr uint8_t kCatchTag = 0;
constexpr uint8_t kCatchEvery = 2;
constexpr uint8_t kWithReference = 1;  ///< added to one of these
constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint32_t kMostClauses = 3;

Letters values_of(uint32_t tag) {
  const std::string_view letters = ModulePlan::kTags[tag];
  return {letters.begin(), letters.end()};
}

bool is_arm(Opcode opcode) { return opcode == Opcode::catch_ || opcode == Opcode::catch_all; }

}  // namespace

/// The clauses that could lead to the labels that are open.
std::vector<BodyGenerator::Clause> BodyGenerator::possible_clauses() const {
  std::vector<Clause> clauses;
  for (uint32_t depth = 0; depth < frames_.size(); ++depth) {
    Letters label = frames_[frames_.size() - 1 - depth].label();
    const bool reference = !label.empty() && label.back() == 'X';
    if (reference) label.pop_back();
    const uint8_t with = reference ? kWithReference : 0;
    if (label.empty()) clauses.push_back({static_cast<uint8_t>(kCatchEvery + with), 0, depth});
    for (uint32_t tag = 0; tag < std::size(ModulePlan::kTags); ++tag) {
      if (label == values_of(tag)) clauses.push_back({static_cast<uint8_t>(kCatchTag + with), tag, depth});
    }
  }
  return clauses;
}

void BodyGenerator::try_table(Opcode opcode) {
  if (frames_.size() >= kMaxFrames) return;
  const std::vector<Clause> possible = possible_clauses();
  Frame frame;
  frame.kind = opcode;
  for (uint32_t n = entropy_.below(3); n > 0; --n) frame.results.push_back(any_letter());
  frame.height = stack_.size();
  out_.opcode(opcode);
  block_type(frame.parameters, frame.results);
  const uint32_t count = possible.empty() ? 0 : entropy_.below(kMostClauses + 1);
  out_.unsigned_leb(count);
  for (uint32_t i = 0; i < count; ++i) {
    const Clause& clause = possible[entropy_.below(static_cast<uint32_t>(possible.size()))];
    out_.byte(clause.kind);
    if (clause.kind < kCatchEvery) out_.unsigned_leb(clause.tag);
    out_.unsigned_leb(clause.depth);
  }
  frames_.push_back(std::move(frame));
}

void BodyGenerator::throw_tag(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  const uint32_t tag = entropy_.below(std::size(ModulePlan::kTags));
  want(values_of(tag));
  out_.opcode(opcode);
  out_.unsigned_leb(tag);
  jumped();
}

void BodyGenerator::throw_reference(Opcode opcode) {
  if (frames_.size() < 2 && !entropy_.empty()) return;
  want({'X'});
  out_.opcode(opcode);
  jumped();
}

/// Throws in a try_table and keeps what was caught, so that there are exceptions to refer to.
void BodyGenerator::caught_reference() {
  // Not the last tag, which carries a reference again.
  const uint32_t tag = entropy_.below(std::size(ModulePlan::kTags) - 1);
  out_.opcode(Opcode::block);
  out_.byte(code_of('X'));
  out_.opcode(Opcode::try_table);
  out_.byte(kEmptyBlock);
  out_.unsigned_leb(1);
  out_.byte(kCatchEvery + kWithReference);
  out_.unsigned_leb(0);
  const size_t height = stack_.size();
  for (const TypeLetter letter : values_of(tag)) push_value(letter);
  stack_.resize(height);
  out_.opcode(Opcode::throw_);
  out_.unsigned_leb(tag);
  out_.opcode(Opcode::end);
  out_.opcode(Opcode::unreachable);
  out_.opcode(Opcode::end);
  push('X');
}

// Legacy.

/// Ends the body or an arm of a legacy try block by beginning another arm, or by delegate. False: by end.
bool BodyGenerator::next_arm() {
  Frame& frame = frames_.back();
  if (frame.kind == Opcode::try_ && entropy_.chance(20)) {
    out_.opcode(Opcode::delegate);
    out_.unsigned_leb(entropy_.below(static_cast<uint32_t>(frames_.size() - 1)));
    frames_.pop_back();
    return true;
  }
  if (frame.kind == Opcode::catch_all || !entropy_.chance(70)) return false;
  const bool every = entropy_.chance(40);
  const uint32_t tag = entropy_.below(std::size(ModulePlan::kTags));
  begin_arm(every ? Opcode::catch_all : Opcode::catch_, tag);
  return true;
}

void BodyGenerator::begin_arm(Opcode opcode, uint32_t tag) {
  Frame& frame = frames_.back();
  stack_.resize(frame.height);
  frame.kind = opcode;
  out_.opcode(opcode);
  if (opcode == Opcode::catch_all) return;
  out_.unsigned_leb(tag);
  results(values_of(tag));
}

/// A try block that throws, with one arm or delegating to the block around it.
void BodyGenerator::whole_try(Opcode opcode) {
  if (frames_.size() >= kMaxFrames) return;
  Frame frame;
  frame.kind = Opcode::try_;
  frame.height = stack_.size();
  out_.opcode(Opcode::try_);
  out_.byte(kEmptyBlock);
  frames_.push_back(frame);
  const uint32_t tag = entropy_.below(std::size(ModulePlan::kTags));
  for (const TypeLetter letter : values_of(tag)) push_value(letter);
  out_.opcode(Opcode::throw_);
  out_.unsigned_leb(tag);
  stack_.resize(frame.height);
  if (opcode == Opcode::delegate) {
    out_.opcode(opcode);
    out_.unsigned_leb(0);
    frames_.pop_back();
    return;
  }
  begin_arm(opcode, tag);
}

void BodyGenerator::rethrow(Opcode opcode) {
  std::vector<uint32_t> arms;
  const auto find_arms = [&] {
    for (uint32_t depth = 0; depth < frames_.size(); ++depth) {
      if (is_arm(frames_[frames_.size() - 1 - depth].kind)) arms.push_back(depth);
    }
  };
  find_arms();
  if (arms.empty()) {
    if (frames_.size() < 2 && !entropy_.empty()) return;
    whole_try(Opcode::catch_all);
    find_arms();
  }
  if (arms.empty()) return;
  out_.opcode(opcode);
  out_.unsigned_leb(arms[entropy_.below(static_cast<uint32_t>(arms.size()))]);
  jumped();
}

}  // namespace heddle::fuzz
