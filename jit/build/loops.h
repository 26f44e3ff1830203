// SPDX-License-Identifier: Apache-2.0
// Loops of a function body: where they are, and which locals they assign.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/module/module.h"

namespace heddle::jit {

/// [begin, end): module offsets of a `loop` and of its `end`.
struct LoopRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t first_local = 0, local_count = 0;  ///< in Loops::locals
  bool assigns_any = false;  ///< the list would be longer than the input justifies: assume every local
};

struct Loops {
  std::vector<LoopRange> ranges;  ///< in the order in which they begin
  std::vector<uint32_t> locals;

  /// Forgets all, but keeps the memory for the next function, whose body is of so many bytes.
  void reset(size_t body_bytes);
  /// Adds the loop whose `loop` stands at `begin`, and those inside. `body`: behind that instruction. In time
  /// linear in the loop, but for sorting. REQUIRES: the body is valid; nothing that begins later is known.
  void add_nest(engine::Cursor body, uint64_t begin);
  /// Adds those of a body, from behind its locals on.
  void add_all(engine::Cursor body);

  /// Is the loop at this offset known? REQUIRES: so is each that encloses it.
  [[nodiscard]] bool has(uint64_t begin) const { return begin < known_; }
  /// REQUIRES: has().
  [[nodiscard]] const LoopRange& at(uint64_t begin) const;
  /// Those assigned anywhere inside, ascending.
  [[nodiscard]] std::span<const uint32_t> locals_of(const LoopRange& loop) const {
    return std::span(locals).subspan(loop.first_local, loop.local_count);
  }

 private:
  static constexpr size_t kNoLoop = SIZE_MAX;
  struct OpenBlock {
    size_t loop = kNoLoop;  ///< which it is
    size_t assigned = 0;    ///< locals assigned before it
  };

  void open_loop(uint64_t begin);
  void close_loop(const OpenBlock& block, uint64_t end);
  void list_locals(size_t before, LoopRange& loop);
  void walk(engine::Cursor& body);

  size_t most_listed_ = 0;
  uint64_t known_ = 0;  ///< up to which offset
  // Scratch.
  std::vector<OpenBlock> open_;
  std::vector<uint32_t> assigned_;  ///< by the innermost open loop, and by those around it
};

/// Of a whole function. REQUIRES: the body is valid.
[[nodiscard]] Loops find_loops(const engine::ModuleImage& module, uint32_t function);

/// The innermost loop around an instruction.
[[nodiscard]] std::optional<LoopRange> innermost_loop(const engine::ModuleImage& module, uint32_t function,
                                                      uint64_t offset);

}  // namespace heddle::jit
