// SPDX-License-Identifier: Apache-2.0
// ParallelMoves: turns moves that happen at once into moves that happen one after the other.
//
// Uses kScratch and kVectorScratch, and writes no flags. Linear in the number of moves; keeps its memory.
#pragma once

#include <cstdint>
#include <vector>

#include "jit/x64/machine.h"

namespace heddle::jit::regalloc {

class ParallelMoves {
 public:
  /// Every destination at most once. Slots of 16 bytes and slots of 8 never overlap. Of a value that is made
  /// anew
  /// (`rematerialize` names the instruction), `from` is ignored.
  void add(x64::Location from, x64::Location to, uint8_t width, x64::RegisterClass register_class,
           uint32_t rematerialize = UINT32_MAX);

  /// Appends what was added since the last call, as moves before `instruction`.
  void resolve(uint32_t instruction, std::vector<x64::InsertedMove>& moves);

 private:
  struct Move {
    x64::Location from;
    x64::Location to;
    uint8_t width;
    x64::RegisterClass register_class;
    uint32_t rematerialize;
    bool is_done;
  };
  /// What is known of a location while moves are put in order.
  struct Place {
    uint32_t writer = UINT32_MAX;  ///< the move that goes here
    uint32_t readers = 0;          ///< moves that still read it
  };

  [[nodiscard]] Place& place(x64::Location location);
  void emit_ready();
  void break_cycle(uint32_t index);
  void emit(const Move& move);
  void emit_remade();

  std::vector<Move> moves_;
  std::vector<Place> places_;
  std::vector<uint32_t> ready_;
  x64::Register saved_in_ = x64::Register::none;  ///< the scratch register that holds a value of a cycle
  uint32_t instruction_ = 0;
  std::vector<x64::InsertedMove>* out_ = nullptr;
};

}  // namespace heddle::jit::regalloc
