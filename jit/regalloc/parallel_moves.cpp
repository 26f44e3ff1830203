// SPDX-License-Identifier: Apache-2.0
// ParallelMoves: first whatever nobody waits for, then cycles by way of a scratch register, then what is made
// anew.
#include "jit/regalloc/parallel_moves.h"

#include <algorithm>

namespace heddle::jit::regalloc {

using x64::InsertedMove;
using x64::Location;
using x64::Register;
using x64::RegisterClass;

namespace {

constexpr Location in(Register reg) { return {reg, UINT32_MAX}; }

}  // namespace

void ParallelMoves::add(Location from, Location to, uint8_t width, RegisterClass register_class,
                        uint32_t rematerialize) {
  if (rematerialize == UINT32_MAX && from == to) return;
  moves_.push_back({from, to, width, register_class, rematerialize, false});
}

ParallelMoves::Place& ParallelMoves::place(Location location) {
  const size_t index =
      location.is_register() ? static_cast<size_t>(location.reg) : x64::kRegisterCount + location.slot;
  if (index >= places_.size()) places_.resize(std::max(index + 1, places_.size() * 2));
  return places_[index];
}

void ParallelMoves::resolve(uint32_t instruction, std::vector<InsertedMove>& moves) {
  instruction_ = instruction;
  out_ = &moves;
  if (moves_.size() == 1 && moves_.front().rematerialize == UINT32_MAX) {
    emit(moves_.front());
    moves_.clear();
    return;
  }
  for (uint32_t i = 0; i < moves_.size(); ++i) {
    if (moves_[i].rematerialize != UINT32_MAX) continue;
    place(moves_[i].to).writer = i;
    ++place(moves_[i].from).readers;
  }
  for (uint32_t i = 0; i < moves_.size(); ++i) {
    if (moves_[i].rematerialize == UINT32_MAX && place(moves_[i].to).readers == 0) ready_.push_back(i);
  }
  emit_ready();
  for (uint32_t i = 0; i < moves_.size(); ++i) {
    if (moves_[i].is_done || moves_[i].rematerialize != UINT32_MAX) continue;
    break_cycle(i);
    emit_ready();
  }
  emit_remade();
  moves_.clear();
}

void ParallelMoves::emit_ready() {
  while (!ready_.empty()) {
    Move& move = moves_[ready_.back()];
    ready_.pop_back();
    emit(move);
    move.is_done = true;
    place(move.to).writer = UINT32_MAX;
    if (move.from == in(saved_in_)) {
      saved_in_ = Register::none;
      continue;
    }
    Place& from = place(move.from);
    if (--from.readers == 0 && from.writer != UINT32_MAX) ready_.push_back(from.writer);
  }
}

/// What is left are cycles, in which each location has one reader: the one of this move's destination reads a
/// saved copy.
void ParallelMoves::break_cycle(uint32_t index) {
  const Location to = moves_[index].to;
  uint32_t reader = index;
  while (!(moves_[reader].from == to)) reader = place(moves_[reader].from).writer;
  Move& last = moves_[reader];
  saved_in_ = last.register_class == RegisterClass::vector ? x64::kVectorScratch : x64::kScratch;
  out_->push_back({instruction_, to, in(saved_in_), last.width});
  last.from = in(saved_in_);
  place(to).readers = 0;
  ready_.push_back(index);
}

void ParallelMoves::emit(const Move& move) {
  if (move.from.is_register() || move.to.is_register()) {
    out_->push_back({instruction_, move.from, move.to, move.width});
    return;
  }
  // From slot to slot by way of the scratch register that is free.
  if (move.width == 16 && saved_in_ == x64::kVectorScratch) {
    for (const uint32_t half : {0U, 1U}) {
      const Location from{Register::none, move.from.slot + half};
      const Location to{Register::none, move.to.slot + half};
      out_->push_back({instruction_, from, in(x64::kScratch), 8});
      out_->push_back({instruction_, in(x64::kScratch), to, 8});
    }
    return;
  }
  const bool by_vector = move.width == 16 || saved_in_ == x64::kScratch;
  const Location scratch = in(by_vector ? x64::kVectorScratch : x64::kScratch);
  out_->push_back({instruction_, move.from, scratch, move.width});
  out_->push_back({instruction_, scratch, move.to, move.width});
}

/// Last, because they read no location that moves could overwrite, and then both scratch registers are free.
void ParallelMoves::emit_remade() {
  for (const Move& move : moves_) {
    if (move.rematerialize == UINT32_MAX) continue;
    Location to = move.to;
    if (!to.is_register())
      to = in(move.register_class == RegisterClass::vector ? x64::kVectorScratch : x64::kScratch);
    out_->push_back({instruction_, {}, to, move.width, move.rematerialize});
    if (!(to == move.to)) out_->push_back({instruction_, to, move.to, move.width});
  }
}

}  // namespace heddle::jit::regalloc
